"""Failed jobs by state, with what is on record of them. Nothing here writes."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from notifyctl.domain.attempt import Record
from notifyctl.domain.progress import Listener, Step, silent
from notifyctl.store import failed, jobdata
from notifyctl.store.attempts import Attempts
from notifyctl.store.failed import Failed, Place
from notifyctl.store.jobdata import Glance
from notifyctl.store.queue import Queue

STATES = ("dead", "rejected", "expired", "unknown")
OTHER = "other"  # failed by somebody else than a worker of ours
BATCH = 200  # jobs read at a time
_REASON = re.compile(rf"({'|'.join(STATES)}): ")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which failed jobs are meant: lanes by number, states, a part of the reason, failed since (epoch ms), a type."""

    lanes: Sequence[int]
    states: Sequence[str] = ()
    contains: str = ""
    since: int = 0
    type: str = ""

    def wants(self, job: Failed) -> bool:
        """Whether a job is meant, but for its type."""
        state, reason = state_of(job)
        return (not self.states or state in self.states) and self.contains.lower() in reason.lower()


class Row(NamedTuple):
    """A failed job with what it carries (empty when that is unreadable) and the record of its message."""

    job: Failed
    seen: Glance
    record: Record

    @property
    def provider(self) -> str:
        """Who failed it, or may have a copy."""
        last = self.record.attempts[-1].provider if self.record.attempts else ""
        return self.record.provider or (self.record.suspect.provider if self.record.suspect else last)


class Page(NamedTuple):
    """Counts by state of all that are meant, and some of them, the latest first."""

    counts: Counter[str]
    rows: Sequence[Row]


def state_of(job: Failed) -> tuple[str, str]:
    """State and reason of a failed job, from BullMQ's failedReason."""
    told = _REASON.match(job.reason)
    return (told[1], job.reason[told.end() :]) if told else (OTHER, job.reason)


async def matching(queue: Queue, wanted: Filter, listener: Listener = silent) -> list[Failed]:
    """All failed jobs that are meant, the latest first. Raises `Unreachable`."""
    listed = [place for lane in wanted.lanes for place in await failed.places(queue, lane, wanted.since)]
    found: list[Failed] = []
    for first in range(0, len(listed), BATCH):
        jobs = [job for job in await failed.read(queue, listed[first : first + BATCH]) if wanted.wants(job)]
        found += await _of_type(queue, jobs, wanted.type)
        listener(Step("look", min(first + BATCH, len(listed)), len(listed), f"{len(found):,} found"))
    return sorted(found, key=lambda job: -job.failed_at)


async def _of_type(queue: Queue, jobs: list[Failed], kind: str) -> list[Failed]:
    if not kind:
        return jobs
    texts = await failed.texts(queue, [job.place for job in jobs])
    return [job for job, text in zip(jobs, texts, strict=True) if jobdata.glance(text or b"").type == kind]


async def look(
    queue: Queue, attempts: Attempts, wanted: Filter, limit: int, skip: int = 0, listener: Listener = silent
) -> Page:
    """Counts, and `limit` rows after the first `skip`. Raises `Unreachable`."""
    found = await matching(queue, wanted, listener)
    counts = Counter(state_of(job)[0] for job in found)
    return Page(counts, [row async for row in rows(queue, attempts, found[skip : skip + limit])])


async def rows(queue: Queue, attempts: Attempts, jobs: Sequence[Failed]) -> AsyncIterator[Row]:
    """The jobs with what they carry and the records of their messages."""
    for first in range(0, len(jobs), BATCH):
        batch = jobs[first : first + BATCH]
        seen = [jobdata.glance(text or b"") for text in await failed.texts(queue, [job.place for job in batch])]
        names = [one.id or job.place.job for one, job in zip(seen, batch, strict=True)]
        for row in zip(batch, seen, await attempts.read_all(names), strict=True):
            yield Row(*row)


def lane_numbers(queue: Queue, names: Sequence[str]) -> list[int]:
    """The numbers of lanes by name, all without any."""
    return [number for number, name in enumerate(queue.names, 1) if not names or name in names]


__all__ = ["BATCH", "OTHER", "STATES", "Filter", "Page", "Place", "Row", "lane_numbers", "look", "matching", "state_of"]
