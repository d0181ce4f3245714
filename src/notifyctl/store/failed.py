"""Jobs that have ended as failed, and any job's text, as people ask for them. Nothing here writes."""

from collections.abc import Sequence
from typing import NamedTuple

from notifyctl.store.pipe import pack
from notifyctl.store.queue import Queue, number_of

_FIELDS = ("failedReason", "finishedOn", "timestamp")


class Place(NamedTuple):
    """A job: lanes count from 1."""

    lane: int
    job: str


class Failed(NamedTuple):
    """A failed job: why, in the words of whoever failed it, and when it failed and was enqueued, epoch ms."""

    place: Place
    reason: str
    failed_at: int
    enqueued_at: int


async def places(queue: Queue, lane: int, since: int) -> list[Place]:
    """The failed jobs of a lane since a time in epoch ms, latest first. Raises `Unreachable`."""
    with queue.link.reach():
        key = f"{queue.bases[lane - 1]}failed"
        ids = await queue.link.redis.zrevrangebyscore(key, "+inf", since)
    return [Place(lane, job.decode("utf-8", "replace")) for job in ids]


async def read(queue: Queue, jobs: Sequence[Place]) -> list[Failed]:
    """Those of the jobs that are still there and failed. Raises `Unreachable`."""
    with queue.link.reach():
        pipe = queue.link.redis.pipeline(transaction=False)
        for place in jobs:
            pipe.hmget(queue.key(*place), *_FIELDS)
        rows = await pipe.execute() if jobs else []
    return [
        Failed(place, reason.decode("utf-8", "replace"), number_of(failed), number_of(enqueued))
        for place, (reason, failed, enqueued) in zip(jobs, rows, strict=True)
        if reason is not None
    ]


async def texts(queue: Queue, jobs: Sequence[Place]) -> list[bytes | None]:
    """What each job carries; None for one that is gone. Raises `Unreachable`."""
    return await _fields(queue, jobs, "data")


async def enqueued(queue: Queue, jobs: Sequence[Place]) -> list[int]:
    """When each job was enqueued, by the producer's clock in epoch ms; 0 for one that is gone. Raises `Unreachable`."""
    return [number_of(stamp) for stamp in await _fields(queue, jobs, "timestamp")]


async def _fields(queue: Queue, jobs: Sequence[Place], name: str) -> list[bytes | None]:
    with queue.link.reach():
        return await queue.link.pipe.ask([pack(("HGET", queue.key(*place), name)) for place in jobs]) if jobs else []


def place_of(queue: Queue, key: str) -> Place | None:
    """The place that a job's key names; None for the key of another queue."""
    found = [Place(lane, key.removeprefix(base)) for lane, base in enumerate(queue.bases, 1) if key.startswith(base)]
    return found[0] if key and found else None
