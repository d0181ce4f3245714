"""Render: from a job's data to a message, its type, and the document of a provider."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from notifyctl.domain.attempt import Record
from notifyctl.domain.board import Board
from notifyctl.domain.errors import InvalidMessage, Misconfigured
from notifyctl.domain.message import Message
from notifyctl.domain.provider import Envelope, Provider
from notifyctl.domain.revision import MessageType, Revision
from notifyctl.domain.routing import cannot_carry
from notifyctl.engine.door import Door
from notifyctl.store import jobdata
from notifyctl.store.queue import Job

NO_BOARD = Board()


@dataclass(slots=True)
class Errand:
    """One message on its way: what was read of it, what is known of it, and who is full.

    `body` is the SHA-256 of the job data; `route` lists the providers that can carry it, best first, and `cannot`
    says why one cannot; `full` says until when (epoch ms) a provider takes no further call; `door` is the one at which
    the message asks for its turn. `board` is the one on which the last decision rests, `sender` the address that the
    last call bore, `took` the seconds from the claim to its answer; `claimed_at` is the server's time
    at the claim, epoch ms.
    """

    job: Job
    message: Message
    type: MessageType
    body: str
    record: Record
    deadline: int
    taken_at: float
    route: tuple[str, ...]
    cannot: str
    full: dict[str, int] = field(default_factory=dict)
    board: Board = NO_BOARD
    sender: str = ""
    took: float = 0.0
    claimed_at: int = 0
    door: Door | None = None

    def leave(self) -> None:
        """Leave the door, if it stands in one."""
        if self.door:
            self.door.leave()
            self.door = None


class Rendered(NamedTuple):
    """A message as one provider gets it; `digest` is that of the document (`digest_of`)."""

    envelope: Envelope
    document: bytes
    digest: str


class Renderer:
    """Renders under one revision for the providers that have a key.

    `scope` is the base of our own keys: references and idempotency keys are unique within it.
    """

    def __init__(self, revision: Revision, scope: str, providers: Mapping[str, Provider]) -> None:
        self.revision = revision
        self.scope = scope
        self.providers = providers

    def open(self, job: Job, taken_at: float) -> Errand:
        """Read a job at the door; raises `InvalidMessage`."""
        refuse_kind(job)
        if job.timestamp <= 0:
            raise InvalidMessage("MSG-SHAPE", "is no time in milliseconds", "timestamp", "leave it to BullMQ")
        data = job.data or b""
        message = jobdata.read(data, self.revision.types)
        kind = self.revision.types[message.type]
        route, cannot = self._route(message)
        return Errand(
            job=job,
            message=message,
            type=kind,
            body=hashlib.sha256(data).hexdigest(),
            record=Record(message.id),
            deadline=kind.due(job.timestamp, message.deadline),
            taken_at=taken_at,
            route=route,
            cannot=cannot,
        )

    def render(self, errand: Errand, provider: Provider) -> Rendered:
        """The document for a provider; pure, so that a later call with the same revision gives the same bytes."""
        envelope = self._envelope(errand.message, errand.type, provider.name)
        document = provider.document(errand.message, envelope)
        return Rendered(envelope, document, digest_of(document, errand.message, errand.body))

    def _route(self, message: Message) -> tuple[tuple[str, ...], str]:
        """The providers that can carry the message, best first, and why the last one cannot."""
        able, reason = [], ""
        for name, provider in self.providers.items():
            trouble = cannot_carry(message, provider.capabilities)
            if trouble:
                reason = f"{name} cannot carry it: {trouble}"
            else:
                able.append(name)
        return tuple(able), reason

    def _envelope(self, message: Message, kind: MessageType, provider: str) -> Envelope:
        sender = self.revision.sender_for(provider)
        if sender is None:
            raise Misconfigured("CFG-SENDER", f"there is no sender for {provider}", "NOTIFYCTL_FROM")
        ref = hashlib.sha256(f"{self.scope}{message.id}".encode()).hexdigest()[:32]
        return Envelope(sender, ref, key=f"nf1-{ref}", marketing=kind.purpose == "marketing")


def digest_of(document: bytes, message: Message, body: str) -> str:
    """The SHA-256 of the job data's own, `body`, and of the document without the bodies that are slices of them.

    It tells documents apart as surely as a digest of the whole, and need not read 20 kB a second time.
    """
    frame = _marked(_marked(document, message.html, b"\0html"), message.text, b"\0text")
    return hashlib.sha256(body.encode() + frame).hexdigest()


def _marked(document: bytes, literal: bytes | None, mark: bytes) -> bytes:
    """The document with a mark, which no JSON holds, in place of a literal that stands in it as it is."""
    start = document.find(literal[:64]) if literal else -1  # a search for all of it would read as much
    if literal is None or start < 0 or not document.startswith(literal, start):
        return document
    return document[:start] + mark + document[start + len(literal) :]


def refuse_kind(job: Job) -> None:
    """Raise for jobs whose next step is not ours to take: BullMQ's schedulers and flows."""
    if job.kind == "scheduler":
        raise InvalidMessage(
            "QUE-SCHEDULER", "is a run of a job scheduler, which only a BullMQ worker continues", "job",
            "enqueue each message as a job of its own",
        )  # fmt: skip
    if job.kind == "flow":
        raise InvalidMessage(
            "QUE-FLOW", "is the child of a flow, whose parent only a BullMQ worker moves", "job",
            "enqueue messages without a parent",
        )  # fmt: skip
