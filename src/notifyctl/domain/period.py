"""Periods of audits: months, quarters and half-years of the calendar, and which of them are due.

Policy:

- A period runs from midnight to midnight in UTC, whatever the clocks in Leeds do: evidence is written in UTC, and no
  hour is counted twice or left out on the two Sundays on which they change. The local zone (Europe/London) is for
  display only.
- A period is due once it is over and no report of it exists. The audit may run as often as one likes: it acts on what
  is due, the oldest first, and so catches up what was skipped, 24 periods at most.
- It begins with the period of the first evidence, or of the first report when that is earlier: evidence that was lost
  makes nobody silent. Where there is neither, nothing is due yet.
- What was reported once is never due again, also not for a clock that was set back.
"""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from notifyctl.domain.errors import Usage

ZONE = "Europe/London"
CATCH_UP = 24  # periods


class Cycle(StrEnum):
    """How often an audit is held."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    BIANNUAL = "biannual"

    @property
    def months(self) -> int:
        """How many months a period has."""
        return {Cycle.MONTHLY: 1, Cycle.QUARTERLY: 3, Cycle.BIANNUAL: 6}[self]


class Watcher(StrEnum):
    """Who watches cron: nobody, one that did not answer, one that heard a run begin."""

    NONE = "none"
    SILENT = "silent"
    HEARD = "heard"


class Ran(NamedTuple):
    """A run of an audit that came to its end, also one that had nothing to do: when (epoch ms), and who watched."""

    at: int
    watcher: Watcher


_LETTERS = {Cycle.MONTHLY: "", Cycle.QUARTERLY: "Q", Cycle.BIANNUAL: "H"}
_NAME = re.compile(r"(\d{4})-(?:(Q)([1-4])|(H)([12])|(0[1-9]|1[0-2]))", re.ASCII)


class Period(NamedTuple):
    """One period: `number` counts from 1 within the year. Periods of a cycle are ordered as they follow each other."""

    cycle: Cycle
    year: int
    number: int

    @property
    def name(self) -> str:
        """As it is written: `2026-10`, `2026-Q4`, `2026-H2`."""
        letter = _LETTERS[self.cycle]
        return f"{self.year:04}-{letter}{self.number}" if letter else f"{self.year:04}-{self.number:02}"

    @property
    def start(self) -> int:
        """Its first moment, epoch ms."""
        first = (self.number - 1) * self.cycle.months + 1
        return int(datetime(self.year, first, 1, tzinfo=UTC).timestamp()) * 1000

    @property
    def end(self) -> int:
        """The first moment after it, epoch ms."""
        return self.next.start

    @property
    def next(self) -> "Period":
        """The one after it."""
        return self._moved(1)

    @property
    def last(self) -> "Period":
        """The one before it."""
        return self._moved(-1)

    @property
    def months(self) -> tuple[str, ...]:
        """Its months by name: `2026-10`, `2026-11`, `2026-12`."""
        first = (self.number - 1) * self.cycle.months + 1
        return tuple(f"{self.year:04}-{month:02}" for month in range(first, first + self.cycle.months))

    def holds(self, ms: int) -> bool:
        """Whether a moment (epoch ms) lies in it."""
        return self.start <= ms < self.end

    def _moved(self, by: int) -> "Period":
        year, number = divmod(self.year * 12 // self.cycle.months + self.number - 1 + by, 12 // self.cycle.months)
        return Period(self.cycle, year, number + 1)


def containing(cycle: Cycle, ms: int) -> Period:
    """The period of a moment (epoch ms)."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return Period(cycle, at.year, (at.month - 1) // cycle.months + 1)


def parse(cycle: Cycle, text: str) -> Period:
    """The period of a name: `2026-10` for a month, `2026-Q4` for a quarter, `2026-H2` for a half-year; raises
    `Usage`."""
    match = _NAME.fullmatch(text)
    letter, number = (match[2] or match[4] or "", match[3] or match[5] or match[6]) if match else ("", "")
    if not match or letter != _LETTERS[cycle] or int(match[1]) < 2000:
        fix = {Cycle.MONTHLY: "2026-10", Cycle.QUARTERLY: "2026-Q4", Cycle.BIANNUAL: "2026-H2"}[cycle]
        raise Usage("CLI-USAGE", f"{text!r} is no period of a {cycle} audit", "--period", f"write it as {fix}")
    return Period(cycle, int(match[1]), int(number))


def due(cycle: Cycle, now: int, reported: Collection[str], since: int | None) -> list[Period]:
    """The periods to report on, oldest first.

    `now` is the server's time and `since` that of the first evidence (epoch ms; None = there is none), `reported` the
    names of those that have a report. The policy stands at the top of this module.
    """
    last = containing(cycle, now).last
    known = [parse(cycle, name) for name in reported]
    first = min([*known, *(() if since is None else [containing(cycle, since)])], default=last.next)
    return [one for one in _from(max(first, _before(last, CATCH_UP - 1)), last) if one.name not in reported]


def local(ms: int, zone: str = ZONE) -> str:
    """A moment as the clocks of a zone show it, with its name: `2026-10-25 01:30 GMT`; UTC where the zone is
    unknown."""
    try:
        where: ZoneInfo | None = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):  # a system without the data of zones
        where = None
    return datetime.fromtimestamp(ms / 1000, where or UTC).strftime("%Y-%m-%d %H:%M %Z")


def _before(period: Period, steps: int) -> Period:
    for _ in range(steps):
        period = period.last
    return period


def _from(first: Period, last: Period) -> Iterator[Period]:
    while first <= last:
        yield first
        first = first.next
