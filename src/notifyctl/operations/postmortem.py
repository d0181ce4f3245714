"""The report of an incident, as Markdown: all that is on record, and room for what only people know."""

from collections.abc import Iterator

from notifyctl.domain.cause import time_of
from notifyctl.domain.incident import TOOL, Incident
from notifyctl.operations.incident import Shown


def report(shown: Shown) -> str:
    """Summary, impact, timeline, detection, root, actions. What is not known is left open, never invented."""
    return "\n".join(_lines(shown)) + "\n"


def _lines(shown: Shown) -> Iterator[str]:
    incident = shown.incident
    yield from (f"# {incident.id}: {incident.title}", "")
    yield from ("## Summary", "", *_summary(incident), "")
    yield from ("## Impact", "", *_impact(incident), "")
    yield from ("## Timeline (UTC)", "", *(f"- {time_of(e.at)} {e.by}: {_cell(e.text)}" for e in shown.timeline), "")
    yield from ("## Detection", "", *_detection(incident), "")
    yield from ("## Root cause", "", incident.root or "_To be written by a person._", "")
    yield from ("## What went well, what went badly, where we were lucky", "", "_To be written by a person._", "")
    yield from ("## Actions", "", "| what | who | until |", "|---|---|---|", "| | | |")


def _summary(incident: Incident) -> Iterator[str]:
    yield f"- State: {incident.state.value}; severity: {incident.severity}; cause: `{incident.key}`."
    did = "What the tool did as long as it lasted" if incident.quiet_at else "What the tool did"
    for name, text in (("What happened", incident.what), (did, incident.done)):
        if text:
            yield f"- {name}: {_cell(text)}"
    if incident.acked_at:
        yield f"- Taken over by {incident.acked_by} at {time_of(incident.acked_at)}."
    if incident.resolved_at:
        yield f"- Over since {time_of(incident.resolved_at)}, said by {incident.resolved_by}."


def _impact(incident: Incident) -> Iterator[str]:
    start = time_of(incident.started_at)
    if incident.manual:
        yield f"- Since {start}, by the word of {incident.opened_by}; what it did to mail was not measured."
    elif incident.mitigate_ms is None:
        yield f"- Mail suffers since {start}."
    elif incident.mitigated_at <= incident.opened_at:
        yield "- None was seen: the tool had moved the mail before the incident was opened."
    else:
        yield f"- Mail suffered from {start} to {time_of(incident.mitigated_at)}: {_seconds(incident.mitigate_ms)}."
    yield f"- Flaps: {incident.flaps}. Messages to do, and in doubt, at its begin and end: see the timeline."


def _detection(incident: Incident) -> Iterator[str]:
    how = "by itself" if incident.opened_by == TOOL else f"by {incident.opened_by}"
    yield f"- Opened {how} at {time_of(incident.opened_at)}, {_seconds(incident.detect_ms)} after its beginning."
    if incident.mitigate_ms is not None:
        yield f"- Time to mitigate: {_seconds(incident.mitigate_ms)}."
    told = [f"{key} {one.state} {time_of(one.at)}" for key, one in incident.sendings.items()]
    yield f"- Told: {'; '.join(told) or 'nobody'}."


def _seconds(ms: int) -> str:
    return f"{ms / 1000:,.1f} s"


def _cell(text: str) -> str:
    return " ".join(text.split())
