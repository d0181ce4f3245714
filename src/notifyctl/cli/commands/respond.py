"""`incident`: the verbs of those who respond. Each writes to the timeline who did what."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from notifyctl.cli import ask, screen
from notifyctl.cli.envelope import NOTHING, Result, Table, actor
from notifyctl.cli.options import DryRun, Yes
from notifyctl.cli.screen import Screen
from notifyctl.domain import exits
from notifyctl.domain.errors import Refused, Usage
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.domain.incident import Event, Incident
    from notifyctl.domain.notice import Told
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
New = Annotated[bool, typer.Option("--new", help="Open another incident, whatever is open.")]
Severity = Annotated[
    Literal["critical", "error", "warning"],
    typer.Option("--severity", metavar="WORD", help="Of one opened by hand: critical, error or warning."),
]


def log(
    ctx: typer.Context, text: Text = None, identity: Identity = None, new: New = False, severity: Severity = "warning"
) -> Result:
    """Write to the log of the open incident, or open one by hand.

    An incident opened by hand is told to the notifiers as any other, and ends by incident resolve. --new opens one
    beside those that are open.
    """
    from notifyctl.cli.running import with_store
    from notifyctl.operations import incident

    if new and identity:
        raise Usage("CLI-USAGE", "a new incident has no id yet", "--new", "give --new or --id, not both")
    said, by = _text(ctx, text), actor(os.environ)
    changed = with_store(lambda store: incident.log(store.incidents, identity, said, severity, by, new), start=True)
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

    doing = _Doing(Acked(actor(os.environ)), "acknowledged", "Take it over? Nobody is reminded any more.")
    ask.demand(screen.of(ctx), doing.question, yes)
    return _changed(screen.of(ctx), identity, doing, yes, lambda: "acknowledged")


def resolve(ctx: typer.Context, identity: Which = None, reason: Ending = None, yes: Yes = False) -> Result:
    """End an incident that does not end by itself.

    One whose cause still holds is refused (exit code 4): it ends by itself when that is gone.
    """
    from notifyctl.domain.incident import Resolved

    here = screen.of(ctx)
    doing = _Doing(Resolved(actor(os.environ)), "resolved", "End it? Everybody who was told of it is told.")
    if reason or not here.can_ask():
        ask.reason(here, reason)
    ask.demand(here, doing.question, yes)
    return _changed(here, identity, doing, yes, lambda: f"resolved: {ask.reason(here, reason)}")


def notify(ctx: typer.Context, identity: Which = None, dry_run: DryRun = False, yes: Yes = False) -> Result:
    """Tell everybody of an incident, now and again.

    Shows what each notifier answered. Exit code 0: all were told; 3: some were not, or none is configured.
    """
    from notifyctl import wiring
    from notifyctl.cli import given
    from notifyctl.cli.running import steps
    from notifyctl.operations import incident

    question = "Tell everybody who is configured? That may wake people."
    if not dry_run:
        ask.demand(screen.of(ctx), question, yes)
    told = given.load()
    ways, realm, watching = wiring.notifiers(told), told.realm, told.revision.pace.watching
    if not ways:
        return Result({"notifiers": {}}, ("Nobody can be told.",), exits.DEGRADED, findings=(_nobody(),))
    with steps(start=not dry_run) as step:
        found = step(lambda store: incident.pick(store.incidents, identity, over=True))
        if dry_run:
            names = [one.name for one in ways]
            lines = (f"{_name(found)} Would tell: {', '.join(names)}. Nothing was sent.",)
            return Result({"id": found.id, "notifiers": dict.fromkeys(names)}, lines)
        ask.agree(screen.of(ctx), question, yes, (_name(found),))
        results = step(lambda store: incident.notify(store.incidents, found.id, ways, realm, watching))
    return _answers(found.id, results)


def _answers(identity: str, results: "Sequence[tuple[str, Told]]") -> Result:
    well = sum(one.well for _, one in results)
    notified = {name: {"well": one.well, "detail": one.detail} for name, one in results}
    data = {"id": identity, "notifiers": notified}
    rows = [(name, "told" if one.well else "not told", one.detail) for name, one in results]
    lines = (f"{well} of {len(results)} told of {identity}.", Table(("notifier", "", "answer"), rows))
    return Result(data, lines, exits.OK if well == len(results) else exits.DEGRADED, "done" if well else "")


class _Doing(NamedTuple):
    """What is done to an incident, its word, and the question before it."""

    event: "Event"
    word: str
    question: str


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


def _changed(screen: Screen, identity: str | None, doing: "_Doing", yes: bool, text: Callable[[], str]) -> Result:
    """Find out which incident is meant and whether anything is to be done, then ask, then do it."""
    from notifyctl.cli.running import steps
    from notifyctl.operations import incident

    with steps(start=True) as step:
        seen = step(lambda store: incident.foresee(store.incidents, identity, doing.event))
        if not seen.did:
            return _told(seen, doing.word)
        ask.agree(screen, doing.question, yes, (_name(seen.incident),))
        event, by, said = doing.event, actor(os.environ), text()
        done = step(lambda store: incident.change(store.incidents, seen.incident.id, event, by, said))
    return _told(done, doing.word)


def _name(incident: "Incident") -> str:
    return f"{incident.id} {incident.state.value}: {incident.title}."


def _told(changed: "Changed", word: str) -> Result:
    incident = changed.incident
    data = {"id": incident.id, "state": incident.state.value, "version": incident.version}
    if not changed.did:
        return Result(data, (f"{incident.id} is {incident.state.value}: nothing to do.",), outcome=NOTHING[1])
    following = (f"notifyctl incident show {incident.id}",)
    return Result(data, (f"{incident.id} {word}: {incident.title}.",), outcome="done", next=following)
