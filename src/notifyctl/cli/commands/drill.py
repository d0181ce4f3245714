"""`drill`: what would happen if a provider failed now, and does each take a message?"""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import ask, changing, screen
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.options import DryRun, Yes, provider_names
from notifyctl.cli.telling import breaker_words
from notifyctl.cli.words import many, span, stamp
from notifyctl.domain import exits
from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.domain.trial import Run
    from notifyctl.operations.drill import Drill


def failover(
    provider: Annotated[
        str | None,
        typer.Argument(metavar="[PROVIDER]", help="Who fails; default: who gets the mail.",
                       autocompletion=provider_names),
    ] = None,
) -> Result:  # fmt: skip
    """Rehearse the failure of a provider; nothing is written.

    The engine's own rules decide about invented faults, on a copy of the state of now. Exit code 0: the mail would
    go elsewhere and come back; 1: nobody would get it, or automation is paused.
    """
    from notifyctl.cli.given import load
    from notifyctl.cli.running import with_store
    from notifyctl.operations import drill

    chosen = changing.provider(provider) if provider else None
    given = load()
    row = given.keyed or given.revision.order
    return _told(with_store(lambda store: drill.failover(store.boards, row, chosen, given.revision.rules)))


def staging(
    ctx: typer.Context,
    provider: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROVIDER]...", help="All with a key without one.", autocompletion=provider_names),
    ] = None,
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=1, max=200, help="Messages for each; 20 to measure.")
    ] = 1,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Result:
    """Send real messages to the providers' sink addresses.

    Nobody gets them, but the providers count and bill them. What came of it is recorded in the data directory, where
    checks STG-001, PERF-001 and PRV-004 read it. Exit code 0: each provider took all; 1: one did not.
    """
    import asyncio
    import time

    from notifyctl import __version__, wiring
    from notifyctl.cli import progress
    from notifyctl.cli.given import load
    from notifyctl.domain.trial import Run
    from notifyctl.operations.staging import drill
    from notifyctl.store import drills

    chosen = [changing.provider(name) for name in provider or ()]
    if not dry_run:
        ask.demand(screen.of(ctx), "Send real messages?", yes)
    given = load()
    targets = {name: one for name, one in wiring.providers(given).items() if not chosen or name in chosen}
    senders = {name: given.revision.sender_for(name) for name in targets}
    if not targets or not all(senders.values()):
        raise Misconfigured("CFG-NO-PROVIDER", "a provider to send through has no key or no sender", ", ".join(chosen),
                            "set its key, and NOTIFYCTL_FROM")  # fmt: skip
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


def _told(drill: "Drill") -> Result:
    findings = drill.findings()
    rows = [
        (_after(scene.at - drill.now), scene.what, scene.rule, breaker_words(scene.breaker), scene.carrier or "nobody")
        for scene in drill.scenes
    ]
    table = Table(("after", f"if {drill.provider} failed now", "rule", "breaker", "mail goes to"), rows)
    return Result(_data(drill), (_summary(drill), table), exits.BAD if findings else exits.OK, findings=findings)


def _summary(drill: "Drill") -> str:
    if not drill.tripped:
        return f"A drill, nothing is written: {drill.provider} would not be taken out now."
    out, back = drill.tripped, drill.scenes[-1]
    goes = f"goes through {out.carrier}" if out.carrier else "is held"
    return (
        f"A drill, nothing is written: after {out.breaker.reason} the mail {goes}; "
        f"the first probe is {_after(back.at - drill.now)} later."
    )


def _after(ms: int) -> str:
    return span(ms) if ms else "at once"


def _data(drill: "Drill") -> dict[str, object]:
    scenes = [
        {
            "at": stamp(scene.at), "after_ms": scene.at - drill.now, "what": scene.what, "rule": scene.rule,
            "phase": scene.breaker.phase.value, "reason": scene.breaker.reason, "carrier": scene.carrier,
        }
        for scene in drill.scenes
    ]  # fmt: skip
    return {"provider": drill.provider, "before": drill.before.carrier, "during": drill.carrier, "scenes": scenes}
