"""What a person may decide about a message that has ended. The engine decides alone until then.

`retry` gives a message of which surely no copy is out another chance; its attempts are counted afresh:

1. Of an unknown message a copy may be out: that is no retry, it needs `resend`. One that is out is never retried; nor
   is one that is under way, or that was suppressed, cancelled or ended without consent.
2. A message that is another job's, or whose job was started by a worker that keeps no records, is left alone.
3. Permission, an unchanged body and a deadline that has not passed are needed now as ever; a person may lengthen the
   deadline.
4. A dead one, and one that expired after attempts, is sent as if its attempts had not been made. One that ended at the
   door, before any attempt, is looked at afresh. One that a provider refused for good is not sent: a corrected mail
   needs a new id.

`resend` takes on a second copy of an unknown message, recorded as one ambiguous resend more, and decided by a person:

5. Never of bulk or marketing mail: of those there is never more than one copy, whoever decides.
6. The rules 2 and 3 hold. A message that is not unknown is retried instead.

`delivered`, `drop` and `ignore` end the question about an unknown or dead message without a call: a person found the
copy (unknown only), nobody shall send it, or the doubt may stay.

7. An archived message is final, whatever it ended as.
"""

from typing import NamedTuple

from notifyctl.domain.attempt import Record, State
from notifyctl.domain.permission import refusal
from notifyctl.domain.revision import MessageType, Priority, Purpose

RETRY, LOOK, RESEND = "retry", "look", "resend"
DELIVERED, DROP, IGNORE = "delivered", "drop", "ignore"
_OUT = (State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED)


class Case(NamedTuple):
    """A message and its job as they are now; times in epoch ms of the server.

    `job` is the key of the job, '' when it is gone; `body` the SHA-256 of its data; `type` is None, and `unreadable`
    says why, when the data are no message. `deadline` is the message's own, `lengthened` the one that the person gives
    (0 = none).
    """

    record: Record
    job: str
    body: str
    type: MessageType | None
    now: int
    deadline: int
    unreadable: str = ""
    lengthened: int = 0

    @property
    def late(self) -> bool:
        """True when no deadline is left to send it within."""
        return self.now >= max(self.record.deadline or self.deadline, self.lengthened)


class Verdict(NamedTuple):
    """What would be done: `verb` is `retry`, `look` or `resend`; '' = nothing, for the `reason` and with the `code`."""

    verb: str
    reason: str
    code: str = ""
    fix: str = ""


def _archived(record: Record) -> Verdict | None:
    """Rule 7."""
    if record.archived is None:
        return None
    what = f"it is {record.state} for good: it ended in {record.archived.month}, and is archived"
    return _no("RTY-ARCHIVED", what, "enqueue the mail under a new id")


def retry(case: Case) -> Verdict:
    """Whether a message may have another chance; rules 1 to 4 at the top of this module."""
    record = case.record
    if record.state is State.UNKNOWN:
        return _no("RTY-UNKNOWN", "a copy may be out", f"notifyctl message resend {record.id}")
    if record.state in _OUT:
        return _no("RTY-OUT", f"it is {record.state}: a copy is out")
    if not record.state.terminal:
        return _no("RTY-OPEN", f"it is {record.state}: nothing has ended")
    if record.state in (State.SUPPRESSED, State.NO_CONSENT, State.CANCELLED):
        return _no("RTY-FINAL", f"it is {record.state}")
    if hindrance := _archived(record) or _hindrance(case):
        return hindrance
    if record.state is State.REJECTED and record.attempts:
        return _no("RTY-FINAL", "a provider refused it for good", "enqueue the corrected mail under a new id")
    if not record.attempts:
        return Verdict(LOOK, "nothing was sent: it is looked at afresh")
    return Verdict(RETRY, f"{len(record.attempts)} attempts, each surely without a copy")


def resend(case: Case) -> Verdict:
    """Whether a second copy may be risked; rules 5 and 6 at the top of this module."""
    record, kind = case.record, case.type
    if record.state is not State.UNKNOWN:
        return retry(case)
    if kind and (kind.priority is Priority.BULK or kind.purpose is Purpose.MARKETING):
        return _no("RTY-BULK", "bulk and marketing mail is never sent twice, whoever decides", _ask_them(record))
    return _hindrance(case) or Verdict(RESEND, "a copy may be out: this may be a second one")


def close(record: Record, verb: str) -> Verdict:
    """Whether the question about a message may be ended without a call."""
    if final := _archived(record):
        return final
    if record.state not in (State.UNKNOWN, State.DEAD):
        return _no("RTY-OPEN", f"it is {record.state}: nothing waits for a decision")
    if verb == DELIVERED and record.state is State.DEAD:
        return _no("RTY-FINAL", "it is dead: surely no copy is out", f"notifyctl message resend {record.id}")
    return Verdict(verb, f"it was {record.state}")


def _hindrance(case: Case) -> Verdict | None:
    """Rules 2 and 3."""
    record = case.record
    if not case.job:
        return _no("RTY-GONE", "its job is gone, and its text with it", "enqueue it again under a new id")
    if not record.version:
        return _no("RTY-UNRECORDED", "nothing is on record of it, so nobody knows whether another worker sent it")
    if record.job != case.job:
        return _no("RTY-OTHER-JOB", "the message is another job's", f"notifyctl message show {record.id}")
    if case.type is None:
        return _no("RTY-UNREADABLE", f"its data are no message: {case.unreadable}", "enqueue it corrected")
    if reason := refusal(case.type):
        return _no("RTY-PERMISSION", reason)
    if record.attempts and record.body != case.body:
        return _no("RTY-EDITED", "its data were changed after an attempt", "a new text needs a new id")
    if case.late:
        return _no("RTY-LATE", "its deadline has passed", "lengthen it: --deadline 2h")
    return None


def _ask_them(record: Record) -> str:
    provider = record.suspect.provider if record.suspect else "its provider"
    return f"look it up at {provider}, then: notifyctl queue review {record.id} --decide delivered"


def _no(code: str, reason: str, fix: str = "") -> Verdict:
    return Verdict("", reason, code, fix)
