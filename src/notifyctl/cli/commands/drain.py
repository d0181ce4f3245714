"""`worker drain`: have workers end, from anywhere, without losing what they have in hand."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import progress, screen, why
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.options import DryRun, Reason, parse_span
from notifyctl.cli.words import many
from notifyctl.domain import exits
from notifyctl.domain.errors import Usage
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.store.workers import Beat
    from notifyctl.wiring import Store

WAIT = 120  # seconds


def drain(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A worker, as worker list names it.")] = None,
    all: Annotated[bool, typer.Option("--all", help="Every worker that lives now.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return when they are gone.")] = False,
    timeout: Annotated[
        int | None,
        typer.Option("--timeout", metavar="DURATION", parser=parse_span, help="How long --wait waits; 2m if not said."),
    ] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> Result:
    """Have workers end what they have in hand, and exit.

    Each sees it with its next heartbeat, some seconds later, and claims nothing more. Those that start later work.
    Exit code 5: one still lived when --wait had waited long enough; it has been told.
    """
    if bool(name) == all:
        raise Usage("CLI-USAGE", "name one worker, or give --all", "", "notifyctl worker list shows their names")
    from notifyctl.cli.running import with_store
    from notifyctl.operations import drain as operation

    to = screen.of(ctx)

    with progress.shown(to) as listener:

        async def work(store: "Store") -> Result:
            beats = await operation.choose(store.workers, name)
            if dry_run or not beats:
                return _planned(beats, dry_run)
            tokens = [beat.token for beat in beats]
            told_why = reason or await why.of_incident(to, store) or ""
            await store.workers.ask_to_drain(tokens, actor(os.environ), told_why)
            left = await operation.wait(store.workers, beats, timeout or WAIT, listener) if wait else beats
            told = await store.workers.asked_to_drain(tokens)
            return _told(beats, left, told, wait)

        return with_store(work)


def _planned(beats: "Sequence[Beat]", dry_run: bool) -> Result:
    data = {"workers": [_data(beat) for beat in beats], "asked": 0, "left": len(beats), "dry_run": dry_run}
    if not beats:
        return Result(data, ("No worker lives.",), outcome="nothing to do")
    rows = [(_name(beat), f"{beat.in_flight:,}") for beat in beats]
    return Result(data, (f"{many(len(beats), 'worker')} would drain.", Table(("worker", "in flight"), rows)))


def _told(beats: "Sequence[Beat]", left: "Sequence[Beat]", told: set[str], waited: bool) -> Result:
    gone = len(beats) - len(left)
    data = {
        "workers": [{**_data(beat), "gone": beat not in left} for beat in beats],
        "asked": len(told | {beat.token for beat in beats if beat not in left}), "left": len(left), "dry_run": False,
    }  # fmt: skip
    if not waited:
        line = f"{many(len(beats), 'worker')} asked to drain; each hears it with its next heartbeat."
        return Result(data, (line,), outcome="done", next=("notifyctl worker list",))
    if not left:
        return Result(data, (f"Drained: {many(gone, 'worker')} gone.",), outcome="done")
    names = ", ".join(_name(beat) for beat in left[:5])
    what = f"{len(left):,} of {len(beats):,} still live: {names}"
    finding = Finding("WRK-NOT-DRAINED", "warning", "workers", what, "look again: notifyctl worker list")
    return Result(data, (f"{many(gone, 'worker')} gone, {len(left):,} left.",), exits.UNKNOWN, findings=(finding,))


def _data(beat: "Beat") -> dict[str, Any]:
    return {"name": beat.name, "host": beat.host, "pid": beat.pid, "in_flight": beat.in_flight}


def _name(beat: "Beat") -> str:
    return f"{beat.host}/{beat.pid}" if beat.name == beat.token else beat.name
