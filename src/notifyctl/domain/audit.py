"""Audit: what became of jobs that are no longer where they were, judged from what passes over a queue have seen.

A pass looks at every open job of a queue (waiting, delayed, active) and remembers that it saw it. A job is *missing*
when an earlier pass, or the event of its addition, knows it as open, and this pass did not see it.

1. Its hash is there and it has ended, and so has the record of its message, if it has one: nothing is wrong. If the
   record is open, the job ended without it: its data were changed to another message, or another worker ended it. The
   message is unknown.
2. Its hash is there, and it is in no list, at two passes one after the other: an orphan, which nobody will take. One
   that was started since the pass began is only on its way from list to list.
3. Its hash is gone. With an open record the job is lost: the message is cancelled, or unknown when a call may have left
   a copy. Not before the last call can no longer be under way, since its worker may still tell what came of it.
4. Its hash is gone and there is no record of it. When an event says that somebody removed it, it is lost. Else it is
   after a second pass: what has ended in the meantime has said so in an event until then.

A lost job was removed when an event names it, else it vanished: nothing tells of a drain, and of a clean only a number.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from notifyctl.domain.attempt import Record, State


@dataclass(frozen=True, slots=True)
class Missing:
    """A job that was not seen.

    `last_seen` is the last pass that knew it as open, below 0 once it is counted as an orphan; `started_at` when it was
    started last, epoch ms (0 = never). `there` says whether its hash exists, `ended` whether BullMQ has it as completed
    or failed, `removed` whether an event says that somebody removed it. `record` is its message's, None when that is
    not known or another job's.
    """

    id: str
    last_seen: int
    there: bool
    ended: bool
    started_at: int = 0
    removed: bool = False
    record: Record | None = None

    @property
    def counted(self) -> bool:
        """True for an orphan that an earlier pass has found."""
        return self.last_seen < 0


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass: its number, the server's time at its begin, and how long a call can be under way; both in ms."""

    number: int
    began_at: int
    max_send: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done: a `finding` to count, the state in which the message ends, and whether to forget the job."""

    finding: str = ""
    state: State | None = None
    reason: str = ""
    provider: str = ""
    forget: bool = True


FINE = Verdict()
WAIT = Verdict(forget=False)


def judge(job: Missing, look: Pass) -> Verdict:
    """Judge a missing job; the policy stands at the top of this module."""
    if job.there and not job.ended:
        return _adrift(job, look)
    if job.record is None:
        return FINE if job.there else _unrecorded(job, look)
    if job.record.state.terminal:
        return FINE
    return WAIT if _may_tell(job.record, look) else _lost(job, job.record)


def _adrift(job: Missing, look: Pass) -> Verdict:
    moving = job.started_at >= look.began_at or job.last_seen >= look.number - 1
    return WAIT if moving or job.removed else Verdict("QUE-ORPHAN", forget=False)


def _unrecorded(job: Missing, look: Pass) -> Verdict:
    if job.removed:
        return Verdict("QUE-REMOVED")
    return WAIT if job.last_seen >= look.number - 1 else Verdict("QUE-VANISHED")


def _may_tell(record: Record, look: Pass) -> bool:
    """Whether a call without an outcome can still be under way."""
    return any(item.outcome is None and look.began_at < item.intent_at + look.max_send for item in record.attempts)


def _lost(job: Missing, record: Record) -> Verdict:
    code, reason = "QUE-VANISHED", "its job vanished from the queue, which was drained, cleaned or obliterated"
    if job.removed:
        code, reason = "QUE-REMOVED", "somebody removed its job from the queue"
    if job.ended:
        code, reason = "QUE-EDITED", "its job ended without it: the data were changed, or another worker ended it"
    if record.suspect:
        provider = record.suspect.provider
        return Verdict(code, State.UNKNOWN, f"{reason}; a copy may be out through {provider}", provider)
    return Verdict(code, State.UNKNOWN if job.ended else State.CANCELLED, reason)


def obliterated(before: int, counter: int, events_anew: bool) -> bool:
    """Whether the queue was obliterated: BullMQ's counter of jobs only grows, and it and the events begin anew then."""
    return counter < before or events_anew


def mixed_pause(paused: bool, waiting: int, parked: int) -> bool:
    """Whether a resume by BullMQ 5 loses jobs: it puts `paused` in the place of `wait`, and both hold some."""
    return paused and waiting > 0 and parked > 0


def foreign_workers(clients: Iterable[str], bases: Iterable[str]) -> list[str]:
    """Those names of connections under which BullMQ runs a worker of a queue and that are not ours.

    `bases` are `{prefix}:{base64 of the queue}`; ours append `:w:` and a token, which begins with `nf.`.
    """
    known = tuple(bases)
    theirs = (name for name in clients if not any(name.startswith(f"{base}:w:nf.") for base in known))
    return sorted({name for name in theirs if any(name == base or name.startswith(f"{base}:w:") for base in known)})
