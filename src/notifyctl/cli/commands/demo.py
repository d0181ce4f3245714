"""`demo`: see an outage survived, on real parts, in under a minute."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import screen
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.telling import phase_words
from notifyctl.cli.words import instant, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.domain.transition import Entry
    from notifyctl.operations.demo import Frame, Show
    from notifyctl.operations.outage import Outage
    from notifyctl.operations.verdict import Verdict

Painter = Callable[["Frame"], None]


def demo(
    ctx: typer.Context,
    messages: Annotated[
        int, typer.Option("--messages", metavar="N", min=100, max=20_000, help="How many mails.")
    ] = 2000,
    processes: Annotated[int, typer.Option("--processes", metavar="N", min=2, max=16, help="How many workers.")] = 3,
    recovery: Annotated[bool, typer.Option("--recovery", help="Mend the provider, and watch it come back.")] = False,
) -> Result:
    """Watch a provider die with mail in flight, then count.

    Everything is real but the providers: a Valkey server, worker processes, BullMQ's protocol, SIGKILL. Nothing of
    your own set-up is read or touched. Exit code 1 if a message was lost, or doubled without a recorded resend; with
    --recovery also if the provider did not come back.
    """
    import asyncio

    watcher = screen.of(ctx)
    return asyncio.run(_run(watcher, messages, processes, recovery))


async def _run(watcher: screen.Screen, messages: int, processes: int, recovery: bool) -> Result:
    import os

    from notifyctl import settings, wiring
    from notifyctl.operations.demo import Show, play
    from notifyctl.operations.stage import stage
    from notifyctl.operations.verdict import judge

    async with stage() as built:
        os.environ.clear()
        os.environ.update(built.environ)
        async with wiring.store(settings.load(), start=True) as store:
            show = Show(built, store.queue, store.attempts, store.workers, store.boards, messages, recovery)
            with painter(watcher) as paint:
                async for frame in play(show, processes):
                    paint(frame)
            return _result(*await judge(show), show, processes)


def painter(watcher: screen.Screen) -> "AbstractContextManager[Painter]":
    """A picture on a terminal, lines elsewhere, nothing beside JSON."""
    if watcher.quiet or watcher.machine:
        return _nobody()
    return _picture() if watcher.terminal(sys.stdout) else _lines(watcher)


@contextmanager
def _nobody() -> "Iterator[Painter]":
    yield lambda frame: None


@contextmanager
def _lines(watcher: screen.Screen) -> "Iterator[Painter]":
    from notifyctl.cli.picture import clock

    seen: list[float] = [0, -1]  # events told so far, the last whole second told

    def paint(frame: "Frame") -> None:
        for at, text in frame.events[int(seen[0]) :]:
            watcher.talk(f"{clock(at)}  {text}")
        if int(frame.elapsed) != seen[1]:
            copies = ", ".join(f"{name} {number:,}" for name, number in frame.copies.items())
            told = f"{frame.ended:,} of {frame.total:,} ended; in mailboxes: {copies or 0}{_breaker(frame)}"
            watcher.talk(f"{clock(frame.elapsed)}  {told}")
        seen[:] = len(frame.events), int(frame.elapsed)

    yield paint


def _breaker(frame: "Frame") -> str:
    words = phase_words(frame.breaker, frame.now, live=True)
    return f"; resend: {words}" if words else ""


@contextmanager
def _picture() -> "Iterator[Painter]":
    from rich.console import Console
    from rich.live import Live

    from notifyctl.cli.picture import draw

    totals: list[int] = []
    with Live(console=Console(highlight=False), auto_refresh=False, transient=False) as live:

        def paint(frame: "Frame") -> None:
            totals.append(sum(frame.copies.values()))
            speeds = [after - before for before, after in pairwise(totals)]
            live.update(draw(frame, speeds), refresh=True)

        yield paint


def _result(verdict: "Verdict", outage: "Outage", show: "Show", processes: int) -> Result:
    from dataclasses import asdict

    data = {**asdict(verdict), "pace": "demo", "processes": processes, "recovery": None}
    lines: list[str | Table] = [*_words(verdict)]
    if show.recovery:
        data["recovery"] = _recovery(outage, show.mended_at)
        lines += _back(outage, show.mended_at)
    back = bool(outage.closed_at) or not show.recovery
    return Result(
        data,
        lines,
        exit=0 if verdict.good and back else 1,
        next=("notifyctl emulator --env", "notifyctl explain states"),
    )


def _words(verdict: "Verdict") -> "Iterator[str]":
    yield f"{verdict.sent:,} sent, {verdict.lost} lost; counted from the mailboxes after {verdict.drain_s} s"
    yield f"  delivered once     {verdict.delivered_once:>6,}"
    yield f"  delivered twice    {verdict.doubled:>6,}  recorded resends: the first was unconfirmed"
    yield f"  unknown            {verdict.unknown:>6,}  bulk is never risked twice"
    yield f"    of these arrived {verdict.unknown_with_copy:>6,}  so the mailboxes say; the engine cannot know"
    yield f"  ambiguous resends  {verdict.ambiguous_resends:>6,}"
    if verdict.switch_ms is not None:
        yield f"  switched after     {verdict.switch_ms:>6,}  ms: from the first fault to a call elsewhere"
    if verdict.faults_before_switch is not None:
        yield f"  faults until then  {verdict.faults_before_switch:>6,}  calls failed before its breaker opened"
    if not verdict.good:
        yield f"NOT GOOD: {verdict.lost} lost, {verdict.unrecorded} doubled without a record"
        yield f"          {verdict.bulk_doubled} bulk messages doubled"


def _back(outage: "Outage", mended_at: int) -> "Iterator[str | Table]":
    """The way back, step by step, as the log of transitions has it."""
    rows = [(entry.at, f"{_phase(entry)}: {entry.reason} ({entry.verb})") for entry in outage.steps]
    rows += [(mended_at, "it is mended")] * bool(mended_at)
    rows += [(outage.back_at, "it gets mail again")] * bool(outage.back_at)
    first = "Resend is back:" if outage.closed_at else "NOT GOOD: Resend did not come back:"
    yield first
    yield Table(("time", "resend"), [(instant(at)[11:], what) for at, what in sorted(rows)])


def _phase(entry: "Entry") -> str:
    return entry.move.after.phase.value if entry.move else ""


def _recovery(outage: "Outage", mended_at: int) -> dict[str, object]:
    times = {name: stamp(getattr(outage, name)) for name in ("opened_at", "half_open_at", "closed_at", "back_at")}
    steps = [
        {"at": stamp(entry.at), "rule": entry.verb, "phase": _phase(entry), "reason": entry.reason}
        for entry in outage.steps
    ]
    return {"provider": outage.provider, "mended_at": stamp(mended_at), **times, "steps": steps}
