"""Search: what jobs carry and what is on record, read part by part. Nothing here writes, and no part blocks the server.

Jobs move on while this goes on, so their places are read in the order in which jobs pass them: one that moves is found
at the next place at the latest.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from notifyctl.store.failed import Place
from notifyctl.store.pipe import pack
from notifyctl.store.queue import Queue, number_of
from notifyctl.store.records import unpack_outcome

LISTS = ("wait", "paused")
SETS = ("prioritized", "delayed")
ENDS = ("completed", "failed")
PART = 500  # ids of one look
BYTES = 4_000_000  # of texts of one look


class Found(NamedTuple):
    """A job: what it carries, and when it was enqueued by the producer's clock, epoch ms."""

    place: Place
    enqueued_at: int
    data: bytes


class Taken(NamedTuple):
    """A call at a time (epoch ms) that the provider accepted, or (`sure` False) of which nobody knows."""

    id: str
    provider: str
    at: int
    sure: bool


async def count(queue: Queue) -> int:
    """How many jobs there are in all places. Raises `Unreachable`."""
    commands = [pack(("LLEN", base + name)) for base in queue.bases for name in (*LISTS, "active")]
    commands += [pack(("ZCARD", base + name)) for base in queue.bases for name in (*SETS, *ENDS)]
    with queue.link.reach():
        return sum(await queue.link.pipe.ask(commands))


async def places(queue: Queue, since: int) -> AsyncIterator[list[Place]]:
    """Every job, part by part; of those that have ended only what did since that time (epoch ms), the latest first."""
    for lane in range(1, len(queue.bases) + 1):
        for name in (*LISTS, *SETS, "active"):
            async for ids in _part(queue, lane, name, ("ZRANGE" if name in SETS else "LRANGE",)):
                yield ids
        for name in ENDS:
            async for ids in _ended(queue, lane, name, since):
                yield ids


async def _part(queue: Queue, lane: int, name: str, command: tuple[str, ...]) -> AsyncIterator[list[Place]]:
    first = 0
    while ids := await _ask(queue, (*command, queue.bases[lane - 1] + name, first, first + PART - 1)):
        yield _places(lane, ids)
        first += len(ids)


async def _ended(queue: Queue, lane: int, name: str, since: int) -> AsyncIterator[list[Place]]:
    first, key = 0, queue.bases[lane - 1] + name
    while ids := await _ask(queue, ("ZREVRANGEBYSCORE", key, "+inf", since, "LIMIT", first, PART)):
        yield _places(lane, ids)
        first += len(ids)


async def _ask(queue: Queue, command: tuple[str | int, ...]) -> Any:
    with queue.link.reach():
        return (await queue.link.pipe.ask([pack(command)]))[0]


def _places(lane: int, ids: Sequence[bytes]) -> list[Place]:
    return [Place(lane, job.decode("utf-8", "replace")) for job in ids]


async def read(queue: Queue, jobs: Sequence[Place], since: int) -> AsyncIterator[Found]:
    """What those of the jobs carry that were enqueued since that time. Raises `Unreachable`."""
    wanted: list[tuple[Place, int]] = []
    size = 0
    for place, at, length in await _sizes(queue, jobs):
        if at < since:
            continue
        if wanted and size + length > BYTES:
            for found in await _texts(queue, wanted):
                yield found
            wanted, size = [], 0
        wanted.append((place, at))
        size += length
    for found in await _texts(queue, wanted):
        yield found


async def _sizes(queue: Queue, jobs: Sequence[Place]) -> list[tuple[Place, int, int]]:
    keys = [queue.key(*place) for place in jobs]
    with queue.link.reach():
        commands = [pack(("HGET", key, "timestamp")) for key in keys] + [pack(("HSTRLEN", key, "data")) for key in keys]
        answers = await queue.link.pipe.ask(commands) if keys else []
    stamps, lengths = answers[: len(keys)], answers[len(keys) :]
    return [(place, number_of(at), length) for place, at, length in zip(jobs, stamps, lengths, strict=True) if length]


async def _texts(queue: Queue, jobs: Sequence[tuple[Place, int]]) -> list[Found]:
    with queue.link.reach():
        commands = [pack(("HGET", queue.key(*place), "data")) for place, _ in jobs]
        texts = await queue.link.pipe.ask(commands) if jobs else []
    return [Found(place, at, text) for (place, at), text in zip(jobs, texts, strict=True) if text]


async def messages(queue: Queue) -> AsyncIterator[list[str]]:
    """The ids of all messages that are on record, part by part. Raises `Unreachable`."""
    async for keys in _keys(queue, "msg:"):
        yield [key.removeprefix(f"{queue.own}msg:") for key in keys]


async def calls(queue: Queue) -> AsyncIterator[list[tuple[str, str]]]:
    """The message and the provider's id of each call that has one, part by part; of an archived message that of the
    call that it ended with. Raises `Unreachable`."""
    async for keys in _keys(queue, "att:"):
        with queue.link.reach():
            rows = await queue.link.pipe.ask([pack(("HMGET", key, "members", "outcome")) for key in keys])
        yield [
            (members.decode(), unpack_outcome(outcome.decode()).provider_id)
            for members, outcome in rows
            if members and outcome
        ]
    async for names in messages(queue):
        with queue.link.reach():
            keys = [f"{queue.own}msg:{name}" for name in names]
            rows = await queue.link.pipe.ask([pack(("HMGET", key, "archived", "provider_id")) for key in keys])
        yield [(name, told.decode()) for name, (archived, told) in zip(names, rows, strict=True) if archived and told]


async def taken(queue: Queue) -> AsyncIterator[list[Taken]]:
    """Each call on record that has an outcome which may cost money, part by part. Raises `Unreachable`."""
    async for keys in _keys(queue, "att:"):
        with queue.link.reach():
            rows = await queue.link.pipe.ask([pack(("HMGET", key, "provider", "at", "outcome")) for key in keys])
        yield [
            Taken(key.removeprefix(f"{queue.own}att:"), provider.decode(), int(at), outcome[:1] == b"2")
            for key, (provider, at, outcome) in zip(keys, rows, strict=True)
            if provider and at and outcome and outcome[:1] in b"12"  # the rank, as records.py writes it
        ]


async def _keys(queue: Queue, name: str) -> AsyncIterator[list[str]]:
    pattern = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in queue.own) + f"{name}*"
    cursor: Any = b"0"
    while True:
        cursor, keys = await _ask(queue, ("SCAN", cursor.decode(), "MATCH", pattern, "COUNT", PART))
        if keys:
            yield [key.decode("utf-8", "replace") for key in keys]
        if cursor == b"0":
            return
