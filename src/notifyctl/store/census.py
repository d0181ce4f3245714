"""The census: which jobs of a queue were seen open, and what became of those that are not any more.

For each lane one sorted set in Redis: job id -> the last pass that saw it open. A pass costs the server about 2 us a
job and the client next to nothing, bodies are never read, and no script looks at more than a few hundred jobs at a
time; those in `active`, which are few, together. Memory is about a hundred bytes for each open job.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from notifyctl.domain.audit import Missing
from notifyctl.store.link import Link
from notifyctl.store.pipe import Argument
from notifyctl.store.scripts import Scripts

PART = 500  # jobs of one look: a millisecond of the server
EVENTS = 1000  # events of one look
MOST_EVENTS = 50  # looks at events in one pass; what came on top is read in the next


class LeaseLost(Exception):
    """Another worker holds the lease by now; nothing was written."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane at the begin of a pass.

    `counter` counts jobs that were ever added, `before` until the last pass; `anew` says that the events began anew.
    `began_at` is the server's time in epoch ms; `waiting` and `parked` the lengths of `wait` and `paused`.
    """

    began_at: int
    number: int
    before: int
    counter: int
    anew: bool
    paused: bool
    waiting: int
    parked: int


@dataclass(frozen=True, slots=True)
class Tail:
    """What the events since the last pass tell: whether some were trimmed unread, and the removed jobs by id."""

    gap: bool
    removed: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A missing job, its id as Redis has it, and the id and version of its open record ('' = there is none).

    The id in `job` is for people: somebody may have written one that is no text.
    """

    id: bytes
    job: Missing
    message: str
    version: int


class Census:
    """The census of every lane. A pass is fenced by the number of its lease, the judgement after it is not.

    So whoever judges renews the lease before each part.
    """

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def begin(self, base: str, lease: int) -> Lane:
        """Start a pass. Raises `LeaseLost`, `Unreachable`, or `Degraded` for a queue that is not BullMQ's."""
        row = await self._run("begin", base, lease, self.scripts.now)
        now, number, before, counter, anew, paused, waiting, parked = row
        return Lane(now, number, before, counter, bool(anew), bool(paused), waiting, parked)

    async def tail(self, base: str, lease: int, number: int) -> Tail:
        """Read the events that came since the last pass. Raises as `begin`."""
        gap, removed = False, list[bytes]()
        for _ in range(MOST_EVENTS):
            count, trimmed, rows = await self._run("tail", base, lease, number, EVENTS)
            gap = gap or bool(trimmed)
            removed += [name for name, prev in rows if _was_open(name, prev)]
            if count < EVENTS:
                break
        return Tail(gap, tuple(dict.fromkeys(removed)))

    async def mark(self, base: str, lease: int, number: int) -> list[str]:
        """Look at every open job; returns ids, for people, whose job is gone. Raises as `begin`."""
        ghosts: list[str] = []
        place, cursor = 1, b"0"
        while place <= 6:
            place, cursor, gone = await self._run("mark", base, lease, number, place, cursor, PART)
            ghosts += map(_text, gone)
        return list(dict.fromkeys(ghosts))

    async def missing(self, base: str, number: int) -> AsyncIterator[list[Trace]]:
        """The missing jobs in parts; those of a part that are not forgotten before the next are passed over."""
        skip, looked = 0, PART
        while looked == PART:
            looked, rows = await self.scripts.run("missing", (self.own, base), (number, skip, PART))
            if rows:
                yield [_trace(row) for row in rows]
                skip += await self._left(base, rows)

    async def traces(self, base: str, number: int, ids: Sequence[bytes]) -> list[Trace]:
        """What became of the removed jobs with these ids."""
        parts = [ids[at : at + PART] for at in range(0, len(ids), PART)]
        replies = [await self.scripts.run("missing", (self.own, base), (number, 0, 0, *part)) for part in parts]
        return [_trace(row, removed=True) for _, rows in replies for row in rows]

    async def count(self, base: str, orphans: Sequence[bytes]) -> None:
        """Remember that these jobs were counted as orphans, until they are seen open again."""
        if orphans:
            with self.link.reach():
                await self.link.redis.zadd(f"{self.own}census:{base}", dict.fromkeys(orphans, -1), xx=True)

    async def forget(self, base: str, ids: Sequence[bytes]) -> None:
        """Miss these jobs no longer."""
        if ids:
            with self.link.reach():
                await self.link.redis.zrem(f"{self.own}census:{base}", *ids)
                await self.link.redis.hdel(f"{self.own}jobs", *(base.encode() + name for name in ids))

    async def audited(self, names: Sequence[str], bases: Sequence[str]) -> dict[str, int]:
        """When each queue was looked at last, epoch ms, 0 = never."""
        with self.link.reach():
            times = [await self.link.redis.hget(f"{self.own}audit:{base}", "at") for base in bases]
        return {name: int(at or 0) for name, at in zip(names, times, strict=True)}

    async def _left(self, base: str, rows: Sequence[Sequence[Any]]) -> int:
        with self.link.reach():
            scores = await self.link.redis.zmscore(f"{self.own}census:{base}", [row[0] for row in rows])
        return sum(score is not None for score in scores)

    async def _run(self, name: str, base: str, lease: int, *args: Argument) -> Any:
        reply = await self.scripts.run(name, (self.own, base), (lease, *args))
        if not reply:
            raise LeaseLost
        return reply


def _was_open(job: bytes, place: bytes) -> bool:
    """Whether a removed job was still to be done; the next run of a scheduler is no job of its own."""
    return place not in (b"completed", b"failed") and not job.startswith(b"repeat:")


def _trace(row: Sequence[Any], removed: bool = False) -> Trace:
    name, last_seen, there, ended, started_at, message, version = row
    job = Missing(_text(name), last_seen, bool(there), bool(ended), started_at, removed)
    return Trace(name, job, _text(message), version)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
