"""A load test: what was measured on the real engine, and whether that is good enough.

Policy (`judge`): it has failed when a message was not accepted, when the queue did not drain, or when the mean
processing latency is 500 ms or more. It is a warning when the mean's 95 % interval reaches 500 ms, or when more than
one message in twenty took longer. With fewer than 200 messages nothing is said at all. What it proves counts for 30
days of the same version, and for 183 days, a half-year, with a warning.

Processing latency is from the claim to the acceptance, by one worker's clock, for messages that one claim saw through;
queue wait is from the enqueueing to the claim, by the clock of Redis. Neither contains the other.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from notifyctl.domain.archive import Row
from notifyctl.domain.attempt import State
from notifyctl.domain.revision import Priority

SLOW = 500.0  # ms of the mean: the criterion of success
ENOUGH = 200  # messages, below which no mean is said
DAY = 24 * 3_600_000  # ms
FRESH, STALE = 30 * DAY, 183 * DAY
EMULATOR, STAGING = "emulator", "staging"
TAKEN = {State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED}
WIDE = 1.96  # standard errors on each side for 95 %; there are at least 200 measurements where it matters
SHARES: Mapping[Priority, float] = {Priority.CRITICAL: 0.1, Priority.STANDARD: 0.3, Priority.BULK: 0.6}


class Grade(StrEnum):
    """What is to be said of a load test."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    FEW = "too few"


class Spread(NamedTuple):
    """`n` measurements in ms; `low` and `high` are the 95 % interval of the mean. Of none all is None."""

    n: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class Lane(NamedTuple):
    """The messages of one priority, or of all: how many, how many were accepted, how many ended otherwise; how long
    they waited in the queue, and how long they took from there."""

    name: str
    sent: int
    accepted: int
    failed: int
    wait: Spread
    took: Spread

    @property
    def open(self) -> int:
        """Those that had not ended when the test did."""
        return self.sent - self.accepted - self.failed

    def plain(self) -> dict[str, Any]:
        """All of it as objects, texts and numbers."""
        return {**self._asdict(), "wait": self.wait._asdict(), "took": self.took._asdict()}


@dataclass(frozen=True)
class About:
    """What a record says beside the figures: `at` epoch ms, by a version of notifyctl with a set-up, `against` the
    emulator or a staging set-up."""

    at: int
    by: str
    version: str
    setup: str
    against: str
    pace: str


@dataclass(frozen=True)
class Bench(About):
    """A load test.

    `rate` is how many were enqueued a second (0 = all at once), `workers` how many processes took them, `seconds` lie
    between the first that was enqueued and the last that ended. `providers` took so many each.
    """

    workers: int
    rate: int
    seconds: float
    providers: Mapping[str, int]
    total: Lane
    lanes: tuple[Lane, ...]

    @property
    def per_second(self) -> float:
        """Accepted messages a second, from the first enqueueing to the last end; 0 when it took no time."""
        return self.total.accepted / self.seconds if self.seconds else 0.0

    @property
    def drained(self) -> bool:
        """Whether every message ended."""
        return self.total.open == 0

    def plain(self) -> dict[str, Any]:
        """All of it as objects, texts and numbers, for the record."""
        return {**vars(self), "total": self.total.plain(), "lanes": [one.plain() for one in self.lanes]}


def judge(bench: Bench) -> Grade:
    """What is to be said of it; the policy stands above."""
    took = bench.total.took
    if not bench.drained or bench.total.failed:
        return Grade.BAD
    if took.mean is None or took.n < ENOUGH:
        return Grade.FEW
    if took.mean >= SLOW:
        return Grade.BAD
    sure = took.high is not None and took.high < SLOW and took.p95 is not None and took.p95 <= SLOW
    return Grade.GOOD if sure else Grade.DOUBTFUL


def spread(measured: Sequence[float]) -> Spread:
    """What measurements tell, to a tenth of a ms."""
    count = len(measured)
    if not count:
        return Spread(0)
    mean, ordered = statistics.fmean(measured), sorted(measured)
    off = WIDE * statistics.stdev(measured) / math.sqrt(count) if count > 1 else 0.0
    parts = [ordered[max(math.ceil(part * count), 1) - 1] for part in (0.5, 0.95, 0.99)]
    return Spread(count, *(round(value, 1) for value in (mean, max(mean - off, 0.0), mean + off, *parts)))


def lane(name: str, sent: int, rows: Sequence[Row]) -> Lane:
    """A lane of so many messages, of which these have ended."""
    accepted = [row for row in rows if row.state in TAKEN]
    waited = [float(max(row.claimed_at - row.enqueued_at, 0)) for row in accepted if row.enqueued_at]
    took = [float(row.took_ms) for row in accepted if row.took_ms >= 0]
    return Lane(name, sent, len(accepted), len(rows) - len(accepted), spread(waited), spread(took))


def mixed(total: int) -> list[Priority]:
    """The priorities of so many messages, one in ten critical, three standard, six bulk, evenly through each other."""
    order = [
        ((number + 0.5) / count, place, priority)
        for place, (priority, count) in enumerate(counts(total).items())
        for number in range(count)
    ]
    return [priority for _, _, priority in sorted(order)]


def counts(total: int) -> dict[Priority, int]:
    """How many messages of each priority there are among so many; at least one of each from 3 on."""
    critical, standard = (max(round(total * SHARES[one]), 1) for one in (Priority.CRITICAL, Priority.STANDARD))
    return {Priority.CRITICAL: critical, Priority.STANDARD: standard, Priority.BULK: total - critical - standard}
