"""Find messages by what people know of them: the recipient, the provider's id, our reference, type and time.

Addresses are in jobs alone, so a recipient is found as long as the job is kept. Nothing here writes.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from notifyctl.domain.attempt import Record
from notifyctl.domain.progress import Listener, Step, silent
from notifyctl.store import jobdata, lanes, search
from notifyctl.store.attempts import Attempts
from notifyctl.store.failed import Place
from notifyctl.store.lanes import JobLook
from notifyctl.store.queue import Queue

KEY = "nf1-"  # an idempotency key is a reference with this in front


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is sought: all that is given must hold. `since` in epoch ms, by the time at which it was enqueued."""

    recipient: str = ""
    provider_id: str = ""
    ref: str = ""
    type: str = ""
    since: int = 0

    def fits(self, seen: jobdata.Glance) -> bool:
        """Whether a job's text is meant."""
        address = not self.recipient or seen.email.casefold() == self.recipient.casefold()
        return address and self.type in ("", seen.type)


class Hit(NamedTuple):
    """A message with its record, its job, and what the job carries."""

    record: Record
    job: JobLook | None
    seen: jobdata.Glance


@dataclass(slots=True)
class Search:
    """How far a search came: how much it looked at, whether that was all, and what was found."""

    looked_at: int = 0
    whole: bool = True
    hits: list[Hit] = field(default_factory=list)


async def find(
    queue: Queue, attempts: Attempts, wanted: Wanted, limit: int, most: int, listener: Listener = silent
) -> Search:
    """Up to `limit` messages, looking at `most` jobs or records at most. Raises `Unreachable`."""
    done, names = Search(), dict[str, None]()
    by_record = wanted.provider_id or wanted.ref
    total = None if by_record else min(await search.count(queue), most)
    source = _on_record(queue, wanted) if by_record else _in_jobs(queue, wanted)
    async for looked, found in source:
        done.looked_at += looked
        names |= dict.fromkeys(found)
        listener(
            Step(
                "look", done.looked_at if total is None else min(done.looked_at, total), total, f"{len(names):,} found"
            )
        )
        if len(names) >= limit or done.looked_at >= most:
            done.whole = False
            break
    done.hits = [hit for hit in await _hits(queue, attempts, list(names)[:limit]) if _holds(hit, wanted)]
    return done


async def _in_jobs(queue: Queue, wanted: Wanted) -> AsyncIterator[tuple[int, list[str]]]:
    async for places in search.places(queue, wanted.since):
        found = []
        async for job in search.read(queue, places, wanted.since):
            seen = jobdata.glance(job.data)
            if wanted.fits(seen):
                found.append(seen.id or job.place.job)
        yield len(places), found


async def _on_record(queue: Queue, wanted: Wanted) -> AsyncIterator[tuple[int, list[str]]]:
    if wanted.provider_id:
        async for calls in search.calls(queue):
            yield len(calls), [message for message, name in calls if name == wanted.provider_id]
        return
    ref = wanted.ref.removeprefix(KEY)
    async for names in search.messages(queue):
        yield len(names), [name for name in names if ref_of(queue, name) == ref]


def ref_of(queue: Queue, message: str) -> str:
    """The reference under which providers know a message."""
    return hashlib.sha256(f"{queue.own}{message}".encode()).hexdigest()[:32]


async def _hits(queue: Queue, attempts: Attempts, names: Sequence[str]) -> list[Hit]:
    hits = []
    for record in await attempts.read_all(names):
        job = await lanes.find(queue.link, queue.names, queue.bases, record.id, record.job)
        hits.append(Hit(record, job, await _seen(queue, job)))
    return hits


async def _seen(queue: Queue, job: JobLook | None) -> jobdata.Glance:
    lane = queue.names.index(job.queue) + 1 if job else 0
    texts = [found async for found in search.read(queue, [Place(lane, job.id)], 0)] if job else []
    return jobdata.glance(texts[0].data if texts else b"")


def _holds(hit: Hit, wanted: Wanted) -> bool:
    """Whether the other things hold, too, of a message that was found on record."""
    recent = not wanted.since or (hit.job is not None and hit.job.enqueued_at >= wanted.since)
    return wanted.fits(hit.seen) and recent
