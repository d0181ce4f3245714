"""Incidents: one for each cause as long as it lasts, and what becomes of it.

    open -> acked -> mitigated -> resolved -> reviewed

Policy:

- One incident is open for a cause; a cause that is gone and comes back within the calm (120 s) is a flap of it, and so
  is what makes it worse. Later it is a new one.
- What was to be done at its worst stays to be done: the probe of a refused account fails like any other.
- Acked: a person has it; nobody is reminded any more.
- Mitigated: no mail suffers any more. The tool may have done that before it opened the incident. When mail suffers
  again, the incident is open again, or acked.
- Resolved: by itself once the cause is gone for as long as the calm, never while it holds; by a person when it has no
  cause that could be seen (an incident opened by hand). A provider's, of which nobody was told yet, becomes part of the
  outage of all providers when that begins.
- Reviewed: by a person, once resolved, with what was the root of it.

Time to detect runs from the cause's beginning to the opening, time to mitigate from the beginning to the mitigation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from notifyctl.domain.cause import ALL, Cause
from notifyctl.domain.errors import Refused
from notifyctl.domain.finding import SEVERITIES

TOOL = "notifyctl"  # who does what no person did
REVIEW_DUE = 5 * 86_400_000  # ms after its end by which an incident is reviewed


class State(StrEnum):
    """Where an incident is; the last two are the end of its alarm and the end of its work."""

    OPEN = "open"
    ACKED = "acked"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to one notifier: pending, sent or failed; when tried last, when it may be tried (again), how often.

    A pending one whose time has come was cut off: whether it went out is not known, so it is sent again.
    """

    state: str
    at: int
    again_at: int
    tries: int = 1
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """Times are epoch ms of the Redis server, 0 = not yet. `version` is that of the record it was read from.

    `quiet_at` is since when the cause is gone; `worse_at` when the severity rose; `merged` names the incident that it
    became part of; `sendings` are keyed `occasion/notifier`.
    """

    key: str
    severity: str
    title: str
    what: str
    done: str
    todo: str
    started_at: int
    opened_at: int
    opened_by: str = TOOL
    id: str = ""
    version: int = 0
    harm: bool = True
    acked_at: int = 0
    acked_by: str = ""
    mitigated_at: int = 0
    quiet_at: int = 0
    worse_at: int = 0
    resolved_at: int = 0
    resolved_by: str = ""
    merged: str = ""
    reviewed_at: int = 0
    reviewed_by: str = ""
    root: str = ""
    flaps: int = 0
    sendings: Mapping[str, Sending] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def manual(self) -> bool:
        """Whether a person opened it: then no cause is watched."""
        return self.key.startswith("manual/")

    @property
    def state(self) -> State:
        """The furthest state that it has reached and not left again."""
        reached = (
            (self.reviewed_at, State.REVIEWED), (self.resolved_at, State.RESOLVED),
            (self.mitigated_at, State.MITIGATED), (self.acked_at, State.ACKED),
        )  # fmt: skip
        return next((state for time, state in reached if time), State.OPEN)

    @property
    def detect_ms(self) -> int:
        """The time to detect."""
        return max(self.opened_at - self.started_at, 0)

    @property
    def mitigate_ms(self) -> int | None:
        """The time to mitigate, None while mail suffers."""
        return max(self.mitigated_at - self.started_at, 0) if self.mitigated_at else None


class Seen(NamedTuple):
    """The cause holds."""

    cause: Cause


class Gone(NamedTuple):
    """The cause does not hold."""


class Acked(NamedTuple):
    """A person has it."""

    by: str


class Resolved(NamedTuple):
    """A person says that it is over."""

    by: str


class Merged(NamedTuple):
    """It is part of another incident."""

    into: str


class Reviewed(NamedTuple):
    """A person has looked back at it; `root` is what was behind it."""

    by: str
    root: str


Event = Seen | Gone | Acked | Resolved | Merged | Reviewed


def opened(cause: Cause, now: int, by: str = TOOL) -> Incident:
    """A new incident of a cause, not recorded yet."""
    return Incident(
        cause.key, cause.severity, cause.title, cause.what, cause.done, cause.todo, min(cause.since or now, now), now,
        opened_by=by, harm=cause.harm, mitigated_at=0 if cause.harm else now,
    )  # fmt: skip


