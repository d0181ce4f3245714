"""Real messages to the providers' sink addresses, as the commands that send them do it: ask, send, record, tell."""

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

import typer

from notifyctl.cli import ask, screen
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.words import many, stamp
from notifyctl.domain import exits
from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.domain.trial import Run


def send(ctx: typer.Context, chosen: Collection[str], count: int, yes: bool, dry_run: bool) -> Result:
    """So many through each of the chosen providers, or through all that have a key. Raises `Misconfigured`."""
    import asyncio
    import time

    from notifyctl import __version__, wiring
    from notifyctl.cli import progress
    from notifyctl.cli.given import load
    from notifyctl.domain.trial import Run
    from notifyctl.operations.staging import drill
    from notifyctl.store import drills
    from notifyctl.wiring.accounts import demand_route

    if not dry_run:
        ask.demand(screen.of(ctx), "Send real messages?", yes)
    given = load(sends=True)
    keyed = wiring.providers(given)
    absent = [name for name in chosen if name not in keyed]
    targets = {name: one for name, one in keyed.items() if not chosen or name in chosen}
    if absent:
        raise Misconfigured(
            "CFG-NO-PROVIDER", f"no key is set for {', '.join(absent)}", ", ".join(absent), "set its key"
        )
    demand_route(given, targets)
    senders = {name: given.revision.sender_for(name) for name in targets}
    plan = f"{many(count * len(targets), 'message')}, {count} through each of {', '.join(targets)}"
    if dry_run:
        return Result({"providers": [*targets], "count": count}, (f"Would send {plan}.",), outcome="planned")
    ask.agree(screen.of(ctx), f"Send {plan}?", yes)
    known = {name: sender for name, sender in senders.items() if sender}
    with progress.shown(screen.of(ctx)) as listen:
        trials = asyncio.run(drill(targets, known, count, given.revision.pace, listen))
    run = Run(round(time.time() * 1000), actor(os.environ), __version__, wiring.setup(given), tuple(trials))
    drills.add(given.home, run)
    return _sent(run)


def _sent(run: "Run") -> Result:
    bad = [one for one in run.trials if not one.accepted]
    findings = [
        Finding("STG-001", "error", f"provider/{one.provider}", f"a message to its sink address was not accepted: "
                f"{one.kind} {one.code}".strip(), f"see notifyctl probe {one.provider}") for one in bad
    ]  # fmt: skip
    rows = [
        (one.provider, one.kind, one.code, str(len(one.ms)), f"{sum(one.ms) / len(one.ms):,.0f} ms")
        for one in run.trials
    ]
    first = f"{len(run.trials) - len(bad)} of {many(len(run.trials), 'provider')} took every message."
    table = Table(("provider", "outcome", "code", "calls", "mean"), rows)
    data = {"at": stamp(run.at), "setup": run.setup, "trials": [one._asdict() for one in run.trials]}
    return Result(
        data, (first, table), exits.BAD if bad else exits.OK, outcome="" if bad else "done", findings=findings
    )
