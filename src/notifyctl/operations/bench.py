"""A load test of the real engine: messages of each lane onto the queues, through workers, and what it took them.

    async with ready(store, workers, start) as crew:        workers live before the first message is enqueued
        bench = await run(store, load, crew, listen)

It asks what the engine keeps on record of each message, so it measures nothing that a report would not see, too.
Against the emulator it runs on the demo's stage, at the real pace; against a staging set-up the mail goes to the
address at which a provider throws it away.
"""

import asyncio
import time
import uuid
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from notifyctl.domain.archive import Row
from notifyctl.domain.attempt import State
from notifyctl.domain.bench import About, Bench, counts, lane, mixed
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.progress import Listener, Step
from notifyctl.domain.revision import PROVIDERS, Priority
from notifyctl.domain.routing import lane_of
from notifyctl.operations.stage import Stage, end
from notifyctl.store import jobdata
from notifyctl.store.queue import Addition, Queue
from notifyctl.store.retired import Retired
from notifyctl.store.workers import Workers, claiming

CONFIGURATION = 'from = "The Backroom Leeds <tickets@backroom.example>"\n'  # all else as it is without a file
KINDS = {
    Priority.CRITICAL: "booking.confirmation",
    Priority.STANDARD: "booking.reminder",
    Priority.BULK: "event.cancelled",
}
HTML = "<h1>The Backroom Leeds</h1><p>" + "Doors at seven, first act at eight. " * 500 + "</p>"  # 18 kB: a ticket
BATCH = 200  # messages in one script
LOOKED = 200  # messages that one look asks about
TICK = 0.25  # seconds between two looks, and two batches at a rate
READY = 30.0  # seconds within which workers must live
WARMING, WARMED = 4, 400  # one message goes before for so many, and so many at most
ENDED = "ended"
STALL = 120.0  # seconds without an end, after which the queue does not drain: twice the longest wait for a rate


class Load(NamedTuple):
    """So many messages to an address, `rate` a second (0 = all at once); `stall` in seconds."""

    messages: int
    to: str
    rate: int = 0
    stall: float = STALL

    @property
    def warming(self) -> int:
        """How many go before them, and are not counted."""
        return min(max(self.messages // WARMING, 3), WARMED)


@asynccontextmanager
async def ready(workers: Workers, processes: int, start: Callable[[], Awaitable[Process]]) -> AsyncIterator[int]:
    """How many worker processes take the mail: those that live already, else `processes` that are started for the
    time of the test. Raises `Unreachable` where they do not come to life."""
    if beats := await _living(workers):
        yield beats
        return
    crew = await start()
    try:
        yield await _come_to_life(workers, crew, processes)
    finally:
        await end(crew, patience=40)  # longer than a worker may take to drain


async def slowed(built: Stage, ms: int) -> None:
    """Have the emulator of a stage answer after so many ms."""
    for provider in PROVIDERS:
        await built.post("/faults", {"provider": provider, "delay_s": ms / 1000, "times": -1})


async def _living(workers: Workers) -> int:
    return len(claiming(await workers.list()))


async def _come_to_life(workers: Workers, crew: Process, processes: int) -> int:
    until = time.monotonic() + READY
    while time.monotonic() < until and crew.returncode is None:
        if await _living(workers) >= processes:
            return processes
        await asyncio.sleep(TICK)
    raise Unreachable("BEN-NO-WORKER", "no worker came to life, so nothing was sent", "", "run one: notifyctl worker")


async def run(queue: Queue, retired: Retired, load: Load, about: About, crew: int, listen: Listener) -> Bench:
    """Enqueue the messages, and follow them until all have ended, or none has for `stall` seconds.

    Others go before them and are not counted: their calls open connections, and find the pace of a provider that does
    not tell its limit (`domain/limit.py`). A system that works has both.
    """
    token = uuid.uuid4().hex[:12]
    before = load._replace(messages=load.warming, rate=0)
    await _sent(queue, retired, before, f"{token}/before", _named("warm up", listen))
    began = await retired.now()
    rows = await _sent(queue, retired, load, token, listen)
    return _bench(load, about, crew, began, rows)


def _named(what: str, listen: Listener) -> Listener:
    return lambda step: listen(step._replace(what=what)) if step.what == ENDED else None


async def _sent(queue: Queue, retired: Retired, load: Load, token: str, listen: Listener) -> list[Row]:
    """Those of a load that ended."""
    sent = additions(load, token, len(queue.names))
    filling = asyncio.create_task(_fill(queue, sent, load.rate, listen))
    try:
        return await _follow(retired, [one.message_id for one in sent], load.stall, filling, listen)
    finally:
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)


def additions(load: Load, token: str, lanes: int) -> list[Addition]:
    """The jobs of a load, lanes evenly through each other; the token tells them from those of any other."""
    return [
        Addition(lane_of(one, lanes), f"bench/{token}/{number}", KINDS[one], _data(load.to, token, number, KINDS[one]))
        for number, one in enumerate(mixed(load.messages))
    ]


def _data(to: str, token: str, number: int, kind: str) -> bytes:
    fields: dict[str, object] = {"id": f"bench/{token}/{number}", "type": kind, "to": {"email": to}}
    return jobdata.write({**fields, "subject": f"A load test, {number}", "html": HTML})


async def _fill(queue: Queue, sent: Sequence[Addition], rate: int, listen: Listener) -> None:
    """Enqueue at the rate, a tick's worth at a time; what is late is not made up for."""
    size = max(round(rate * TICK), 1) if rate else BATCH
    for first in range(0, len(sent), size):
        await queue.enqueue(sent[first : first + size])
        listen(Step("enqueued", min(first + size, len(sent)), len(sent)))
        if rate:
            await asyncio.sleep(size / rate)


async def _follow(
    retired: Retired, names: Sequence[str], stall: float, filling: "asyncio.Task[None]", listen: Listener
) -> list[Row]:
    """The messages that have ended, when all have, or none has for so long since the last was enqueued.

    Who has not ended is asked about again after all others: those that wait would hide those behind them.
    """
    rows: list[Row] = []
    left, last = list(names), time.monotonic()
    while left and (not filling.done() or time.monotonic() - last < stall):
        looked, rest = left[:LOOKED], left[LOOKED:]
        found = [one.row for one in await retired.read(looked) if State(one.row.state).terminal]
        ended = {row.id for row in found}
        rows, left = rows + found, [*rest, *(name for name in looked if name not in ended)]
        listen(Step(ENDED, len(rows), len(names)))
        if filling.done():
            filling.result()  # raises what ended it
        if found or not filling.done():
            last = time.monotonic()
        if left and len(found) < LOOKED:
            await asyncio.sleep(TICK)
    return rows


def _bench(load: Load, about: About, crew: int, began: int, rows: Sequence[Row]) -> Bench:
    order, sent = mixed(load.messages), counts(load.messages)
    found: dict[Priority, list[Row]] = {one: [] for one in sent}
    for row in rows:
        found[order[int(row.id.rpartition("/")[2])]].append(row)
    providers = Counter(row.provider for row in rows if row.accepted_at)
    return Bench(
        **vars(about),
        workers=crew,
        rate=load.rate,
        seconds=round(max((row.ended_at - began for row in rows), default=0) / 1000, 3),
        providers=dict(sorted(providers.items())),
        total=lane("all", load.messages, rows),
        lanes=tuple(lane(one.value, sent[one], found[one]) for one in sent),
    )
