"""BullMQ's queues: claim, adopt, enqueue and look, by our scripts, with the keys that a Node worker would leave."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import structs

from notifyctl.domain.errors import Degraded
from notifyctl.store.keys import job_id, lane_base, own_base
from notifyctl.store.link import Link
from notifyctl.store.pipe import Argument, pack
from notifyctl.store.scripts import Scripts

CLAIM_BYTES = 4_000_000  # the most that one claim brings in; larger batches would block the server


class Job(msgspec.Struct, frozen=True):
    """A job that this worker holds. `timestamp` is the producer's clock, in milliseconds (0 = unusable).

    `starts` counts how often any worker started it, `stalls` how often BullMQ found it abandoned; `deferred` is
    BullMQ's order to fail it unprocessed; `kind` is '' for a plain job, else `scheduler` or `flow`; `inherited` says
    that it was taken over from another worker of ours, whose intents are on record, `foreign` from one that keeps none.
    """

    lane: int
    id: str
    starts: int
    deferred: str
    stalls: int
    timestamp: int
    kind: str
    data: bytes | None = None
    inherited: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """The reply of one claim: the server's time, when another may find something (0 = unknown), the jobs.

    `broken` has the queues of which nothing can be taken, since a key is not BullMQ's, and the server's words.
    """

    now: int
    next_due: int
    jobs: tuple[Job, ...]
    broken: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Addition:
    """A job to enqueue: lane number from 1, name, data as JSON; delay in ms, priority 0 (none) to 2,097,151."""

    lane: int
    message_id: str
    name: str
    data: bytes
    delay: int = 0
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """An active job and the token of its lock ('' = none)."""

    lane: int
    id: str
    lock: str


class Queue:
    """The lanes of one prefix, in the order in which they are claimed."""

    def __init__(self, link: Link, scripts: Scripts, prefix: str, names: Sequence[str]) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own_base(prefix)
        self.names = tuple(names)
        self.bases = tuple(lane_base(prefix, name) for name in names)

    def key(self, lane: int, job: str) -> str:
        """The key of a job's hash; lanes count from 1."""
        return self.bases[lane - 1] + job

    async def claim(self, token: str, lock: float, name: str, most: int, per_lane: Sequence[int]) -> Claim:
        """Take up to `most` jobs, bodies included; `lock` in seconds. Raises `Unreachable`."""
        args: list[Argument] = [token, int(lock * 1000), name, self.scripts.now, most, CLAIM_BYTES, *per_lane]
        now, next_due, rows, broken = await self.scripts.run("claim", (self.own, *self.bases), args)
        troubles = tuple((self.names[lane - 1], _text(words)) for lane, words in broken)
        return Claim(int(now), int(next_due), await self._jobs(rows), troubles)

    async def adopt(self, token: str, lock: float, name: str, orphans: Iterable[Held]) -> tuple[Job, ...]:
        """Take over jobs whose lock is still the one that was seen; `lock` in seconds. Raises `Unreachable`."""
        args: list[Argument] = [token, int(lock * 1000), name, self.scripts.now]
        seen = {}
        for orphan in orphans:
            args += [orphan.lane, orphan.id, orphan.lock]
            seen[orphan.lane, orphan.id] = orphan.lock
        _, rows = await self.scripts.run("adopt", self.bases, args)
        jobs = await self._jobs(rows)
        ours = [_is_ours(seen[job.lane, job.id]) for job in jobs]
        return tuple(structs.replace(job, inherited=own, foreign=not own) for job, own in zip(jobs, ours, strict=True))

    async def active(self) -> list[Held]:
        """Every active job of every lane with its lock; a lane whose key is not BullMQ's has none."""
        held = []
        for lane, base in enumerate(self.bases, 1):
            with suppress(Degraded), self.link.reach():
                ids = [_text(item) for item in await self.link.redis.lrange(f"{base}active", 0, -1)]
                locks = await self.link.redis.mget([f"{base}{item}:lock" for item in ids]) if ids else []
                held += [Held(lane, item, _text(lock or b"")) for item, lock in zip(ids, locks, strict=True)]
        return held

    async def enqueue(self, additions: Sequence[Addition]) -> list[bool]:
        """Add jobs; False for one whose id is in the queue already. Raises `Unreachable`."""
        args: list[Argument] = [self.scripts.now]
        for item in additions:
            identity = job_id(item.message_id)
            options = _options(identity, item.delay, item.priority)
            args += [item.lane, identity, item.name, item.data, options, item.delay, item.priority]
        answers = await self.scripts.run("enqueue", self.bases, args)
        return [answer == b"added" for answer in answers]

    async def bodies(self, additions: Sequence[Addition]) -> list[bytes | None]:
        """The data that the job of each message has now; None when there is none. Raises `Unreachable`."""
        pipe = self.link.redis.pipeline(transaction=False)
        for one in additions:
            pipe.hget(self.key(one.lane, job_id(one.message_id)), "data")
        with self.link.reach():
            found: list[bytes | None] = await pipe.execute()
        return found

    async def _jobs(self, rows: Sequence[Sequence[Any]]) -> tuple[Job, ...]:
        """The jobs of a reply, each with its body: bodies are read plainly, since Lua would copy them twice."""
        if not rows:
            return ()
        with self.link.reach():
            bodies = await self.link.pipe.ask([pack(("HGET", self.key(row[0], _text(row[1])), "data")) for row in rows])
        return tuple(_job(row, body) for row, body in zip(rows, bodies, strict=True))


def _job(row: Sequence[Any], data: bytes | None) -> Job:
    lane, identity, starts, deferred, stalls, stamp, kind = row
    return Job(lane, _text(identity), starts, _text(deferred), stalls, number_of(stamp), _text(kind), data)


def number_of(stamp: bytes | None) -> int:
    """A whole number in a field of a job; 0 for none and for what is no number, since a producer may give any text."""
    try:
        return int(float(stamp or 0))
    except (ValueError, OverflowError):
        return 0


def _options(identity: str, delay: int, priority: int) -> str:
    import json

    options: dict[str, object] = {"attempts": 0, "jobId": identity}
    if delay:
        options["delay"] = delay
    if priority:
        options["priority"] = priority
    return json.dumps(options, ensure_ascii=False, separators=(",", ":"))


def _is_ours(lock: str) -> bool:
    return lock.startswith("nf.")


def _text(value: bytes | str) -> str:
    """As text; an id that is none, which no client of BullMQ writes, finds no job and stops nobody."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