def after(incident: Incident, event: Event, calm: float, now: int) -> Incident | None:
    """The incident after an event, None when that changes nothing. `calm` in seconds.

    Raises `Refused` for what a person may not do: to resolve what is watched by itself, to review what is not over.
    """
    match event:
        case Seen(cause):
            return None if incident.resolved_at else _seen(incident, cause, now)
        case Gone():
            return None if incident.resolved_at or incident.manual else _gone(incident, calm, now)
        case Merged(into):
            end = replace(incident, resolved_at=now, resolved_by=TOOL, merged=into, mitigated_at=0)
            return None if incident.resolved_at else end
        case Acked(by):
            done = incident.acked_at or incident.resolved_at
            return None if done else replace(incident, acked_at=now, acked_by=by)
        case Resolved(by):
            return _resolved(incident, by, now)
        case Reviewed(by, root):
            return _reviewed(incident, by, root, now)


def _seen(incident: Incident, cause: Cause, now: int) -> Incident | None:
    change = SEVERITIES.index(cause.severity) - SEVERITIES.index(incident.severity)
    changed = replace(
        incident, title=cause.title, what=_what(incident, cause), done=cause.done,
        todo=incident.todo if change > 0 else cause.todo, harm=cause.harm, quiet_at=0,
    )  # fmt: skip
    if incident.quiet_at:
        changed = replace(changed, flaps=incident.flaps + 1)
    if cause.harm:
        changed = replace(changed, mitigated_at=0)
    elif not incident.mitigated_at:
        changed = replace(changed, mitigated_at=now)
    if change < 0:
        changed = replace(changed, severity=cause.severity, worse_at=now)
    return changed if changed != incident else None


def _what(incident: Incident, cause: Cause) -> str:
    """Of an outage of everything that which made it, or brought it back: its probes tell nothing of that."""
    return cause.what if cause.what and (cause.key != ALL or incident.quiet_at) else incident.what


def _gone(incident: Incident, calm: float, now: int) -> Incident | None:
    if not incident.quiet_at:
        return replace(incident, quiet_at=now, mitigated_at=incident.mitigated_at or now, harm=False)
    if now - incident.quiet_at < calm * 1000:
        return None
    return replace(incident, resolved_at=now, resolved_by=TOOL)


def _resolved(incident: Incident, by: str, now: int) -> Incident | None:
    if incident.resolved_at:
        return None
    if not incident.manual and not incident.quiet_at:
        raise Refused(
            "INC-HOLDS", f"the cause of {incident.id} still holds; it ends by itself when that is gone", incident.id,
            "to be reminded no more: notifyctl incident ack",
        )  # fmt: skip
    return replace(incident, resolved_at=now, resolved_by=by, mitigated_at=incident.mitigated_at or now, harm=False)


def _reviewed(incident: Incident, by: str, root: str, now: int) -> Incident | None:
    if incident.reviewed_at:
        return None
    if not incident.resolved_at:
        raise Refused("INC-NOT-OVER", f"{incident.id} is not over; it is reviewed after its end", incident.id)
    return replace(incident, reviewed_at=now, reviewed_by=by, root=root)


def story(before: Incident | None, now: Incident) -> list[str]:
    """What the timeline says of a change."""
    if before is None:
        told = f"opened: {now.title}. {now.what}"
        return [told, "mail does not suffer: mitigated already"] if now.mitigated_at else [told]
    changes = (
        (now.flaps > before.flaps, "the cause is back: a flap"),
        (now.worse_at > before.worse_at, f"worse: {now.severity}. {now.what}"),
        (now.quiet_at and not before.quiet_at, "the cause is gone"),
        (now.mitigated_at and not before.mitigated_at, f"mitigated: {now.done if not now.quiet_at else 'mail flows'}"),
        (before.mitigated_at and not now.mitigated_at and not now.merged, f"mail suffers again: {now.what}"),
        (now.acked_at and not before.acked_at, "acknowledged"),
        (now.merged and not before.merged, f"became part of {now.merged}"),
        (now.resolved_at and not before.resolved_at and not now.merged, "resolved"),
        (now.reviewed_at and not before.reviewed_at, f"reviewed; root: {now.root}"),
    )
    return [text for held, text in changes if held]
