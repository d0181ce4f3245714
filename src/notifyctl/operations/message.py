"""The story of one message, and the list of those whose end nobody knows. Nothing here writes."""

from collections.abc import Sequence
from typing import NamedTuple

from notifyctl.domain.attempt import Record
from notifyctl.domain.errors import Bad
from notifyctl.store import lanes
from notifyctl.store.attempts import Attempts
from notifyctl.store.lanes import JobLook
from notifyctl.store.queue import Queue


class Story(NamedTuple):
    """A message's record and its job; `job` is None when neither queue nor record know of one."""

    record: Record
    job: JobLook | None


class Unknown(NamedTuple):
    """Records of messages that ended as unknown, with the time in ms since when; `total` counts all of them."""

    rows: Sequence[tuple[Record, int]]
    total: int


async def story(queue: Queue, attempts: Attempts, message: str) -> Story:
    """All that is known of a message id; raises `Bad` when that is nothing."""
    record = await attempts.read(message)
    job = await lanes.find(queue.link, queue.names, queue.bases, message, record.job)
    if not record.version and not job:
        raise Bad(
            "MSG-NOT-FOUND", f"nothing is known of {message!r}", "", "check the id, NOTIFYCTL_QUEUES and "
            "BULLMQ_REDIS_PREFIX; a job that no worker took yet is found only when its job id is the message's id",
        )  # fmt: skip
    return Story(record, job)


async def unknown(attempts: Attempts, most: int) -> Unknown:
    """The oldest of the messages that ended as unknown."""
    listed = await attempts.unknown(most)
    rows = [(await attempts.read(name), since) for name, since in listed]
    total = len(rows) if len(rows) < most else (await attempts.totals())[0].get("unknown", len(rows))
    return Unknown(rows, max(total, len(rows)))
