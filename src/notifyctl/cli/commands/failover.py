"""`failover` and `switchover`: move the mail to another provider for a while."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import changing, screen
from notifyctl.cli.envelope import Result
from notifyctl.cli.options import DryRun, For, Reason, Yes, provider_names

if TYPE_CHECKING:
    from notifyctl.operations.failover import Ours, Seen, Wish
    from notifyctl.operations.route import Plan
    from notifyctl.settings import Settings
    from notifyctl.wiring import Store

Force = Annotated[
    list[str] | None,
    typer.Option("--force", metavar="CODE", help="Pass over what stands against it, by its code; repeatable."),
]


def failover(
    ctx: typer.Context,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="PROVIDER", help="Who takes over; default: the readiest.",
                     autocompletion=provider_names),
    ] = None,
    for_: For = None, force: Force = None, reason: Reason = None, yes: Yes = False, dry_run: DryRun = False,
) -> Result:  # fmt: skip
    """Move the mail away from a provider that fails, at once.

    Without --to the readiest provider takes over; where its breaker has moved the mail already there is nothing to
    do (exit code 0). It needs neither the failing provider nor a worker. It holds for 2 h unless --for says
    otherwise, and `restore` takes it back. A target that is not ready is refused (4), unless --force names each code.
    """
    from notifyctl.cli.given import load
    from notifyctl.operations import failover as moving

    target = changing.provider(to) if to else None
    asked = changing.asked(screen.of(ctx), reason, dry_run, yes, "Move the mail?", for_)
    settings = load(sends=True)
    ours = _ours(settings, target)

    def plan(seen: "Seen", why: str) -> "Plan":
        return moving.failover(seen, _wish(seen, asked, why, target, force))

    return changing.change(asked, ours.row, _see(ours, target), plan)


def switchover(
    ctx: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="PROVIDER", help="Who takes over.", autocompletion=provider_names)
    ],
    for_: For = None, force: Force = None, reason: Reason = None, yes: Yes = False, dry_run: DryRun = False,
) -> Result:  # fmt: skip
    """Move the mail as planned, to a provider that is ready.

    Refused (4) when anything stands against the target: its account, its breaker, our sender there, a quota smaller
    than the mail that is to be sent, or that it does not take a message to its sink address, which is sent before the
    mail is moved; --force names what to pass over. It holds for 2 h unless --for says otherwise,
    and `restore` takes it back.
    """
    from notifyctl.cli.given import load
    from notifyctl.operations import failover as moving

    target = changing.provider(to)
    asked = changing.asked(screen.of(ctx), reason, dry_run, yes, "Move the mail?", for_)
    settings = load(sends=True)
    ours = _ours(settings, target)

    def plan(seen: "Seen", why: str) -> "Plan":
        return moving.switchover(seen, target, _wish(seen, asked, why, target, force))

    def prove(made: "Plan") -> "Awaitable[Plan]":
        from notifyctl.operations.proof import Target, proven  # brings the wire, which a refusal need not wait for

        revision, passed = settings.revision, [code.upper() for code in force or ()]
        return proven(made, Target(ours.accounts.get(target), revision.sender_for(target), passed), revision.pace)

    return changing.change(asked, ours.row, _see(ours, target), plan, prove)


def _wish(seen: "Seen", asked: changing.Asked, why: str, to: str | None, force: list[str] | None) -> "Wish":
    from notifyctl.operations.failover import Wish

    until = seen.look.now + asked.span * 1000
    return Wish(to, until, asked.by, why, [code.upper() for code in force or ()])


def _see(ours: "Ours", to: str | None) -> "Callable[[Store], Awaitable[Seen]]":
    from notifyctl.operations.failover import Places, see

    return lambda store: see(Places(store.boards, store.limits, store.attempts, store.queue, store.workers), ours, to)


def _ours(settings: "Settings", target: str | None) -> "Ours":
    from notifyctl import wiring
    from notifyctl.operations.failover import Ours

    ours = Ours(settings.revision.order, settings.keyed, settings.senders, wiring.providers(settings))
    ours.demand(target)
    return ours
