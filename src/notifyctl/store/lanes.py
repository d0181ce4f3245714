"""The lanes in detail, and single jobs, as people want to see them. Nothing here writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from notifyctl.domain.audit import mixed_pause
from notifyctl.store.keys import job_id
from notifyctl.store.link import Link
from notifyctl.store.queue import number_of

_PRIORITY = 2**32  # BullMQ's score of a prioritized job is priority * 2^32 + a counter
_DUE = 4096  # BullMQ's score of a delayed job is its due time in ms * 4096 + a counter
MOST_PRIORITIES = 20


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane. `waiting` is BullMQ's `wait`, and what BullMQ 5 put into `paused`, which are `parked`.

    Times are epoch ms, 0 = none: `oldest` is when the job that has waited longest was enqueued, `next_due` when the
    first delayed one is due. `priorities` counts prioritized jobs by priority, 1 first, the lowest 20 of them.
    """

    queue: str
    waiting: int
    active: int
    prioritized: int
    delayed: int
    completed: int
    failed: int
    paused: bool
    oldest: int
    next_due: int
    priorities: dict[int, int]
    parked: int = 0

    @property
    def mixed(self) -> bool:
        """Whether a resume by BullMQ 5 would lose jobs."""
        return mixed_pause(self.paused, self.waiting - self.parked, self.parked)

    @property
    def ready(self) -> int:
        """Jobs that could be taken now."""
        return self.waiting + self.prioritized

    @property
    def open(self) -> int:
        """Jobs that are not done."""
        return self.ready + self.active + self.delayed


@dataclass(frozen=True, slots=True)
class JobLook:
    """One job. `state` is BullMQ's word, or `missing` when its hash is gone; times in epoch ms, 0 = not yet."""

    queue: str
    id: str
    state: str
    enqueued_at: int = 0
    due_at: int = 0
    finished_at: int = 0
    starts: int = 0


async def look(link: Link, names: Sequence[str], bases: Sequence[str]) -> list[Lane]:
    """Every lane, in the order in which they are claimed. Raises `Unreachable`."""
    with link.reach():
        replies = await _pipelined(link, [command for base in bases for command in _looked(base)])
        each = len(replies) // max(len(bases), 1)
        parts = [replies[at : at + each] for at in range(0, len(replies), each)]
        return [await _lane(link.redis, *lane) for lane in zip(names, bases, parts, strict=True)]


async def open_jobs(link: Link, bases: Sequence[str]) -> int:
    """How many jobs are not done, in one round trip. Raises `Unreachable`."""
    with link.reach():
        return sum(await _pipelined(link, [command for base in bases for command in _open(base)]))


async def find(link: Link, names: Sequence[str], bases: Sequence[str], message: str, key: str) -> JobLook | None:
    """The job under `key`, or with '' the job that `Queue.enqueue` would make of the message, in any lane."""
    candidates = _candidates(names, bases, message, key)
    with link.reach():
        for name, base, identity in candidates:
            if await link.redis.exists(base + identity):
                return await _job(link.redis, name, base, identity)
    return JobLook(candidates[0][0], candidates[0][2], "missing") if key and candidates else None


def _candidates(names: Iterable[str], bases: Iterable[str], message: str, key: str) -> list[tuple[str, str, str]]:
    """Queue, base and job id of every place where the job may be."""
    places = list(zip(names, bases, strict=True))
    if key:
        return [(name, base, key.removeprefix(base)) for name, base in places if key.startswith(base)]
    return [(name, base, job_id(message)) for name, base in places]


async def _pipelined(link: Link, commands: Iterable[tuple[object, ...]]) -> list[Any]:
    pipe = link.redis.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
    return list(await pipe.execute())


def _open(base: str) -> list[tuple[object, ...]]:
    lists = [("LLEN", base + kind) for kind in ("wait", "paused", "active")]
    return [*lists, *(("ZCARD", base + kind) for kind in ("prioritized", "delayed"))]


def _looked(base: str) -> list[tuple[object, ...]]:
    ended = [("ZCARD", base + kind) for kind in ("completed", "failed")]
    ends = [("LINDEX", f"{base}wait", -1), ("ZRANGE", f"{base}delayed", 0, 0, "WITHSCORES")]
    return [*_open(base), *ended, ("HEXISTS", f"{base}meta", "paused"), *ends]


async def _lane(redis: Any, name: str, base: str, replies: Sequence[Any]) -> Lane:
    """One lane from the replies to `_looked`; what its jobs say is asked for where there are any."""
    wait, held, active, prioritized, delayed, completed, failed, paused, tail, due = replies
    priorities, heads = await _priorities(redis, base) if prioritized else ({}, [])
    return Lane(
        queue=name, waiting=wait + held, active=active, prioritized=prioritized, delayed=delayed,
        completed=completed, failed=failed, paused=bool(paused),
        oldest=await _oldest(redis, base, [tail, *heads] if tail else heads),
        next_due=int(float(due[1])) // _DUE if due else 0, priorities=priorities, parked=held,
    )  # fmt: skip


async def _priorities(redis: Any, base: str) -> tuple[dict[int, int], list[bytes]]:
    """How many prioritized jobs each priority has, and the first job of each."""
    counts: dict[int, int] = {}
    heads: list[bytes] = []
    low = 0
    while len(counts) < MOST_PRIORITIES:
        first = await redis.zrangebyscore(f"{base}prioritized", low, "+inf", start=0, num=1, withscores=True)
        if not first:
            break
        priority = int(first[0][1]) // _PRIORITY
        low = (priority + 1) * _PRIORITY
        heads.append(first[0][0])
        counts[priority] = await redis.zcount(f"{base}prioritized", priority * _PRIORITY, f"({low}")
    return counts, heads


async def _oldest(redis: Any, base: str, ids: Sequence[bytes]) -> int:
    """The earliest time at which one of the jobs was enqueued, 0 without any."""
    pipe = redis.pipeline(transaction=False)
    for identity in ids:
        pipe.hget(base.encode() + identity, "timestamp")
    stamps = [number_of(stamp) for stamp in await pipe.execute()] if ids else []
    return min((stamp for stamp in stamps if stamp > 0), default=0)


async def _job(redis: Any, name: str, base: str, identity: str) -> JobLook:
    pipe = redis.pipeline(transaction=False)
    pipe.hmget(base + identity, "timestamp", "finishedOn", "ats")
    for kind in ("completed", "failed", "delayed", "prioritized"):
        pipe.zscore(base + kind, identity)
    for kind in ("active", "wait", "paused"):
        pipe.lpos(base + kind, identity)
    fields, completed, failed, delayed, prioritized, active, wait, held = await pipe.execute()
    places = {
        "completed": completed, "failed": failed, "delayed": delayed, "prioritized": prioritized,
        "active": active, "waiting": wait, "paused": held,
    }  # fmt: skip
    enqueued, finished, starts = fields
    return JobLook(
        queue=name, id=identity, state=next((word for word, at in places.items() if at is not None), "missing"),
        enqueued_at=max(number_of(enqueued), 0), due_at=int(delayed or 0) // _DUE, finished_at=number_of(finished),
        starts=number_of(starts),
    )  # fmt: skip
