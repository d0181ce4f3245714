"""The demo: an outage in fast motion, on real parts, with a verdict counted from the mailboxes.

A cancelled event, reminders and ticket sales are enqueued by the real BullMQ protocol. Resend then takes mail without
answering, then refuses connections, and one worker is killed in the middle of it.
"""

import asyncio
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from notifyctl.domain.attempt import Why
from notifyctl.operations.stage import Stage, end
from notifyctl.store import jobdata
from notifyctl.store.attempts import Attempts
from notifyctl.store.queue import Addition, Queue
from notifyctl.store.workers import Workers

LATENCY = 0.12  # seconds that each provider takes to answer, as real ones do
TICK = 0.2  # seconds between two frames
SILENT_AT, SILENT_FOR = 0.25, 0.7  # share of the mail that is out when Resend goes silent; seconds until it refuses
KILL_AT = 0.5  # share of the mail that is out when a worker is killed
GIVE_UP = 60.0  # seconds
LANES = {"critical": (1, "booking.confirmation"), "standard": (2, "booking.reminder"), "bulk": (3, "event.cancelled")}
SHARES = {"critical": 0.1, "standard": 0.3, "bulk": 0.6}
HTML = "<h1>The Backroom Leeds</h1><p>" + "Doors at seven, first act at eight. " * 500 + "</p>"


