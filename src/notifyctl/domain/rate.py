"""Rates with what they are worth: a numerator, a denominator and an interval, never a percentage alone."""

import math
from enum import StrEnum
from typing import NamedTuple

Z = 1.959964  # two-sided 95 %
LEAST = 3  # cases below which nothing is called too many: one failure in a quiet week is 1 % and means nothing


class Judged(StrEnum):
    """What a rate says about a limit."""

    ABOVE = "above"
    WITHIN = "within"
    TOO_FEW = "too few"


class Rate(NamedTuple):
    """`cases` of `of`."""

    cases: int
    of: int

    @property
    def part(self) -> float | None:
        """The rate, 0 to 1; None of nothing."""
        return self.cases / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the true rate lies, in 95 of 100 cases: Wilson's interval; all of 0 to 1 of nothing."""
        if not self.of:
            return 0.0, 1.0
        part, square = self.cases / self.of, Z * Z / self.of
        middle, half = part + square / 2, Z * math.sqrt((part * (1 - part) + square / 4) / self.of)
        low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
        return (max(low, 0.0) if self.cases else 0.0), (min(high, 1.0) if self.cases < self.of else 1.0)

    def judged(self, limit: float) -> Judged:
        """Against a limit (0 to 1).

        Policy: above when there are 3 cases at least and the whole interval lies above it; within when the whole
        interval lies at or below it; in between nobody can tell, which is never counted as within. Without a single
        case, within 0.5 % takes 765 mails, within 0.1 % 3,838.
        """
        low, high = self.interval
        if self.cases >= LEAST and low > limit:
            return Judged.ABOVE
        return Judged.WITHIN if self.of and high <= limit else Judged.TOO_FEW


def told(rate: Rate) -> str:
    """As it is shown: `3/1,204 = 0.25 %, 95 % 0.08-0.73 %`; `0/0: nothing to count`."""
    if rate.part is None:
        return "0/0: nothing to count"
    low, high = rate.interval
    return f"{rate.cases:,}/{rate.of:,} = {rate.part * 100:.2f} %, 95 % {low * 100:.2f}-{high * 100:.2f} %"
