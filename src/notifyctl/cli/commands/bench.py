"""`bench`: a load through the real engine, measured and put on record."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import ask, screen
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.options import DryRun, Yes
from notifyctl.cli.words import many, stamp
from notifyctl.domain import exits
from notifyctl.domain.bench import EMULATOR, ENOUGH, STAGING, About, Bench, Grade, Lane, Spread, judge
from notifyctl.domain.errors import Misconfigured, Refused, Usage
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from notifyctl.domain.progress import Listener
    from notifyctl.operations.bench import Load
    from notifyctl.settings import Settings
    from notifyctl.wiring import Store

ANSWER = 120  # ms after which the emulator answers, as real providers do
MESSAGES, MESSAGES_STAGING = 1000, 200  # what providers bill is the fewest that give a mean
SOMEBODY = "ann@customers.example"


def bench(
    ctx: typer.Context,
    messages: Annotated[
        int | None,
        typer.Option(
            "--messages",
            metavar="N",
            min=3,
            max=100_000,
            help=f"How many; {MESSAGES:,}, with --staging {MESSAGES_STAGING}.",
        ),
    ] = None,
    rate: Annotated[
        int, typer.Option("--rate", metavar="N", min=0, max=10_000, help="Enqueue so many a second; 0 is all at once.")
    ] = 0,
    processes: Annotated[
        int, typer.Option("--processes", metavar="N", min=1, max=16, help="How many workers, where none is live.")
    ] = 2,
    answer: Annotated[
        int | None,
        typer.Option("--answer", metavar="MS", min=0, max=2000, help=f"After how long the emulator answers; {ANSWER}."),
    ] = None,
    staging: Annotated[
        bool, typer.Option("--staging", help="Your own set-up: real messages to a provider's sink.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Result:
    """Send a load through the real engine, and measure it.

    Messages of each lane go through real workers: to an emulator on this machine, with a Redis of its own, or with
    --staging through your Redis and provider. Check PERF-003 and the half-yearly report read the result. Exit code 0:
    all accepted, and a mean surely below 500 ms; 1: not; 3: too few or too close to tell.
    """  # fmt: skip
    from notifyctl.operations.bench import Load

    if staging and answer is not None:
        raise Usage("CLI-USAGE", "only the emulator can be told how long it takes", "--answer", "leave it out")
    count = messages or (MESSAGES_STAGING if staging else MESSAGES)
    if not staging:
        return _emulated(screen.of(ctx), Load(count, SOMEBODY, rate), processes, ANSWER if answer is None else answer,
                         dry_run)  # fmt: skip
    if not dry_run:
        ask.demand(screen.of(ctx), "Send real messages?", yes)
    return _staged(screen.of(ctx), Load(count, "", rate), processes, yes, dry_run)


def _emulated(to: screen.Screen, load: "Load", processes: int, answer: int, dry_run: bool) -> Result:
    from notifyctl.cli.given import load as settings

    given = settings()
    against = f"an emulator on this machine that answers after {answer} ms"
    if dry_run:
        return _planned(load, against)
    about = _about("", EMULATOR, "production")

    async def work(listen: "Listener") -> "Bench":
        from notifyctl import settings, wiring
        from notifyctl.operations.bench import CONFIGURATION, slowed
        from notifyctl.operations.stage import stage

        async with stage(CONFIGURATION) as built:
            await slowed(built, answer)
            os.environ.clear()
            os.environ.update(built.environ)
            async with wiring.store(settings.load(), start=True) as store:
                return await _run(store, load, about, processes, lambda: built.start_workers(processes), listen)

    return _measured(to, given, work, against)


def _staged(to: screen.Screen, load: "Load", processes: int, yes: bool, dry_run: bool) -> Result:
    from notifyctl import wiring
    from notifyctl.cli.given import load as settings

    given = settings()
    if given.production:
        raise Refused("BEN-PRODUCTION", "a load test is not for production: customers' mail would wait behind it",
                      "NOTIFYCTL_MODE", "run it on a staging set-up, or without --staging")  # fmt: skip
    providers = wiring.providers(given)
    carrier = next(iter(providers), "")
    if not carrier or not given.revision.sender_for(carrier):
        raise Misconfigured("CFG-NO-PROVIDER", "no provider to send through has a key and a sender", "",
                            "set its key, and NOTIFYCTL_FROM")  # fmt: skip
    load = load._replace(to=providers[carrier].sink)
    against = f"the queues at {given.redis.place}, to the sink address of {carrier}"
    if dry_run:
        return _planned(load, against)
    count = load.messages + load.warming
    ask.agree(to, f"Send {count:,} messages onto {against}? The provider counts and bills them.", yes)
    about = _about(wiring.setup(given), STAGING, given.revision.pace.name)

    async def work(listen: "Listener") -> "Bench":
        from notifyctl.operations.stage import start_workers

        async def start() -> "Process":
            return await start_workers(processes, os.environ, Path(os.devnull))

        async with wiring.store(given, start=True) as store:
            return await _run(store, load, about, processes, start, listen)

    return _measured(to, given, work, against)


def _about(setup: str, against: str, pace: str) -> About:
    import time

    from notifyctl import __version__

    return About(round(time.time() * 1000), actor(os.environ), __version__, setup, against, pace)


async def _run(
    store: "Store", load: "Load", about: About, processes: int, start: "Callable[[], Awaitable[Process]]",
    listen: "Listener",
) -> "Bench":  # fmt: skip
    from notifyctl.operations.bench import ready, run

    async with ready(store.workers, processes, start) as crew:
        return await run(store.queue, store.retired, load, about, crew, listen)


def _measured(
    to: screen.Screen, given: "Settings", work: "Callable[[Listener], Awaitable[Bench]]", against: str
) -> Result:
    import asyncio

    from notifyctl.cli import progress
    from notifyctl.store import drills

    async def inside() -> "Bench":
        with progress.shown(to) as listen:
            return await work(listen)

    bench = asyncio.run(inside())
    drills.add_load(given.home, bench)
    return _told(bench, against)


def _planned(load: "Load", against: str) -> Result:
    data = {"messages": load.messages, "warming": load.warming, "rate": load.rate, "against": against}
    plan = f"{load.messages:,} messages {_speed(load.rate)}, and {load.warming:,} before that are not counted"
    return Result(data, (f"Would send {plan},", f"through {against}."), outcome="planned")


def _speed(rate: int) -> str:
    return f"at {rate:,} a second" if rate else "all at once"


def _told(bench: "Bench", against: str) -> Result:
    grade, total = judge(bench), bench.total
    drained = "the queue drained" if bench.drained else f"the queue did not drain: {total.open:,} are open"
    failed = f", {total.failed:,} failed" if total.failed else ""
    lines: list[str | Table] = [
        f"{total.accepted:,} of {total.sent:,} messages accepted{failed} in {bench.seconds:,.1f} s, "
        f"{bench.per_second:,.0f} a second; {drained}.",
        f"Against {against}.",
        f"Enqueued {_speed(bench.rate)}; {many(bench.workers, 'worker')}, pace {bench.pace}. "
        f"{', '.join(f'{name} took {count:,}' for name, count in bench.providers.items())}",
        Table(("lane", "sent", "wait p50", "p95 ms", "took mean", "p50", "p95", "p99 ms"),
              [_row(one) for one in (*bench.lanes, total)]),
        "wait: from the queue to the claim. took: from the claim to the acceptance.",
        _mean(total.took),
    ]  # fmt: skip
    data = {**bench.plain(), "at": stamp(bench.at), "per_second": round(bench.per_second, 1), "drained": bench.drained,
            "grade": grade.value}  # fmt: skip
    code = {Grade.GOOD: exits.OK, Grade.BAD: exits.BAD}.get(grade, exits.DEGRADED)
    findings = [] if grade is Grade.GOOD else [_finding(grade, bench)]
    return Result(data, lines, code, outcome="" if findings else "done", findings=findings)


def _row(lane: "Lane") -> tuple[str, ...]:
    wait, took = lane.wait, lane.took
    return (lane.name, f"{lane.sent:,}", *map(_ms, (wait.p50, wait.p95, took.mean, took.p50, took.p95, took.p99)))


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _mean(took: "Spread") -> str:
    if took.mean is None:
        return "Nothing was accepted, so there is no mean."
    within = f"95 %: {took.low:,.1f} to {took.high:,.1f}"
    return f"Mean {took.mean:,.1f} ms ({within}), of {took.n:,} messages; the limit is 500 ms."


def _finding(grade: "Grade", bench: "Bench") -> Finding:
    what = {
        Grade.FEW: f"{many(bench.total.took.n, 'message')} give no mean; {ENOUGH} do",
        Grade.DOUBTFUL: "the mean is too close to 500 ms, or one message in twenty took longer",
        Grade.BAD: "not every message was accepted" if bench.total.accepted < bench.total.sent
        else "the mean processing latency is 500 ms or more",
    }[grade]  # fmt: skip
    severity = "error" if grade is Grade.BAD else "warning"
    return Finding("PERF-003", severity, "bench", what, "see where the time goes: notifyctl explain PERF-003")
