"""The archive: what is kept of a message that has ended, in one line of the file of its month.

A line has everything that the figures of a report are made from, so that each can be made again from the files alone.
It has no address and no body. The month is that of the final state, in UTC.
"""

from datetime import UTC, datetime
from typing import NamedTuple


class Call(NamedTuple):
    """One attempt, in the order of the intents. Times are epoch ms of the Redis server, 0 = not known.

    `kind` and `certainty` are those of its outcome, `http` the status (0 = no answer), `code` the provider's own name
    of an error. `why` is first, replay or resend; `by` the person who ordered it, '' for the engine. `generation` is
    the breaker's under which it was admitted.
    """

    id: str
    provider: str
    at: int
    result_at: int
    kind: str
    certainty: str
    http: int
    code: str
    why: str
    revision: int
    generation: int
    by: str = ""
    provider_id: str = ""


class Decided(NamedTuple):
    """What a person decided about the message: `verb` at `at` (epoch ms), while its state was `state`."""

    at: int
    verb: str
    by: str
    reason: str
    state: str


class Facts(NamedTuple):
    """What the worker that ended a message knew of it, and its attempts do not tell; as in `Row`."""

    enqueued_at: int
    claimed_at: int
    took_ms: int
    type: str
    priority: str


class Archived(NamedTuple):
    """Where the line of a message is: the month, and the host on whose disk."""

    month: str
    host: str


class Row(NamedTuple):
    """One message that has ended. Times are epoch ms, 0 = not known.

    `ended_at` is the time of the final state, by the Redis server, as `accepted_at` (0 unless a provider took it) and
    `claimed_at`, when the worker took the job that ended it; `enqueued_at` is the job's own time, so its producer's
    clock. `took_ms` is the processing latency, from that claim to the acceptance, by one worker's clock; -1 = not
    measured. `version` is the record's when it was archived.
    """

    id: str
    type: str
    purpose: str
    priority: str
    state: str
    reason: str
    ended_at: int
    enqueued_at: int
    claimed_at: int
    accepted_at: int
    took_ms: int
    provider: str
    provider_id: str
    version: int
    attempts: tuple[Call, ...] = ()
    decisions: tuple[Decided, ...] = ()

    @property
    def resends(self) -> int:
        """Recorded ambiguous resends: so many copies beside the first may be out."""
        return sum(call.why == "resend" for call in self.attempts)


def month_of(ms: int) -> str:
    """The month of a time (epoch ms) in UTC, such as `2026-11`."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m}"
