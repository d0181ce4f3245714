"""Notices: what is told of an incident, to whom, when and in which words.

Policy:

- Recorded first, told second. What is not critical is told after the time to settle; `info` is recorded and never told.
- Each notifier is told once that an incident was opened, once more when it became worse, and reminded 15 and 60 min
  after the first message until a person has it. One message follows its end, where it was tried to tell of the
  beginning; an incident that ended before that is told to nobody.
- A message that failed is tried again, ever more rarely, eight times in all; one that was cut off in between is sent
  again, under the same id, so that the other side can tell.
- What became part of another incident is told with that one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from notifyctl.domain.cause import time_of
from notifyctl.domain.incident import Incident, Sending
from notifyctl.domain.pace import Watching

OPENED, WORSE, ACKED, RECOVERED = "opened", "worse", "acked", "recovered"
REMINDER = "reminder"  # followed by its number


class Due(NamedTuple):
    """A message that should go out now: its occasion, and the notifier."""

    occasion: str
    notifier: str

    @property
    def key(self) -> str:
        """Its key among the sendings of an incident."""
        return f"{self.occasion}/{self.notifier}"


class Told(NamedTuple):
    """What came of a message: whether the notifier took it, and its words."""

    well: bool
    detail: str = ""


class Notice(NamedTuple):
    """One message. `id` is the same when it is sent again; `realm` names the installation."""

    id: str
    realm: str
    occasion: str
    incident: Incident
    at: int

    @property
    def dedup(self) -> str:
        """The same for everything about this incident, and for nothing else."""
        return f"notifyctl/{self.realm}/{self.incident.id}/{self.incident.opened_at}"[:255]


def notice_of(incident: Incident, occasion: str, realm: str, now: int, again: str = "") -> Notice:
    """The message of an occasion; `again` makes another one of it, for a person who sends it once more."""
    made = Notice("", realm, occasion, incident, now)
    return made._replace(id=f"{made.dedup}/{occasion}{again}")


def due(incident: Incident, notifiers: Sequence[str], watching: Watching, now: int) -> list[Due]:
    """What should go out now."""
    wanted = [Due(occasion, name) for name in notifiers for occasion in _occasions(incident, name, watching, now)]
    return [one for one in wanted if _free(incident.sendings.get(one.key), watching, now)]


def owing(incident: Incident, notifiers: Sequence[str], watching: Watching) -> bool:
    """Whether something may still have to be told or done: such an incident is looked at again."""
    return not incident.resolved_at or any(
        not _ended(incident.sendings.get(f"{RECOVERED}/{name}"), watching)
        for name in notifiers
        if not incident.merged and f"{OPENED}/{name}" in incident.sendings
    )


def claimed(incident: Incident, one: Due, watching: Watching, now: int) -> Incident:
    """The incident when that message is about to be sent; nobody else may send it for three times its patience."""
    before = incident.sendings.get(one.key)
    tries = before.tries + 1 if before else 1
    return _with(incident, one, Sending("pending", now, now + int(watching.patience * 3000), tries))


def sent(incident: Incident, one: Due, detail: str, now: int) -> Incident:
    """The incident when that message is out."""
    return _with(incident, one, replace(_sending(incident, one), state="sent", at=now, again_at=0, detail=detail))


def failed(incident: Incident, one: Due, detail: str, watching: Watching, now: int) -> Incident:
    """The incident when that message could not be sent; it may be tried again later."""
    sending = _sending(incident, one)
    pause = watching.retry[min(sending.tries, len(watching.retry)) - 1]
    again = replace(sending, state="failed", at=now, again_at=now + int(pause * 1000), detail=detail[:200])
    return _with(incident, one, again)


def text(notice: Notice) -> str:
    """The message for people: what happened, what was done, what they may need to do."""
    return "\n".join(line for line in (headline(notice), *_body(notice.incident, notice.occasion)) if line)


def headline(notice: Notice) -> str:
    """The message in one line."""
    incident = notice.incident
    beginning = {OPENED: "", WORSE: "worse: ", ACKED: "acknowledged: ", RECOVERED: "over: "}
    return f"{beginning.get(notice.occasion, 'still: ')}{incident.title} ({incident.id})"


def document(notice: Notice) -> dict[str, Any]:
    """The message for machines: what a webhook and a command are given. It only grows."""
    incident = notice.incident
    return {
        "type": f"incident.{notice.occasion}",
        "timestamp": _iso(notice.at),
        "data": {
            "id": incident.id, "key": incident.key, "dedup_key": notice.dedup, "realm": notice.realm,
            "state": incident.state.value, "severity": incident.severity, "title": incident.title,
            "what": incident.what, "done": incident.done, "todo": incident.todo, "text": text(notice),
            "started_at": _iso(incident.started_at), "opened_at": _iso(incident.opened_at),
            "mitigated_at": _iso(incident.mitigated_at), "resolved_at": _iso(incident.resolved_at),
            "flaps": incident.flaps, "command": f"notifyctl incident show {incident.id}",
        },
    }  # fmt: skip


def _occasions(incident: Incident, notifier: str, watching: Watching, now: int) -> Iterator[str]:
    first = incident.sendings.get(f"{OPENED}/{notifier}")
    if incident.severity == "info" or incident.merged:
        return
    if incident.resolved_at:
        if first and (first.state != "pending" or now >= first.again_at):
            yield RECOVERED
        return
    settled = incident.severity == "critical" or now >= incident.opened_at + watching.settle * 1000
    if settled:
        yield OPENED
    if first is None or first.state != "sent":
        return
    if incident.worse_at > first.at:
        yield WORSE
    if incident.acked_at:
        yield ACKED
        return
    for number, wait in enumerate(watching.reminders, 1):
        if now >= first.at + wait * 1000:
            yield f"{REMINDER}-{number}"


def _free(sending: Sending | None, watching: Watching, now: int) -> bool:
    return sending is None or (not _ended(sending, watching) and now >= sending.again_at)


def _ended(sending: Sending | None, watching: Watching) -> bool:
    """Whether it went out, or was tried as often as it is worth."""
    return sending is not None and (sending.state == "sent" or sending.tries > len(watching.retry))


def _sending(incident: Incident, one: Due) -> Sending:
    return incident.sendings.get(one.key, Sending("pending", 0, 0))


def _with(incident: Incident, one: Due, sending: Sending) -> Incident:
    sendings: Mapping[str, Sending] = {**incident.sendings, one.key: sending}
    return replace(incident, sendings=MappingProxyType(dict(sendings)))


def _body(incident: Incident, occasion: str) -> Iterator[str]:
    if occasion == RECOVERED:
        yield f"From {time_of(incident.started_at)} to {time_of(incident.mitigated_at or incident.resolved_at)}."
        yield f"The cause came back {incident.flaps} times." if incident.flaps else ""
    else:
        yield f"What happened: {incident.what}" if incident.what else ""
        yield f"What was done: {incident.done}" if incident.done else ""
        yield f"What you may need to do: {incident.todo}" if incident.todo else ""
    yield f"More: notifyctl incident show {incident.id}"


def _iso(ms: int) -> str | None:
    return time_of(ms).replace(" ", "T") if ms else None
