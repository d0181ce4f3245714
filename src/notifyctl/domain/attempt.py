"""Attempts: what we know of a message's provider calls, and what may be done next.

A record is kept for each message id. It lists every attempt, written before its socket was used, with
the outcome when one is known. `next_step` is the whole policy of the engine for one message.
"""

from enum import StrEnum
from typing import NamedTuple

from notifyctl.domain.archive import Archived
from notifyctl.domain.outcome import Kind, Outcome


class State(StrEnum):
    """The states of a message; all but the first three are terminal."""

    QUEUED = "queued"
    ATTEMPTING = "attempting"
    HELD = "held"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    DEAD = "dead"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """True when nothing more will be done for the message."""
        return self not in _OPEN


_OPEN = (State.QUEUED, State.ATTEMPTING, State.HELD)


class Why(StrEnum):
    """Why an attempt was made."""

    FIRST = "first"  # no copy can be out
    REPLAY = "replay"  # same key and bytes after an ambiguous attempt: no further copy at that provider
    RESEND = "resend"  # a recorded ambiguous resend: a second copy is possible, and meant


class Attempt(NamedTuple):
    """One provider call for one message. Times are epoch milliseconds of the Redis server.

    `digest` is the document's, equal for equal bytes; `owner` the token of the worker that admitted it.
    `outcome` is None while the call runs, and for ever when its worker died. `by` is the person who decided on it, of a
    resend that the engine would not have made by itself.
    """

    id: str
    provider: str
    why: Why
    intent_at: int
    digest: str
    owner: str
    outcome: Outcome | None = None
    result_at: int = 0
    by: str = ""

    @property
    def unresolved(self) -> bool:
        """True when a copy may be out although nobody said so."""
        return self.outcome is None or self.outcome.ambiguous

    @property
    def harmless(self) -> bool:
        """True when surely no copy left."""
        return not self.unresolved and self.outcome is not None and self.outcome.kind is not Kind.ACCEPTED

    @property
    def failed(self) -> bool:
        """True for a definite fault; a replay's is none, since it stands for the call that it repeats."""
        fault = self.outcome is not None and self.outcome.kind is Kind.FAULT
        return fault and self.harmless and self.why is not Why.REPLAY

    @property
    def burns(self) -> bool:
        """True for a definite fault that a provider answered: only of that can the message be the cause.

        A provider that is not reached at all is down for everybody: the message waits for it, up to its deadline.
        """
        return self.failed and self.outcome is not None and self.outcome.http > 0


class Decision(NamedTuple):
    """What a person decided about a message that had ended: `verb` at `at` (epoch ms), while its state was `state`."""

    at: int
    id: str
    verb: str
    by: str
    reason: str
    state: State


class Record(NamedTuple):
    """All that is known of a message id. `version` 0 means that nothing was ever written.

    `body` is the SHA-256 of the job data at the first attempt; `job` names queue and job that hold the
    message; `looks` counts the searches for evidence since the last call that may have left a copy,
    the last of them at `looked_at`. What persons decided is in `decisions`; of it follow `spent`, how many attempts
    were made before the message was given another chance, `deadline` in epoch ms (0 = that of its type), and
    `allowed`, up to how many ambiguous resends a person takes on (0 = nobody decided). Of an archived message
    the attempts are on disk, and only its end is here.
    """

    id: str
    version: int = 0
    state: State = State.QUEUED
    attempts: tuple[Attempt, ...] = ()
    body: str = ""
    job: str = ""
    looks: int = 0
    looked_at: int = 0
    reason: str = ""
    provider: str = ""
    provider_id: str = ""
    spent: int = 0
    deadline: int = 0
    allowed: int = 0
    decisions: tuple[Decision, ...] = ()
    archived: Archived | None = None

    @property
    def ended(self) -> bool:
        """True when the message has ended for good: it is not reopened by a retry or a second enqueue.

        One that ended at the door without any attempt may be looked at afresh, until it is archived.
        """
        if not self.state.terminal:
            return False
        return bool(self.attempts or self.archived) or self.state not in (
            State.REJECTED,
            State.NO_CONSENT,
            State.EXPIRED,
        )

    @property
    def suspect(self) -> Attempt | None:
        """The latest unresolved attempt that may have left a copy of its own (never a replay)."""
        originals = (item for item in reversed(self.attempts) if item.unresolved and item.why is not Why.REPLAY)
        return next(originals, None)

    @property
    def ambiguous_resends(self) -> int:
        """How many second copies were risked on purpose; one that surely left no copy does not count."""
        return sum(item.why is Why.RESEND and not item.harmless for item in self.attempts)

    @property
    def ordered(self) -> bool:
        """True while a person's resend is still to be made."""
        return self.ambiguous_resends < self.allowed

    @property
    def in_doubt(self) -> bool:
        """True when a copy may be out: of a call on record, or of a worker that kept none."""
        return self.suspect is not None or self.allowed > 0

    def faults(self, provider: str | None = None) -> int:
        """Faults that burn an attempt, at one provider or at all, since the last chance was given."""
        return sum(item.burns and provider in (None, item.provider) for item in self.attempts[self.spent :])

    def setbacks(self, provider: str) -> int:
        """Definite faults at a provider since the last chance, burning or not; its rest grows with them."""
        return sum(item.failed and item.provider == provider for item in self.attempts[self.spent :])

    def latest(self, provider: str) -> Attempt | None:
        """The last attempt at a provider."""
        return next((item for item in reversed(self.attempts) if item.provider == provider), None)


class Send(NamedTuple):
    """Make one call to the provider."""

    provider: str
    why: Why


class Look(NamedTuple):
    """Search the provider for a copy of the suspect attempt."""

    provider: str


class Wait(NamedTuple):
    """Do nothing before `until` (epoch milliseconds); the message is queued, held or attempting meanwhile."""

    until: int
    state: State
    reason: str


class Finish(NamedTuple):
    """End the message in a terminal state; or, when `alone`, its job only: the message is another job's."""

    state: State
    reason: str
    provider: str = ""
    provider_id: str = ""
    alone: bool = False


Step = Send | Look | Wait | Finish
