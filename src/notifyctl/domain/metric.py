"""Measures of a minute: calls by kind, and how long accepted messages took, as histograms that can be added up.

A bucket covers the times from `GROWTH ** (n - 1)` to `GROWTH ** n` milliseconds, so a quantile is wrong by 2 % at most,
however many minutes, workers and providers are merged. Bucket 0 is everything up to a millisecond; nothing that a
call can last (15 s, and its wait before) comes near the last one.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

GROWTH = 1.04
LAST = 400  # 1.04 ** 400 ms are 75 days


class Latency(NamedTuple):
    """Processing latency over some minutes; milliseconds, None when nothing was measured."""

    calls: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None


def bucket(seconds: float) -> int:
    """The number of the bucket of a time, 0 to `LAST`; nonsense below 0 counts as 0."""
    ms = seconds * 1000
    return 0 if ms <= 1 else min(math.ceil(math.log(ms) / math.log(GROWTH) - 1e-9), LAST)


def middle(number: int) -> float:
    """The time in ms for which a bucket stands: no time in it is further away than 2 %."""
    return 1.0 if number <= 0 else float(2 * GROWTH**number / (1 + GROWTH))


def merged(histograms: Iterable[Mapping[int, int]]) -> Counter[int]:
    """One histogram of many; the order does not matter."""
    total: Counter[int] = Counter()
    for histogram in histograms:
        total.update(histogram)
    return total


def quantile(histogram: Mapping[int, int], part: float) -> float | None:
    """The time in ms that so large a part (0 to 1) of all did not exceed; None of nothing."""
    count = sum(histogram.values())
    rank = max(math.ceil(part * count), 1)
    for number in sorted(histogram):
        rank -= histogram[number]
        if rank <= 0 and count:
            return middle(number)
    return None


def latency(histogram: Mapping[int, int]) -> Latency:
    """What a histogram tells."""
    count = sum(histogram.values())
    mean = sum(middle(number) * times for number, times in histogram.items()) / count if count else None
    return Latency(count, mean, *(quantile(histogram, part) for part in (0.5, 0.95, 0.99)))
