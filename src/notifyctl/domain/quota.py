"""How many mails an account may send in a day or a month, when that ends, and what is kept for whom.

Policy: bulk leaves the last tenth of a quota to the others, standard the last fiftieth to critical mail. A quota is
told when its end is nearer than its renewal at the speed of the last minutes, and half of it is used or the end is
within the hour: a burst alone says nothing of a month.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from notifyctl.domain.limit import Limit

BULK_LEAVES = 0.1  # part of a quota: a day of tickets and codes is less than a tenth of a day with a newsletter
STANDARD_LEAVES = 0.02
_PARTS = (STANDARD_LEAVES, BULK_LEAVES)
MEMORY = 600_000  # ms over which the speed is measured
RENEW = 600_000  # ms after which a quota that is used up is asked about again; Amazon's advice for its own
FRESH = 3_600_000  # ms after which what was read of a quota is no news any more
TELLING = 0.5  # part of a quota from whose use on an end is told however far ahead it is
SOON = 3_600_000  # ms: an end that is told however little is used
AHEAD = 24 * 3_600_000  # ms: an end further ahead is not told when the renewal is not known


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota as its provider tells it; `resets_at` in epoch ms, 0 = unknown or rolling."""

    name: str
    limit: int
    used: int
    resets_at: int = 0

    @property
    def left(self) -> int:
        """Mails that may still be sent."""
        return max(self.limit - self.used, 0)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a provider tells of an account: the limit of its rate (None = not told) and its quotas."""

    limit: Limit | None = None
    quotas: tuple[Quota, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """A quota at a time (epoch ms), and an earlier reading of it to measure the speed by."""

    quota: Quota
    at: int
    used_before: int
    before: int

    @property
    def speed(self) -> float:
        """Mails a ms, at least 0."""
        return max(self.quota.used - self.used_before, 0) / (self.at - self.before) if self.at > self.before else 0.0

    @property
    def ends_at(self) -> int | None:
        """When it is used up at this speed (epoch ms); None when it is renewed before, or that is too far to tell."""
        if not self.quota.left:
            return self.at
        if not self.speed:
            return None
        end = self.at + round(self.quota.left / self.speed)
        if end > self.at + SOON and self.quota.used < TELLING * self.quota.limit:
            return None
        return end if end < (self.quota.resets_at or self.at + AHEAD) else None

    @property
    def kept(self) -> bool:
        """Whether only that part is left which bulk leaves to the others."""
        return self.quota.left <= BULK_LEAVES * self.quota.limit

    def telling(self, now: int) -> bool:
        """Whether a person should know: its end is near or reached, and this was read lately."""
        return now - self.at < FRESH and (self.kept or self.ends_at is not None)


def watch(quota: Quota, at: int, last: Watched | None) -> Watched:
    """The quota read at that time, compared with earlier readings of the last ten minutes."""
    if last is None or quota.used < last.used_before or quota.limit != last.quota.limit:
        return Watched(quota, at, quota.used, at)
    if at - last.before > MEMORY:
        return Watched(quota, at, last.quota.used, last.at)
    return replace(last, quota=quota, at=at)


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of all quotas: mails in all, those that standard and bulk leave, when to ask again (ms)."""

    left: int
    standard_leaves: int
    bulk_leaves: int
    renew: int


def rest(quotas: Sequence[Quota], now: int) -> Rest | None:
    """What binds each priority first, whichever quota that is, since a mail counts in all; None without a quota."""
    if not quotas:
        return None
    tightest = min(quotas, key=lambda quota: quota.left - BULK_LEAVES * quota.limit)
    renew = min(max(tightest.resets_at, now + 1), now + RENEW) if tightest.resets_at else now + RENEW
    left = min(quota.left for quota in quotas)
    standard, bulk = (min(quota.left - int(part * quota.limit) for quota in quotas) for part in _PARTS)
    return Rest(left, left - standard, left - bulk, renew)
