"""`incident`: the verbs of those who respond. Each writes to the timeline who did what."""

import os
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from notifyctl.cli import ask, screen
from notifyctl.cli.envelope import NOTHING, Result, Table, actor
from notifyctl.cli.options import DryRun, Yes
from notifyctl.domain import exits
from notifyctl.domain.errors import Refused
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.domain.incident import Event
    from notifyctl.operations.incident import Changed

Identity = Annotated[
    str | None,
    typer.Option("--id", metavar="ID", help="The incident; without it the one that is open.", show_default=False),
]
Which = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="The incident; without it the one that is open.", show_default=False),
]
Text = Annotated[
    str | None, typer.Argument(metavar="[TEXT]", help="What happened, 1 to 500 characters.", show_default=False)
]
Ending = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="What ended it; kept in its log.", show_default=False)
]
Severity = Annotated[
    Literal["critical", "error", "warning"],
    typer.Option("--severity", metavar="WORD", help="Of one opened by hand: critical, error or warning."),
]


def log(ctx: typer.Context, text: Text = None, identity: Identity = None, severity: Severity = "warning") -> Result:
    """Write to the log of the open incident, or open one by hand.

    An incident opened by hand is told to the notifiers as any other, and ends by incident resolve.
    """
    from notifyctl.cli.running import with_store
    from notifyctl.operations import incident

    said, by = _text(ctx, text), actor(os.environ)
    changed = with_store(lambda store: incident.log(store.incidents, identity, said, severity, by), start=True)
    words = "opened by hand" if changed.incident.manual and changed.incident.version == 1 else "logged"
    return _told(changed, words)


def note(ctx: typer.Context, text: Text = None, identity: Identity = None) -> Result:
    """Add a note to an incident, open or over."""
    from notifyctl.cli.running import with_store
    from notifyctl.operations import incident

    said, by = _text(ctx, text), actor(os.environ)
    return _told(with_store(lambda store: incident.note(store.incidents, identity, said, by), start=True), "noted")


def ack(ctx: typer.Context, identity: Which = None, yes: Yes = False) -> Result:
    """Take an incident over: nobody is reminded any more."""
    from notifyctl.domain.incident import Acked

    ask.agree(screen.of(ctx), "Take the incident over? Nobody is reminded any more.", yes)
    by = actor(os.environ)
    return _changed(identity, Acked(by), "acknowledged", "acknowledged")


def resolve(ctx: typer.Context, identity: Which = None, reason: Ending = None, yes: Yes = False) -> Result:
    """End an incident that does not end by itself.

    One whose cause still holds is refused (exit code 4): it ends by itself when that is gone.
    """
    from notifyctl.domain.incident import Resolved

    why = ask.reason(screen.of(ctx), reason)
    ask.agree(screen.of(ctx), "End the incident? Everybody who was told of it is told.", yes)
    return _changed(identity, Resolved(actor(os.environ)), f"resolved: {why}", "resolved")


def notify(ctx: typer.Context, identity: Which = None, dry_run: DryRun = False, yes: Yes = False) -> Result:
    """Tell everybody of an incident, now and again.

    Shows what each notifier answered. Exit code 0: all were told; 3: some were not, or none is configured.
    """
    from notifyctl import wiring
    from notifyctl.cli import given
    from notifyctl.cli.running import with_store
    from notifyctl.operations import incident

    if not dry_run:
        ask.agree(screen.of(ctx), "Tell everybody who is configured? That may wake people.", yes)
    told = given.load()
    ways, realm, watching = wiring.notifiers(told), told.realm, told.revision.pace.watching
    if not ways:
        return Result({"notifiers": {}}, ("Nobody can be told.",), exits.DEGRADED, findings=(_nobody(),))
    if dry_run:
        names = [one.name for one in ways]
        return Result({"notifiers": dict.fromkeys(names)}, (f"Would tell: {', '.join(names)}. Nothing was sent.",))
    results = with_store(
        lambda store: incident.notify(store.incidents, identity, ways, realm, watching), start=True
    )  # fmt: skip
    well = sum(one.well for _, one in results)
    data = {"notifiers": {name: {"well": one.well, "detail": one.detail} for name, one in results}}
    rows = [(name, "told" if one.well else "not told", one.detail) for name, one in results]
    lines = (f"{well} of {len(results)} told.", Table(("notifier", "", "answer"), rows))
    return Result(data, lines, exits.OK if well == len(results) else exits.DEGRADED, "done" if well else "")


def _nobody() -> Finding:
    hint = "set NOTIFYCTL_PAGERDUTY_KEY, NOTIFYCTL_WEBHOOK_URL with _SECRET, or NOTIFYCTL_NOTIFY_COMMAND"
    return Finding("INC-NO-NOTIFIER", "warning", "notifiers", "no way to tell anybody is configured", hint)


def _text(ctx: typer.Context, text: str | None) -> str:
    try:
        return ask.reason(screen.of(ctx), text)
    except Refused as error:
        raise Refused(
            error.code, "the text must have 1 to 500 characters; nothing was changed", "", "give it as TEXT"
        ) from None


def _changed(identity: str | None, event: "Event", text: str, word: str) -> Result:
    from notifyctl.cli.running import with_store
    from notifyctl.operations import incident

    by = actor(os.environ)
    return _told(
        with_store(lambda store: incident.change(store.incidents, identity, event, by, text), start=True), word
    )


def _told(changed: "Changed", word: str) -> Result:
    incident = changed.incident
    data = {"id": incident.id, "state": incident.state.value, "version": incident.version}
    if not changed.did:
        return Result(data, (f"{incident.id} is {incident.state.value}: nothing to do.",), outcome=NOTHING[1])
    following = (f"notifyctl incident show {incident.id}",)
    return Result(data, (f"{incident.id} {word}: {incident.title}.",), outcome="done", next=following)