@dataclass(frozen=True, slots=True)
class Frame:
    """One look at the show. `copies` by provider are the mailbox's; `done` by lane and `states` the engine's."""

    elapsed: float
    total: int
    copies: dict[str, int]
    waiting: dict[str, int]
    states: dict[str, int]
    workers: int
    in_flight: int
    down: str
    events: tuple[tuple[float, str], ...]

    @property
    def ended(self) -> int:
        """Messages in a terminal state."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the mailboxes say. `lost` = no copy and not listed as unknown; `unrecorded` = more copies than resends."""

    sent: int
    delivered_once: int
    doubled: int
    lost: int
    unknown: int
    unknown_with_copy: int
    ambiguous_resends: int
    unrecorded: int
    bulk_doubled: int
    copies: dict[str, int]
    drain_s: float

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled beyond a recorded resend."""
        return not (self.lost or self.unrecorded or self.bulk_doubled)


@dataclass(slots=True)
class Show:
    """The running demo: what has happened so far."""

    stage: Stage
    queue: Queue
    attempts: Attempts
    workers: Workers
    total: int
    began: float = field(default_factory=time.monotonic)
    events: list[tuple[float, str]] = field(default_factory=list)
    down: str = ""
    drained: float = 0.0
    out: int = 0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def say(self, text: str) -> None:
        """Note an event."""
        self.events.append((time.monotonic() - self.began, text))


async def play(show: Show, processes: int) -> AsyncIterator[Frame]:
    """Run the show and yield a frame now and then; ends when every message has ended."""
    for provider in ("resend", "postmark", "ses"):
        await show.stage.post("/faults", {"provider": provider, "delay_s": LATENCY, "times": -1})
    await _enqueue(show, "bulk")
    await _enqueue(show, "standard")
    crew = await show.stage.start_workers(processes)
    acts = asyncio.create_task(_acts(show))
    try:
        async for frame in _watch(show, crew):
            yield frame
    finally:
        acts.cancel()
        await asyncio.gather(acts, return_exceptions=True)
        await end(crew)


async def _watch(show: Show, crew: Process) -> AsyncIterator[Frame]:
    show.began = time.monotonic()
    while True:
        frame = await _look(show)
        show.drained = frame.elapsed
        await _tell(show, sum(frame.copies.values()))
        yield frame
        if frame.ended >= show.total or frame.elapsed > GIVE_UP or crew.returncode is not None:
            return
        await asyncio.sleep(TICK)


async def _look(show: Show) -> Frame:
    counts, lanes = await show.stage.get("/mailbox/counts"), await show.queue.counts()
    states, _ = await show.attempts.totals()
    return Frame(
        elapsed=time.monotonic() - show.began,
        total=show.total,
        copies=counts["providers"],
        waiting={name: lane.waiting + lane.delayed for name, lane in zip(LANES, lanes, strict=True)},
        states={name: number for name, number in states.items() if number},
        workers=len(await show.workers.list()),
        in_flight=await show.attempts.in_flight(),
        down=show.down,
        events=tuple(show.events),
    )


async def _acts(show: Show) -> None:
    """What befalls the engine, in order, beside tickets that are sold all the while."""
    show.say(f"{show.total:,} messages: a cancelled event, reminders, ticket sales")
    async with asyncio.TaskGroup() as group:
        group.create_task(_sell_tickets(show))
        group.create_task(_kill_a_worker(show))
        await _until_out(show, SILENT_AT)
        await show.stage.delete("/faults?provider=resend")
        await show.stage.post("/faults", {"provider": "resend", "action": "hang", "times": -1})
        show.down = "silent"
        show.say("Resend takes mail and stops answering")
        await asyncio.sleep(SILENT_FOR)
        await show.stage.post("/providers/resend/refuse")
        show.down = "refuses"
        show.say("Resend refuses connections; mail goes to the next provider")


async def _sell_tickets(show: Show) -> None:
    for part in range(20):
        await _enqueue(show, "critical", part, 20)
        await asyncio.sleep(TICK)


async def _kill_a_worker(show: Show) -> None:
    await _until_out(show, KILL_AT)
    victim = max(await show.workers.list(), key=lambda beat: beat.in_flight)
    os.kill(victim.pid, signal.SIGKILL)
    show.say(f"kill -9 of worker {victim.pid} in mid-burst; the others take over")


async def _tell(show: Show, out: int) -> None:
    async with show.news:
        show.out = out
        show.news.notify_all()


async def _until_out(show: Show, share: float) -> None:
    async with show.news:
        await show.news.wait_for(lambda: show.out >= share * show.total)


async def _enqueue(show: Show, priority: str, part: int = 0, parts: int = 1) -> None:
    """Enqueue a part of the mail that has this priority."""
    lane, kind = LANES[priority]
    count = round(show.total * SHARES[priority])
    numbers = range(count * part // parts, count * (part + 1) // parts)
    additions = [Addition(lane, f"{kind}/{n}", kind, _message(priority, kind, n)) for n in numbers]
    for start in range(0, len(additions), 200):
        await show.queue.enqueue(additions[start : start + 200])


def _message(priority: str, kind: str, number: int) -> bytes:
    to: object = {"email": recipient(priority, number), "name": f"Guest {number}"}
    fields: dict[str, object] = {
        "id": f"{kind}/{number}",
        "type": kind,
        "to": to,
        "subject": f"Backroom {number}",
        "html": HTML,
    }
    return jobdata.write(fields)


def recipient(priority: str, number: int) -> str:
    """One address for each message, so that its copies can be counted in the mailboxes."""
    return f"{priority}-{number}@guests.example"


async def judge(show: Show) -> Verdict:
    """Count copies in the mailboxes; our own books are asked only what they admit: resends and unknowns."""
    counts = await show.stage.get("/mailbox/counts")
    copies: dict[str, int] = counts["recipients"]
    ids = _all_ids(show.total)
    unknown = {name for name, _ in await show.attempts.unknown(show.total)}
    resends = {
        name: await _resends(show.attempts, name) for name, address in ids.items() if copies.get(address, 0) != 1
    }
    doubled = {name for name in resends if copies.get(ids[name], 0) > 1}
    return Verdict(
        sent=show.total,
        delivered_once=sum(copies.get(address, 0) == 1 for address in ids.values()),
        doubled=len(doubled),
        lost=sum(address not in copies and name not in unknown for name, address in ids.items()),
        unknown=len(unknown),
        unknown_with_copy=sum(ids[name] in copies for name in unknown),
        ambiguous_resends=sum(resends.values()),
        unrecorded=sum(copies[ids[name]] > 1 + resends[name] for name in doubled),
        bulk_doubled=sum(name.startswith(LANES["bulk"][1]) for name in doubled),
        copies=counts["providers"],
        drain_s=round(show.drained, 1),
    )


async def _resends(attempts: Attempts, message: str) -> int:
    return sum(attempt.why is Why.RESEND for attempt in (await attempts.read(message)).attempts)


def _all_ids(total: int) -> dict[str, str]:
    return {
        f"{LANES[priority][1]}/{number}": recipient(priority, number)
        for priority, share in SHARES.items()
        for number in range(round(total * share))
    }
