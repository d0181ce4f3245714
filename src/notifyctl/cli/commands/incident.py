"""`incident`: what is wrong, what was wrong, and what became of it. These commands only look."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli.envelope import Markdown, Result, Table
from notifyctl.cli.words import many, moment, span, stamp
from notifyctl.domain import exits

if TYPE_CHECKING:
    from notifyctl.domain.cause import Cause
    from notifyctl.domain.finding import Finding
    from notifyctl.domain.incident import Incident, Sending
    from notifyctl.operations.incident import Shown

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]", help="Such as INC-2026-11-24-01; without one the open one, else the latest.", show_default=False
    ),
]


def detect() -> Result:
    """Tell what is wrong now, from the state of everything.

    Looks afresh, whatever was recorded, also when no worker lives. Exit code 0: nothing; 1: something is; 6: Redis does
    not answer. For cron: notifyctl incident detect -q
    """
    from notifyctl.cli import given
    from notifyctl.cli.running import with_store
    from notifyctl.operations.incident import detect as look
    from notifyctl.wiring import readers

    told = given.load()
    found, left = with_store(lambda store: look(readers(store), store.workers, told.addresses, told.keyed))
    first = f"{many(len(found), 'thing')} wrong." if found else f"Nothing {'new ' if left else ''}is wrong."
    still = [f"{name} gets no mail still, after an outage of all providers." for name in left]
    data = {"causes": [_cause(one) for one in found], "left": list(left), "notifiers": list(told.notifiers.names)}
    findings = [_finding(one) for one in found]
    following = ("notifyctl incident show",) if found else ()
    return Result(data, (first, *still), exits.BAD if found else exits.OK, findings=findings, next=following)


def _finding(cause: "Cause") -> "Finding":
    from notifyctl.domain.finding import Finding

    words = " ".join(part for part in (f"{cause.title}.", cause.what, cause.done) if part)
    return Finding("INC-CAUSE", cause.severity, cause.key, words, cause.todo)


def _cause(cause: "Cause") -> dict[str, Any]:
    names = ("key", "severity", "title", "what", "done", "todo", "harm")
    return {**{name: getattr(cause, name) for name in names}, "since": stamp(cause.since)}


def list_(
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="How many to list.")] = 20,
) -> Result:
    """List the latest incidents, and where each stands."""
    from notifyctl.cli.running import with_store

    found = with_store(lambda store: store.incidents.latest(limit))
    alive = sum(not one.resolved_at for one in found)
    if not found:
        return Result({"incidents": [], "open": 0}, ("There was none.",))
    rows = [(one.id, one.state.value, one.severity, moment(one.opened_at), one.title) for one in found]
    lines = (f"{many(alive, 'incident')} open.", Table(("incident", "state", "severity", "opened", "what"), rows))
    return Result({"incidents": [_data(one) for one in found], "open": alive}, lines)


def show(identity: Which = None) -> Result:
    """Tell everything about one incident."""
    shown = _shown(identity)
    incident = shown.incident
    lines: list[str | Table] = [
        f"{incident.id} {incident.state.value}: {incident.title} ({incident.severity}).",
        *(text for text in _words(incident) if text),
        *_times(incident),
        *_sendings(incident),
        *(f"{moment(entry.at)}  {entry.by}: {entry.text}" for entry in shown.timeline),
    ]
    timeline = [{"at": stamp(entry.at), "by": entry.by, "text": entry.text} for entry in shown.timeline]
    return Result({**_data(incident), "timeline": timeline}, lines)


def _words(incident: "Incident") -> tuple[str, ...]:
    """What happened, what was done, and what is left to do: nothing when it is over."""
    if not incident.resolved_at:
        return incident.what, incident.done, incident.todo
    return incident.what, incident.done and f"As long as it lasted: {incident.done}"


def report(identity: Which = None) -> Result:
    """Write the report of an incident as Markdown.

    All that is on record, in the usual order; the root cause is left open. Keep it: notifyctl incident report > r.md
    """
    from notifyctl.operations.postmortem import report as write

    text = write(_shown(identity))
    return Result({"markdown": text}, (Markdown(text.rstrip("\n")),))


def _shown(identity: str | None) -> "Shown":
    from notifyctl.cli.running import with_store
    from notifyctl.operations.incident import shown

    return with_store(lambda store: shown(store.incidents, identity))


def _times(incident: "Incident") -> list[str]:
    opened = f"began {moment(incident.started_at)}, detected after {span(incident.detect_ms)}"
    if incident.mitigate_ms is None:
        lines = [opened if incident.merged or incident.manual else f"{opened}; mail still suffers"]
    else:
        lines = [f"{opened}, mitigated after {span(incident.mitigate_ms)}"]
    if incident.acked_at:
        lines.append(f"{incident.acked_by} has it since {moment(incident.acked_at)}")
    if incident.flaps:
        lines.append(f"the cause came back {many(incident.flaps, 'time')}")
    return lines


def _sendings(incident: "Incident") -> list[str]:
    """Who was told what, and what is not told."""
    if not incident.sendings:
        return ["nobody was told"]
    return [f"{key}: {one.state}{f', {one.detail}' if one.detail else ''}" for key, one in incident.sendings.items()]


def _data(incident: "Incident") -> dict[str, Any]:
    names = ("id", "key", "severity", "title", "what", "done", "todo", "harm", "flaps", "merged", "root", "manual")
    people = ("opened_by", "acked_by", "resolved_by", "reviewed_by")
    times = ("started_at", "opened_at", "acked_at", "mitigated_at", "resolved_at", "reviewed_at")
    return {
        **{name: getattr(incident, name) for name in (*names, *people)},
        "state": incident.state.value,
        **{name: stamp(getattr(incident, name)) for name in times},
        "detect_ms": incident.detect_ms,
        "mitigate_ms": incident.mitigate_ms,
        "notified": {key: _sending(one) for key, one in incident.sendings.items()},
    }


def _sending(one: "Sending") -> dict[str, Any]:
    again = stamp(one.again_at)
    return {"state": one.state, "at": stamp(one.at), "again_at": again, "tries": one.tries, "detail": one.detail}
