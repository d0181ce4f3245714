"""Records and attempts as Redis keeps them: hashes of texts, the outcome as JSON behind its rank."""

import msgspec

from notifyctl.domain.archive import Archived, Facts
from notifyctl.domain.attempt import Attempt, Record, State, Why
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.store.decisions import decided


def pack_outcome(outcome: Outcome) -> bytes:
    """An outcome as it is stored: its rank (2 accepted, 1 ambiguous, 0 definite), then JSON."""
    return rank(outcome).encode() + msgspec.json.encode(outcome)


def unpack_outcome(text: str) -> Outcome:
    """The outcome of a stored text."""
    return msgspec.json.decode(text[1:], type=Outcome)


def rank(outcome: Outcome) -> str:
    """How strong the evidence is: acceptance beats everything, doubt beats nothing."""
    if outcome.ambiguous:
        return "1"
    return "2" if outcome.kind is Kind.ACCEPTED else "0"


def record_of(message: str, fields: dict[str, str], attempts: tuple[Attempt, ...]) -> Record:
    """The record of a message from its hash."""
    return Record(
        id=message,
        version=int(fields.get("v", 0)),
        state=State(fields.get("state", State.QUEUED)),
        attempts=attempts,
        body=fields.get("body", ""),
        job=fields.get("job", ""),
        looks=int(fields.get("looks", 0)),
        looked_at=int(fields.get("looked_at", 0)),
        reason=fields.get("reason", ""),
        provider=fields.get("provider", ""),
        provider_id=fields.get("provider_id", ""),
        **decided(fields),
        archived=archived_of(fields.get("archived")),
    )


def attempt_of(name: str, fields: dict[str, str]) -> Attempt:
    """An attempt from its hash."""
    outcome = fields.get("outcome")
    return Attempt(
        id=name,
        provider=fields["provider"],
        why=Why(fields["why"]),
        intent_at=int(fields["at"]),
        digest=fields["digest"],
        owner=fields["owner"],
        outcome=unpack_outcome(outcome) if outcome else None,
        result_at=int(fields.get("result_at", 0)),
        by=fields.get("by", ""),
    )


def archived_of(mark: str | None) -> Archived | None:
    """Where it is, from the mark that `retire` left: month, host, batch."""
    return Archived(*mark.split(" ")[:2]) if mark else None


def pack_facts(facts: Facts) -> str:
    """The facts of an end as they are stored: short, since a value of more than 64 bytes doubles what a record takes of
    Redis (`hash-max-listpack-value`)."""
    return f"{facts.enqueued_at} {facts.claimed_at - facts.enqueued_at} {facts.took_ms} {facts.priority} {facts.type}"


def unpack_facts(text: str | None) -> Facts | None:
    """The facts of an end from their text; None where none are kept, as of what an older version ended."""
    if not text:
        return None
    enqueued, waited, took, priority, kind = text.split(" ", 4)
    return Facts(int(enqueued), int(enqueued) + int(waited), int(took), kind, priority)
