"""The story of one message, and the list of those whose end nobody knows. Nothing here writes.

Of an archived message the end is in Redis, and the rest in the file of its month, on the disk of one host.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from notifyctl.domain.archive import Call, Row
from notifyctl.domain.attempt import Attempt, Decision, Record, State, Why
from notifyctl.domain.errors import Bad
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.store import lanes
from notifyctl.store.attempts import Attempts
from notifyctl.store.lanes import JobLook
from notifyctl.store.queue import Queue


class Story(NamedTuple):
    """A message's record and its job; `job` is None when neither queue nor record know of one, `line` is its line in
    the archive, None when it has none on this host."""

    record: Record
    job: JobLook | None
    line: Row | None = None


class Unknown(NamedTuple):
    """Records of messages that ended as unknown, with the time in ms since when; `total` counts all of them."""

    rows: Sequence[tuple[Record, int]]
    total: int


async def story(queue: Queue, attempts: Attempts, message: str, home: Path) -> Story:
    """All that is known of a message id, also on the disk, `home`; raises `Bad` when that is nothing."""
    record = await attempts.read(message)
    job = await lanes.find(queue.link, queue.names, queue.bases, message, record.job)
    if not record.version and not job:
        raise Bad(
            "MSG-NOT-FOUND", f"nothing is known of {message!r}", "", "check the id, NOTIFYCTL_QUEUES and "
            "BULLMQ_REDIS_PREFIX; a job that no worker took yet is found only when its job id is the message's id",
        )  # fmt: skip
    if record.archived is None:
        return Story(record, job)
    from notifyctl.evidence import archive

    line = archive.find(home, record.archived.month, message)
    return Story(told_by(record, line) if line else record, job, line)


def told_by(record: Record, line: Row) -> Record:
    """A tombstone with what its line tells; of an outcome the line has no words."""
    decisions = tuple(Decision(one.at, "", one.verb, one.by, one.reason, State(one.state)) for one in line.decisions)
    return record._replace(attempts=tuple(map(_attempt, line.attempts)), decisions=decisions)


def _attempt(call: Call) -> Attempt:
    outcome = Outcome(
        Kind(call.kind), Certainty(call.certainty), code=call.code, http=call.http, provider_id=call.provider_id
    )
    return Attempt(call.id, call.provider, Why(call.why), call.at, "", "", outcome, call.result_at, call.by)


async def unknown(attempts: Attempts, most: int) -> Unknown:
    """The oldest of the messages that ended as unknown."""
    listed = await attempts.unknown(most)
    rows = [(await attempts.read(name), since) for name, since in listed]
    total = len(rows) if len(rows) < most else (await attempts.totals())[0].get("unknown", len(rows))
    return Unknown(rows, max(total, len(rows)))
