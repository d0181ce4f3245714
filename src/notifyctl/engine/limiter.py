"""The limiter: tells Redis what providers say of their room, and this worker how much more it may claim.

The state is shared and lives in Redis, where `admit` takes the tokens; the numbers are `domain/limit.py`'s.
"""

import asyncio
from collections import Counter

from notifyctl.domain.limit import FAST, Limit, asking, claimable
from notifyctl.domain.outcome import LATE, MISTIMED, Kind, Outcome
from notifyctl.domain.revision import Priority
from notifyctl.engine.door import Door
from notifyctl.store.attempts import Admission
from notifyctl.store.limits import News, ProviderLimits

_NOTHING = News()
DEFAULT_CLOSURE_MS = 1000  # Postmark and SES name no wait with 429; their advice is to begin with a second


class Limiter:
    """Listens to outcomes and admissions. Only what changed is passed on, so an ordinary answer costs nothing."""

    def __init__(self, limits: ProviderLimits) -> None:
        self.limits = limits
        self._known: dict[str, Limit] = {}
        self._last: dict[str, Admission] = {}
        self._lanes: dict[int, Admission] = {}
        self._told: dict[str, float] = {}
        self._waiting: Counter[int] = Counter()
        self._doors: dict[tuple[str, str], Door] = {}

    def door(self, provider: str, priority: str) -> Door:
        """The door of a provider for a priority."""
        key = provider, priority
        if key not in self._doors:
            self._doors[key] = Door(self._waiting)
        return self._doors[key]

    def open_doors(self) -> None:
        """Let everybody ask, so that each learns its turn: the worker drains."""
        for door in self._doors.values():
            door.widen(float("inf"))

    async def hear(self, provider: str, outcome: Outcome) -> int:
        """Pass on what an outcome says; returns until when the provider is closed (epoch ms, 0 = open)."""
        news = self._news(provider, outcome)
        if news == _NOTHING:
            return 0
        last = self._last.get(provider)
        rate = 1000 / last.gap if last and last.gap else None
        end = await self.limits.note(provider, news._replace(rate=rate))
        if news.limit:
            self._known[provider] = news.limit
        return end

    def admitted(self, provider: str, lane: int, admission: Admission) -> None:
        """Hear what an admission tells of the room."""
        if admission.code not in ("ok", "full"):
            return
        last = self._last.get(provider)
        self._last[provider] = self._lanes[lane] = admission
        if last is None or last.gap != admission.gap:
            self._widen(provider, admission.gap)

    def wait(self, provider: str, priority: str, now: int) -> int:
        """About how many ms a message that goes to the end of the line will wait, at least 1."""
        last = self._last.get(provider)
        if last is None:
            return 1
        round_ = max(last.following - now, last.gap)
        return int(round_ * (1 + self.door(provider, priority).length / asking(last.gap))) or 1

    def claimable(self, lane: int, now: int) -> float:
        """How many more jobs of a lane this worker may take; `now` in epoch ms."""
        last = self._lanes.get(lane)
        if last is None:
            return float("inf")
        return claimable(last.gap, self._waiting[lane], last.free_at, last.now, now)

    def _widen(self, provider: str, gap: float) -> None:
        for priority in Priority:
            self.door(provider, priority).widen(asking(gap))

    def _news(self, provider: str, outcome: Outcome) -> News:
        closed = closure(outcome)
        limit = limit_of(outcome)
        known = self._known.get(provider)
        verdict = "many" if closed is not None else self._praise(provider, outcome)
        news = limit != known or verdict == "good"  # the second time in case that Redis has forgotten it
        return News(closed, limit if news else None, crowded(outcome, limit), verdict)

    def _praise(self, provider: str, outcome: Outcome) -> str:
        """`good`, now and then, while a pace is tried and the provider takes what comes."""
        last, now = self._last.get(provider), asyncio.get_running_loop().time()
        if outcome.kind is not Kind.ACCEPTED or last is None or not last.trial:
            return ""
        if now < self._told.get(provider, 0) + FAST[1] / 1000:
            return ""
        self._told[provider] = now
        return "good"


def closure(outcome: Outcome) -> int | None:
    """For how many milliseconds a throttled answer closes the provider; None when it does not.

    An ambiguous one (the same key is still being worked on) concerns its message alone.
    """
    if outcome.kind is not Kind.THROTTLED or outcome.ambiguous or outcome.code in (LATE, MISTIMED):
        return None
    return outcome.retry_after_ms or DEFAULT_CLOSURE_MS


def limit_of(outcome: Outcome) -> Limit | None:
    """The limit that an answer told; None for none and for nonsense."""
    told = outcome.limits
    return Limit(told.limit, told.window_s) if told and told.limit > 0 and told.window_s > 0 else None


def crowded(outcome: Outcome, limit: Limit | None) -> int | None:
    """The calls that the window still has, when they are fewer than we ever leave: somebody else calls, too."""
    remaining = outcome.limits.remaining if outcome.limits else None
    return remaining if limit and remaining is not None and remaining < limit.calls - limit.planned else None
