"""Records and attempts in Redis: read them, admit intents, settle outcomes; all in batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from notifyctl.domain.attempt import Attempt, Record, State, Why
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.store.link import Link
from notifyctl.store.scripts import Argument, Scripts


@dataclass(frozen=True, slots=True)
class Intent:
    """A provider call that wants to be admitted. `version` is the record's on which the decision rests.

    `digest` is the SHA-256 of the document, `body` that of the job data; `rate` in calls a second (None = unlimited).
    """

    lane: int
    job: str
    message: str
    version: int
    attempt: str
    provider: str
    why: Why
    digest: str
    body: str
    revision: int
    type: str
    priority: str
    rate: float | None
    burst: int


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to an intent: `ok`, `lost`, `stale` or `full` (then `free_at`, ms); `now` is the server's time."""

    code: str
    now: int
    version: int = 0
    free_at: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be recorded and done with a job. `lane` 0 = no job, `message` '' = no record.

    `version` is None with an attempt (its outcome is fenced by the lock), else the record's version. `action` is
    complete, fail, delay, keep or none; `value` the returnvalue, the failedReason or the due time in ms; `finding` a
    code to be counted.
    """

    lane: int
    job: str
    message: str
    version: int | None
    attempt: str = ""
    outcome: Outcome | None = None
    provider: str = ""
    provider_id: str = ""
    state: State | None = None
    reason: str = ""
    action: str = "none"
    value: str = ""
    looked: bool = False
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer: `ok`, `late` (evidence taken, job not ours), `stale` (look again) or `lost` (job not ours).

    `broken` says that a key of the queue is not BullMQ's; `trouble` has the server's words, and what came before the
    broken key is done.
    """

    code: str
    version: int
    now: int
    trouble: str = ""


class Attempts:
    """The records of one prefix; `bases` are the lanes' base keys in claim order."""

    def __init__(self, link: Link, scripts: Scripts, own: str, bases: Sequence[str], keep: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own
        self.keys = (own, *bases)
        self.keep = keep

    async def read(self, message: str) -> Record:
        """The record of a message id; version 0 when nothing is known. Raises `Unreachable`."""
        with self.link.reach():
            fields = _texts(await self.link.redis.hgetall(f"{self.own}msg:{message}"))
            ids = fields.get("attempts", "").split()
            pipe = self.link.redis.pipeline(transaction=False)
            for attempt in ids:
                pipe.hgetall(f"{self.own}att:{attempt}")
            rows = await pipe.execute() if ids else []
        attempts = tuple(_attempt(name, _texts(row)) for name, row in zip(ids, rows, strict=True))
        return _record(message, fields, attempts)

    async def admit(self, token: str, intents: Sequence[Intent]) -> list[Admission]:
        """Write the intents that may be written. Raises `Unreachable`; the same call again is then safe."""
        rows = [_intent_row(item) for item in intents]
        args: list[Argument] = [token, self.scripts.now, msgspec.msgpack.encode(rows)]
        now, answers = await self.scripts.run("admit", self.keys, args)
        return [_admission(answer, int(now)) for answer in answers]

    async def settle(self, token: str, settlements: Sequence[Settlement]) -> list[Settled]:
        """Record and act. Raises `Unreachable`; the same call again is then safe."""
        rows = [_settlement_row(item) for item in settlements]
        args: list[Argument] = [token, self.scripts.now, self.keep, msgspec.msgpack.encode(rows)]
        now, answers = await self.scripts.run("settle", self.keys, args)
        return [_settled(answer, int(now)) for answer in answers]

    async def unknown(self, most: int = 1000) -> list[tuple[str, int]]:
        """Message ids that ended as unknown, oldest first, with the time in ms."""
        with self.link.reach():
            rows = await self.link.redis.zrange(f"{self.own}unknown", 0, most - 1, withscores=True)
        return [(name.decode(), int(score)) for name, score in rows]

    async def findings(self) -> dict[str, int]:
        """How often each finding was met, by code, since the beginning."""
        with self.link.reach():
            return _numbers(await self.link.redis.hgetall(f"{self.own}findings"))

    async def last(self) -> dict[str, int]:
        """When each kind of call (`provider|kind|certainty`) and each finding came up last, epoch ms."""
        with self.link.reach():
            return _numbers(await self.link.redis.hgetall(f"{self.own}last"))

    async def in_flight(self) -> int:
        """How many intents have no outcome yet."""
        with self.link.reach():
            return int(await self.link.redis.zcard(f"{self.own}inflight"))

    async def totals(self) -> tuple[dict[str, int], dict[str, int]]:
        """Messages by terminal state, and calls by `provider|kind|certainty`, since the beginning."""
        with self.link.reach():
            states = await self.link.redis.hgetall(f"{self.own}totals")
            calls = await self.link.redis.hgetall(f"{self.own}calls")
        return _numbers(states), _numbers(calls)


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


def _intent_row(item: Intent) -> tuple[Argument, ...]:
    return (
        *(item.lane, item.job, item.message, item.version, item.attempt, item.provider, item.why.value, item.digest),
        *(item.body, item.revision, item.type, item.priority, "" if item.rate is None else item.rate, item.burst),
    )


def _settlement_row(item: Settlement) -> tuple[Argument, ...]:
    outcome = item.outcome
    return (
        *(item.lane, item.job, item.message, "" if item.version is None else item.version, item.attempt),
        *(rank(outcome) if outcome else "", pack_outcome(outcome).decode() if outcome else ""),
        *(item.state.value if item.state else "", item.reason, item.provider, item.provider_id),
        *(item.action, item.value, "1" if item.looked else ""),
        f"{item.provider}|{outcome.kind.value}|{outcome.certainty.value}" if outcome else "",
        item.finding,
    )


def _admission(answer: Sequence[Any], now: int) -> Admission:
    code = answer[0].decode()
    value = int(answer[1]) if len(answer) > 1 else 0
    return Admission(code, now, version=value if code == "ok" else 0, free_at=value if code == "full" else 0)


def _settled(answer: Sequence[Any], now: int) -> Settled:
    code, value = answer[0].decode(), answer[1]
    return Settled(code, 0, now, value.decode("utf-8", "replace")) if code == "broken" else Settled(code, value, now)


def _record(message: str, fields: dict[str, str], attempts: tuple[Attempt, ...]) -> Record:
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
    )


def _attempt(name: str, fields: dict[str, str]) -> Attempt:
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
    )


def _texts(row: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in row.items()}


def _numbers(row: dict[bytes, bytes]) -> dict[str, int]:
    return {name.decode(): int(value) for name, value in row.items()}
