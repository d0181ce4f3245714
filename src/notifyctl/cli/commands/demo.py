"""`demo`: see an outage survived, on real parts, in under a minute."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import screen
from notifyctl.cli.envelope import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.operations.demo import Frame, Verdict

Painter = Callable[["Frame"], None]


def demo(
    ctx: typer.Context,
    messages: Annotated[
        int, typer.Option("--messages", metavar="N", min=100, max=20_000, help="How many mails.")
    ] = 2000,
    processes: Annotated[int, typer.Option("--processes", metavar="N", min=2, max=16, help="How many workers.")] = 3,
) -> Result:
    """Watch a provider die with mail in flight, then count.

    Everything is real but the providers: a Valkey server, worker processes, BullMQ's protocol, SIGKILL. Nothing of
    your own set-up is read or touched. Exit code 1 if a message was lost, or doubled without a recorded resend.
    """
    import asyncio

    watcher = screen.of(ctx)
    return asyncio.run(_run(watcher, messages, processes))


async def _run(watcher: screen.Screen, messages: int, processes: int) -> Result:
    import os

    from notifyctl import settings, wiring
    from notifyctl.operations.demo import Show, judge, play
    from notifyctl.operations.stage import stage

    async with stage() as built:
        os.environ.clear()
        os.environ.update(built.environ)
        async with wiring.store(settings.load(), start=True) as store:
            show = Show(built, store.queue, store.attempts, store.workers, messages)
            with painter(watcher) as paint:
                async for frame in play(show, processes):
                    paint(frame)
            return _result(await judge(show), processes)


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

    told: list[float] = [0, -1]  # events told so far, the last whole second told

    def paint(frame: "Frame") -> None:
        for at, text in frame.events[int(told[0]) :]:
            watcher.talk(f"{clock(at)}  {text}")
        if int(frame.elapsed) != told[1]:
            copies = ", ".join(f"{name} {number:,}" for name, number in frame.copies.items())
            watcher.talk(
                f"{clock(frame.elapsed)}  {frame.ended:,} of {frame.total:,} ended; in mailboxes: {copies or 0}"
            )
        told[:] = len(frame.events), int(frame.elapsed)

    yield paint


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


def _result(verdict: "Verdict", processes: int) -> Result:
    from dataclasses import asdict

    data = {**asdict(verdict), "pace": "demo", "processes": processes}
    return Result(
        data,
        tuple(_words(verdict)),
        exit=0 if verdict.good else 1,
        next=("notifyctl emulator --env", "notifyctl explain states"),
    )


def _words(verdict: "Verdict") -> "Iterator[str]":
    yield f"{verdict.sent:,} sent, {verdict.lost} lost; counted from the mailboxes after {verdict.drain_s} s"
    yield f"  delivered once     {verdict.delivered_once:>6,}"
    yield f"  delivered twice    {verdict.doubled:>6,}  recorded resends: the first was unconfirmed"
    yield f"  unknown            {verdict.unknown:>6,}  bulk is never risked twice"
    yield f"    of these arrived {verdict.unknown_with_copy:>6,}  so the mailboxes say; the engine cannot know"
    yield f"  ambiguous resends  {verdict.ambiguous_resends:>6,}"
    if not verdict.good:
        yield f"NOT GOOD: {verdict.lost} lost, {verdict.unrecorded} doubled without a record"
        yield f"          {verdict.bulk_doubled} bulk messages doubled"
