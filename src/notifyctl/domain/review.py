"""The review queue: what only a person can decide, until when, and what was decided.

Policy:

- An item waits to its due time; it stays after that, and is told as overdue.
- A decision has a reason and a name to it. It may be taken back or changed until it was executed: a resend when the
  mail was enqueued again, any other one when a day has passed.
- A mail that is in doubt again after a decision, such as one whose resend was not answered either, waits anew.
- Resend belongs to mail in doubt alone: to send what a provider refused for good makes no sense.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from notifyctl.domain.errors import Refused

DUE = 86_400_000  # ms in which a person should decide
IN_DOUBT = "may or may not be out; look it up at its provider"
FINAL = 86_400_000  # ms after which a decision that needs no deed counts as executed


class Decision(StrEnum):
    """What becomes of an item."""

    RESEND = "resend"  # send the mail again
    DELIVERED = "delivered"  # it arrived: somebody has looked
    DROP = "drop"  # it is not sent, and need not be
    IGNORE = "ignore"  # nothing is to be done


@dataclass(frozen=True, slots=True)
class Item:
    """One item, such as `unknown/booking-confirm/8731`. Times are epoch ms, 0 = not yet; `version` as it was read."""

    id: str
    kind: str
    subject: str
    what: str
    since: int
    due: int
    incident: str = ""
    version: int = 0
    decision: str = ""
    reason: str = ""
    decided_at: int = 0
    decided_by: str = ""
    executed_at: int = 0

    def final(self, now: int) -> bool:
        """Whether the decision can be taken back no more."""
        waited = self.decided_at and self.decision != Decision.RESEND and now - self.decided_at >= FINAL
        return bool(self.executed_at or waited)

    def overdue(self, now: int) -> bool:
        """Whether nobody decided in time."""
        return not self.decision and now > self.due


def item(kind: str, subject: str, what: str, since: int, incident: str = "") -> Item:
    """A new item, due a day after it began."""
    return Item(f"{kind}/{subject}", kind, subject, what, since, since + DUE, incident)


def decided(one: Item, decision: Decision, reason: str, by: str, now: int) -> Item:
    """The item with that decision; raises `Refused` when another one was executed, or this one does not fit."""
    _demand_open(one, now)
    if decision is Decision.RESEND and one.kind != "unknown":
        raise Refused("REV-NO-MAIL", f"{one.id} is no mail that could be sent again", one.id, "decide drop or ignore")
    return replace(one, decision=decision.value, reason=reason, decided_at=now, decided_by=by)


def renewed(one: Item, since: int) -> Item:
    """The item of a question that arose at that time (epoch ms): a decision made before was about an earlier one."""
    if not one.decision or one.decided_at >= since:
        return one
    return Item(one.id, one.kind, one.subject, one.what, since, since + DUE, one.incident, one.version)


def undone(one: Item, now: int) -> Item:
    """The item without its decision; raises `Refused` when that was executed."""
    _demand_open(one, now)
    return replace(one, decision="", reason="", decided_at=0, decided_by="")


def executed(one: Item, now: int) -> Item:
    """The item whose decision was carried out."""
    return replace(one, executed_at=now)


def _demand_open(one: Item, now: int) -> None:
    if one.final(now):
        raise Refused(
            "REV-EXECUTED", f"the decision on {one.id} was carried out: {one.decision}", one.id,
            "look at it: notifyctl incident review",
        )  # fmt: skip
