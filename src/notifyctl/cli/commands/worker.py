"""`worker`: send what is on the queues, and see who does."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import screen
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.words import many, span, stamp
from notifyctl.domain import exits
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.operations.fleet import Ended
    from notifyctl.operations.worker import Workforce
    from notifyctl.settings import Settings
    from notifyctl.store.workers import Beat


def run(
    ctx: typer.Context,
    processes: Annotated[
        int, typer.Option("--processes", metavar="N", min=1, max=64, help="How many worker processes.")
    ] = 1,
    until_eof: Annotated[
        bool, typer.Option("--until-eof", help="Drain when the pipe on stdin ends, for supervisors.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", hidden=True, help="A log for people, whatever stdout is.")] = False,
) -> Result:
    """Send what is on the queues, until told to stop.

    SIGTERM or Ctrl-C drains: nothing more is claimed, what is under way ends, then the exit code is 0. A second
    one ends at once; other workers take over what was left. The log goes to stderr: short lines for people on a
    terminal, JSON lines elsewhere and with -o json.
    """
    from notifyctl import settings

    given = settings.load(sends=True)
    return _fleet(ctx, given, processes) if processes > 1 else _alone(ctx, given, until_eof, plain)


def _alone(ctx: typer.Context, given: "Settings", until_eof: bool, plain: bool) -> Result:
    from notifyctl import wiring
    from notifyctl.cli.running import fast
    from notifyctl.operations.worker import on_end_of, on_signals

    async def work() -> Result:
        to = screen.of(ctx)
        people = to.terminal(sys.stderr) and (plain or not to.machine)
        async with wiring.worker(given, plain=people) as worker:
            with on_signals(worker):
                if until_eof:
                    on_end_of(sys.stdin.fileno(), worker)
                await worker.run(lambda: _greet(to, given, 1))
            return _ended(worker.sent, worker.left, worker.asked)

    return fast(work())


def _ended(sent: int, left: int, asked: bool) -> Result:
    if not left:
        return Result({"sent": sent, "left": 0, "asked": asked}, (f"Drained. {sent:,} sent.",), outcome="done")
    what = f"{left:,} messages were not done in time; other workers take them over"
    finding = Finding("WRK-LEFT", "warning", "worker", what, "nothing, unless no other worker runs")
    return Result(
        {"sent": sent, "left": left, "asked": asked}, (f"Stopped. {sent:,} sent.",), exits.DEGRADED, findings=(finding,)
    )


def _fleet(ctx: typer.Context, given: "Settings", processes: int) -> Result:
    import asyncio

    from notifyctl.operations.fleet import Fleet
    from notifyctl.operations.worker import on_signals
    from notifyctl.telemetry.logs import Log
    from notifyctl.wiring.accounts import demand_route, providers

    async def work() -> "list[Ended]":
        log = Log("fleet", b"")
        log_to = () if screen.of(ctx).machine else ("--plain",)  # the fleet itself reads stdout
        command = (sys.executable, "-m", "notifyctl", "worker", "run", "--until-eof", "-q", "-o", "json", *log_to)
        fleet = Fleet(command, processes, log.say)
        with on_signals(fleet, fleet.kill):
            _greet(screen.of(ctx), given, processes)
            try:
                return await fleet.run()
            finally:
                log.flush()

    demand_route(given, providers(given))
    return _together(asyncio.run(work()))


def _together(ended: "list[Ended]") -> Result:
    """The result of a fleet: drained when each of its workers was."""
    sent = sum(end.document.get("data", {}).get("sent", 0) for end in ended)
    lost = [end for end in ended if not end.drained]
    data = {"sent": sent, "processes": [{"pid": end.pid, "exit": end.code} for end in ended]}
    if not lost:
        return Result(data, (f"Drained. {sent:,} sent by the last {len(ended)} processes.",), outcome="done")
    what = f"{len(lost)} of {len(ended)} workers did not drain; other workers take over what they held"
    finding = Finding("WRK-LEFT", "warning", "worker", what, "nothing, unless no other worker runs")
    return Result(data, (f"Stopped. {sent:,} sent.",), exits.DEGRADED, findings=(finding,))


def _greet(to: screen.Screen, given: "Settings", processes: int) -> None:
    """A few words for a human who started it; a log collector gets JSON lines alone."""
    from notifyctl.cli.given import strangers
    from notifyctl.telemetry.logs import Log

    if not to.terminal(sys.stderr):
        log = Log("settings", b"")
        for line in () if to.quiet else strangers(given):
            log.say("setting", what=line)
        log.flush()
        return
    for line in strangers(given):
        to.talk(line)
    to.talk(f"{many(processes, 'worker')}, pace {given.revision.pace.name}")
    to.talk(f"queues     {', '.join(given.queues)}")
    to.talk(f"providers  {', '.join(given.keyed)}")
    to.talk("Ctrl-C drains and ends.")


def list_() -> Result:
    """List the workers that live, with what each does."""
    from notifyctl.cli.running import with_store
    from notifyctl.operations.worker import look

    return _listed(with_store(lambda store: look(store.workers, store.queue)))


def _listed(force: "Workforce") -> Result:
    findings = force.findings()
    rows = [_row(beat, force) for beat in force.beats]
    columns = ("worker", "version", "pace", "beat", "in flight", "sent", "")
    first = f"{many(len(force.beats), 'worker')}, {force.waiting:,} waiting."
    data = {"workers": [_data(beat, force) for beat in force.beats], "waiting": force.waiting}
    code = exits.DEGRADED if findings else exits.OK
    return Result(data, (first, Table(columns, rows)) if rows else (first,), code, findings=findings)


def _data(beat: "Beat", force: "Workforce") -> dict[str, object]:
    now, asked = force.now, beat.token in force.asked
    names = ("name", "host", "pid", "version", "pace", "in_flight", "sent", "draining", "keys", "pinned")
    times = {"started_at": stamp(beat.started_at), "beat_at": stamp(beat.beat_at), "age_ms": max(now - beat.beat_at, 0)}
    return {**{name: getattr(beat, name) for name in names}, "asked_to_drain": asked, **times}


def _row(beat: "Beat", force: "Workforce") -> tuple[str, ...]:
    name = f"{beat.host}/{beat.pid}" if beat.name == beat.token else beat.name
    age, ends = span(max(force.now - beat.beat_at, 0)), beat.draining or beat.token in force.asked
    state = "draining" if ends else ""
    return (name, beat.version, beat.pace, f"{age} ago", f"{beat.in_flight:,}", f"{beat.sent:,}", state)
