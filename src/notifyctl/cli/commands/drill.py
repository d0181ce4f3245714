"""`drill`: what would happen if a provider failed now, and does each take a message?"""

from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import changing, sinking
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.options import DryRun, Yes, provider_names
from notifyctl.cli.telling import breaker_words
from notifyctl.cli.words import span, stamp
from notifyctl.domain import exits

if TYPE_CHECKING:
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
    return sinking.send(ctx, [changing.provider(name) for name in provider or ()], count, yes, dry_run)


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
