"""`pause`, `resume` and `restore`: what people lay over the route, and how it is taken away."""

from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import changing, screen
from notifyctl.cli.envelope import Result
from notifyctl.cli.options import DryRun, For, Reason, Yes, provider_names

if TYPE_CHECKING:
    from notifyctl.operations.route import Plan
    from notifyctl.settings import Settings
    from notifyctl.store.board import Look

_THINGS = ("queue", "automation")


def _things(incomplete: str) -> list[str]:
    """What can be paused and begins with what was typed, for completion."""
    return [word for word in _THINGS if word.startswith(incomplete)] + provider_names(incomplete)


What = Annotated[
    str,
    typer.Argument(metavar="queue|automation|PROVIDER", help="What to pause or resume.", autocompletion=_things),
]


def pause(
    ctx: typer.Context, what: What, for_: For = None, reason: Reason = None, yes: Yes = False, dry_run: DryRun = False
) -> Result:
    """Stop the queue, a provider or automation for a while.

    `queue`: nothing is sent, all waits, no attempt is burned. A provider: it gets no mail, whatever its breaker says.
    `automation`: breakers take no provider out while you work by hand; those that are out still come back. It ends
    by itself after 2 h unless --for says otherwise, and `resume` ends it at once. BullMQ's own pause is not used.
    """
    from notifyctl.operations.route import paused

    thing = what if what in _THINGS else changing.provider(what)
    asked = changing.asked(screen.of(ctx), reason, dry_run, yes, f"Pause {thing}?", for_)
    given = _given()

    def plan(look: "Look", why: str) -> "Plan":
        return paused(look, thing, look.now + asked.span * 1000, asked.by, why, given.revision.rules)

    return changing.change(asked, given.keyed or given.revision.order, lambda store: store.boards.look(), plan)


def resume(ctx: typer.Context, what: What, reason: Reason = None, dry_run: DryRun = False) -> Result:
    """End a pause of the queue, a provider or automation.

    A provider is probed first and gets mail when three probes went well; one that its breaker took out is probed
    now instead of when its window is over. Nothing is asked; nothing to do is exit code 0.
    """
    from notifyctl.operations.route import resumed

    thing = what if what in _THINGS else changing.provider(what)
    asked = changing.asked(screen.of(ctx), reason, dry_run)._replace(back="the pause is no longer needed")
    given = _given()

    def plan(look: "Look", why: str) -> "Plan":
        return resumed(look, thing, asked.by, why, given.revision.rules)

    return changing.change(asked, given.keyed or given.revision.order, lambda store: store.boards.look(), plan)


def restore(ctx: typer.Context, reason: Reason = None, dry_run: DryRun = False) -> Result:
    """Take away all that people laid over the route.

    Pins, pauses of the queue, of automation and of providers end; mail takes the revision's order again. What
    breakers decided stays. Nothing is asked; nothing to do is exit code 0.
    """
    from notifyctl.operations.route import restored

    asked = changing.asked(screen.of(ctx), reason, dry_run)._replace(back="what people laid over the route is over")
    given = _given()

    def plan(look: "Look", why: str) -> "Plan":
        return restored(look, asked.by, why, given.revision.rules)

    return changing.change(asked, given.keyed or given.revision.order, lambda store: store.boards.look(), plan)


def _given() -> "Settings":
    from notifyctl.cli.given import load

    return load()
