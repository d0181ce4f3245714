"""The demo: an outage in fast motion, on real parts, with a verdict counted from the mailboxes.

A cancelled event, reminders and ticket sales are enqueued by the real BullMQ protocol. Resend then takes mail without
answering, then refuses connections, and one worker is killed in the middle of it. On request Resend is mended then, and
its breaker finds that out by itself.
"""

import asyncio
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.transition import Move
from notifyctl.operations.stage import Stage, end
from notifyctl.store import jobdata, lanes
from notifyctl.store.attempts import Attempts
from notifyctl.store.board import Boards
from notifyctl.store.queue import Addition, Queue
from notifyctl.store.workers import Workers

DYING = "resend"
LATENCY = 0.12  # seconds that each provider takes to answer, as real ones do
TICK = 0.2  # seconds between two frames
SILENT_AT, SILENT_FOR = 0.25, 0.7  # share of the mail that is out when Resend goes silent; seconds until it refuses
KILL_AT = 0.5  # share of the mail that is out when a worker is killed
MEND_AT = 0.75  # share of the mail that is out when Resend is mended
GIVE_UP = 120.0  # seconds
PARTS, EARLY = 30, 15  # parts of the reminders; those after the early ones are sent when Resend is probed, one a tick
LANES = {"critical": (1, "booking.confirmation"), "standard": (2, "booking.reminder"), "bulk": (3, "event.cancelled")}
SHARES = {"critical": 0.1, "standard": 0.3, "bulk": 0.6}
HTML = "<h1>The Backroom Leeds</h1><p>" + "Doors at seven, first act at eight. " * 500 + "</p>"


@dataclass(frozen=True, slots=True)
class Frame:
    """One look at the show. `copies` by provider are the mailbox's; `waiting` by lane, `states` and `breaker`, that of
    the provider that dies, are the engine's. `now` is the server's time, epoch ms."""

    elapsed: float
    total: int
    copies: dict[str, int]
    waiting: dict[str, int]
    states: dict[str, int]
    workers: int
    in_flight: int
    down: str
    events: tuple[tuple[float, str], ...]
    breaker: Breaker
    now: int

    @property
    def ended(self) -> int:
        """Messages in a terminal state."""
        return sum(self.states.values())


@dataclass(slots=True)
class Show:
    """The running demo: what has happened so far. With `recovery` Resend is mended, at `mended_at` (epoch ms of the
    server); `told` are the transitions that were told."""

    stage: Stage
    queue: Queue
    attempts: Attempts
    workers: Workers
    boards: Boards
    total: int
    recovery: bool = False
    mended_at: int = 0
    told: set[str] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)
    events: list[tuple[float, str]] = field(default_factory=list)
    down: str = ""
    drained: float = 0.0
    out: int = 0
    phase: Phase = Phase.CLOSED
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def say(self, text: str) -> None:
        """Note an event."""
        self.events.append((time.monotonic() - self.began, text))


async def play(show: Show, processes: int) -> AsyncIterator[Frame]:
    """Run the show and yield a frame now and then; ends when every message has ended."""
    for provider in ("resend", "postmark", "ses"):
        await show.stage.post("/faults", {"provider": provider, "delay_s": LATENCY, "times": -1})
    await _enqueue(show, "bulk")
    for part in range(EARLY if show.recovery else PARTS):
        await _enqueue(show, "standard", part, PARTS)
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
        await _tell(show, frame)
        yield frame
        back = not show.recovery or frame.breaker.phase is Phase.CLOSED
        if (frame.ended >= show.total and back) or frame.elapsed > GIVE_UP or crew.returncode is not None:
            return
        await asyncio.sleep(TICK)


async def _look(show: Show) -> Frame:
    counts, queue = await show.stage.get("/mailbox/counts"), show.queue
    seen = await lanes.look(queue.link, queue.names, queue.bases)
    states, _ = await show.attempts.totals()
    board, now = await show.boards.look()
    await _follow(show)
    return Frame(
        elapsed=time.monotonic() - show.began,
        total=show.total,
        copies=counts["providers"],
        waiting={name: lane.waiting + lane.delayed for name, lane in zip(LANES, seen, strict=True)},
        states={name: number for name, number in states.items() if number},
        workers=len(await show.workers.list()),
        in_flight=await show.attempts.in_flight(),
        down=show.down,
        events=tuple(show.events),
        breaker=board.breaker(DYING),
        now=now,
    )


async def _follow(show: Show) -> None:
    """Tell what the breakers did since the last look."""
    for entry in reversed(await show.boards.history()):
        if entry.move and entry.id not in show.told:
            show.told.add(entry.id)
            show.say(_words(entry.move))


def _words(move: Move) -> str:
    before, after = move.before.phase, move.after.phase
    change = f"is {after}" if before is after else f"{before} -> {after}"
    return f"{move.provider} {change}: {move.after.reason}"


async def _acts(show: Show) -> None:
    """What befalls the engine, in order, beside tickets that are sold all the while."""
    show.say(f"{show.total:,} messages: a cancelled event, reminders, ticket sales")
    async with asyncio.TaskGroup() as group:
        group.create_task(_sell_tickets(show))
        group.create_task(_kill_a_worker(show))
        if show.recovery:
            group.create_task(_mend(show))
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


async def _mend(show: Show) -> None:
    """Mend Resend, and have mail for the time when it is tried again: the second and third probe are messages."""
    await _until_out(show, MEND_AT)
    await show.stage.delete("/faults?provider=resend")
    await show.stage.post("/faults", {"provider": "resend", "delay_s": LATENCY, "times": -1})
    await show.stage.post("/providers/resend/restore")
    show.mended_at, show.down = (await show.boards.look()).now, ""
    show.say("Resend is mended, and nobody tells the engine")
    async with show.news:
        await show.news.wait_for(lambda: show.phase is not Phase.OPEN)
    for part in range(EARLY, PARTS):
        await _enqueue(show, "standard", part, PARTS)
        await asyncio.sleep(TICK)


async def _tell(show: Show, frame: Frame) -> None:
    async with show.news:
        show.out, show.phase = sum(frame.copies.values()), frame.breaker.phase
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
