"""A message that has ended with all that a person's decision about it depends on, and the decision as it is written."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain.attempt import Record, State
from notifyctl.domain.decide import RESEND, Case
from notifyctl.domain.errors import InvalidMessage
from notifyctl.domain.revision import MessageType
from notifyctl.store import failed, jobdata
from notifyctl.store.attempts import Attempts
from notifyctl.store.decisions import Order
from notifyctl.store.failed import Place
from notifyctl.store.health import server_time
from notifyctl.store.keys import job_id
from notifyctl.store.queue import Queue


class Who(NamedTuple):
    """Who decides, why, and up to when the message may be sent (epoch ms, 0 = as its type says)."""

    actor: str
    reason: str
    deadline: int = 0


class Cases:
    """Reads cases; `types` is the registry of types."""

    def __init__(self, queue: Queue, attempts: Attempts, types: Mapping[str, MessageType], deadline: int = 0) -> None:
        self.queue = queue
        self.attempts = attempts
        self.types = types
        self.deadline = deadline

    async def of_messages(self, names: Sequence[str]) -> list[tuple[Place | None, Case]]:
        """The messages with these ids, each with the place of its job. Raises `Unreachable`."""
        records = await self.attempts.read_all(names)
        places = [await self._find(record) for record in records]
        return await self._cases(places, records)

    async def of_jobs(self, places: Sequence[Place]) -> list[tuple[Place | None, Case]]:
        """The messages that these jobs carry."""
        texts = await failed.texts(self.queue, places)
        names = [jobdata.peek_id(text or b"") or place.job for text, place in zip(texts, places, strict=True)]
        return await self._cases(places, await self.attempts.read_all(names))

    async def _find(self, record: Record) -> Place | None:
        """The job on record, or the one that `send` would make of the message."""
        if record.job:
            return failed.place_of(self.queue, record.job)
        places = [Place(lane, job_id(record.id)) for lane in range(1, len(self.queue.bases) + 1)]
        there = await failed.enqueued(self.queue, places)
        return next((place for place, at in zip(places, there, strict=True) if at), None)

    async def _cases(
        self, places: Sequence[Place | None], records: Sequence[Record]
    ) -> list[tuple[Place | None, Case]]:
        known = [place for place in places if place]
        texts = dict(zip(known, await failed.texts(self.queue, known), strict=True))
        stamps = dict(zip(known, await failed.enqueued(self.queue, known), strict=True))
        now = await server_time(self.queue.link)
        found = []
        for place, record in zip(places, records, strict=True):
            text = texts.get(place) if place else None
            there = place if text is not None else None
            found.append((there, self._case(there, record, text or b"", stamps.get(place, 0) if place else 0, now)))
        return found

    def _case(self, place: Place | None, record: Record, data: bytes, enqueued_at: int, now: int) -> Case:
        kind, unreadable, due = None, "", 0
        try:
            message = jobdata.read(data, self.types)
            kind = self.types[message.type]
            due = kind.due(enqueued_at, message.deadline)
        except InvalidMessage as error:
            unreadable = str(error)
        return Case(
            record, self.queue.key(*place) if place else "", hashlib.sha256(data).hexdigest(), kind, now, due,
            unreadable, self.deadline,
        )  # fmt: skip


def chance(place: Place, case: Case, verb: str, who: Who) -> Order:
    """Give a message back to its lane: a retry, another look, or one resend more."""
    record = case.record
    return Order(
        id=uuid.uuid4().hex, lane=place.lane, job=place.job, message=record.id, version=record.version, verb=verb,
        by=who.actor, reason=who.reason, was=record.state, state=State.QUEUED, spent=len(record.attempts),
        deadline=who.deadline, allowed=record.ambiguous_resends + 1 if verb == RESEND else 0,
    )  # fmt: skip
