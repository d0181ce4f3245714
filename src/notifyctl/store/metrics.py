"""What `settle` measures by the minute: calls by kind, and how long accepted messages took."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from notifyctl.store.link import Link
from notifyctl.store.scripts import Scripts

MINUTE = 60_000  # ms
KEPT = 49 * 60  # minutes, as `tally.lua` keeps them
_TOOK = "took"


class Measured(NamedTuple):
    """One minute, which began at `at` (epoch ms): calls by `provider|kind|certainty`, and for each provider the
    histogram of processing latency (`domain/metric.py`)."""

    at: int
    calls: Mapping[str, int]
    took: Mapping[str, Mapping[int, int]]


class Metrics:
    """The measures of one prefix."""

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def last(self, minutes: int) -> list[Measured]:
        """The last minutes, 1 to `KEPT`, oldest first; the last one has not ended yet. Raises `Unreachable`."""
        with self.link.reach():
            seconds, _ = await self.link.redis.time()
            last = int(self.scripts.now or seconds * 1000) // MINUTE
            numbers = range(last - minutes + 1, last + 1)
            pipe = self.link.redis.pipeline(transaction=False)
            for number in numbers:
                pipe.hgetall(f"{self.own}minute:{number}")
            rows = await pipe.execute()
        return [_measured(number * MINUTE, row) for number, row in zip(numbers, rows, strict=True)]


def _measured(at: int, row: Mapping[bytes, bytes]) -> Measured:
    calls: dict[str, int] = {}
    took: dict[str, Counter[int]] = {}
    for field, count in row.items():
        provider, kind, rest = field.decode().split("|")
        if kind == _TOOK:
            took.setdefault(provider, Counter())[int(rest)] = int(count)
        else:
            calls[field.decode()] = int(count)
    return Measured(at, calls, took)
