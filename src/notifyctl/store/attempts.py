"""Records and attempts in Redis: read them, admit intents, settle outcomes; all in batches."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from notifyctl.domain.archive import Facts
from notifyctl.domain.attempt import Record, State, Why
from notifyctl.domain.breaker import Rules
from notifyctl.domain.budget import BUDGET_RULES, TOKENS
from notifyctl.domain.limit import ROOM_RULES
from notifyctl.domain.outcome import Outcome
from notifyctl.domain.tally import Weight, weight
from notifyctl.store.link import Link
from notifyctl.store.pipe import Argument
from notifyctl.store.records import attempt_of, pack_facts, pack_outcome, rank, record_of
from notifyctl.store.scripts import Scripts

_ROOM_RULES = msgspec.msgpack.encode(ROOM_RULES)
_BUDGET_RULES = msgspec.msgpack.encode(BUDGET_RULES)


class Intent(msgspec.Struct, frozen=True):
    """A provider call that wants to be admitted. `version` is the record's on which the decision rests.

    `digest` is the document's, `body` the SHA-256 of the job data; `rate` in calls a second (None = unlimited);
    `trial` says that the pace is tried while the provider has not told its limit. `board` is the version of the board
    on which the decision rests, `lease` (s) says that the call would be a probe, `cost` is in tokens of the budget.
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
    trial: bool = False
    board: int = 0
    lease: float = 0.0
    cost: int = 0


class Admission(msgspec.Struct, frozen=True):
    """The answer to an intent: `ok`, `lost`, `stale`, `moved` (the board), or `full` and `shut` (then `free_at`, ms).
    `now` is the server's time.
    `following` is the turn of the next one of this priority, `gap` the ms between turns (0 = no limit)."""

    code: str
    now: int
    version: int = 0
    free_at: int = 0
    following: int = 0
    gap: float = 0.0
    trial: bool = False


class Settlement(msgspec.Struct, frozen=True):
    """What is to be recorded and done with a job. `lane` 0 = no job, `message` '' = no record.

    `version` is None with an attempt that ends the work (its outcome is fenced by the lock), else the record's version:
    who goes on from an outcome must know of every other call. `action` is
    complete, fail, delay, keep or none; `value` the returnvalue, the failedReason or the due time in ms; `finding` a
    code to be counted. `restored` says that the server has lost this, or the intent, before: then the outcome is taken
    even when the job is not ours any more. `deed` is the attempt itself, for a journal that another worker will read.
    `sender` is the address that a provider refused, `bucket` that of the processing latency of an accepted message.
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
    restored: bool = False
    deed: "Deed | None" = None
    sender: str = ""
    bucket: int = -1
    facts: Facts | None = None


class Deed(msgspec.Struct, frozen=True):
    """A call of a worker that may be asserted again: the intent, and when it was admitted (epoch ms)."""

    intent: Intent
    at: int


class Settled(msgspec.Struct, frozen=True):
    """The answer: `ok`, `late` (evidence taken, job not ours), `stale` (look again) or `lost` (job not ours).

    `broken` says that a key of the queue is not BullMQ's; `trouble` has the server's words, and what came before the
    broken key is done.
    """

    code: str
    version: int
    now: int
    trouble: str = ""


class Counting(NamedTuple):
    """At how many faults over how many messages a breaker is to be decided on (0 faults = not while automation is
    paused), for how many ms a refused sender rests, and the tokens of a retry budget."""

    faults: int = Rules().faults
    messages: int = Rules().messages
    sender_rest: int = 300_000
    tokens: int = TOKENS


COUNTING = Counting()


class Attempts:
    """The records of one prefix; `bases` are the lanes' base keys in claim order."""

    def __init__(
        self, link: Link, scripts: Scripts, own: str, bases: Sequence[str], keep: str, counting: Counting = COUNTING
    ) -> None:  # fmt: skip
        self.link = link
        self.scripts = scripts
        self.own = own
        self.keys = (own, *bases)
        self.keep = keep
        self.counting = counting

    async def read(self, message: str) -> Record:
        """The record of a message id; version 0 when nothing is known. Raises `Unreachable`."""
        with self.link.reach():
            fields = _texts(await self.link.redis.hgetall(f"{self.own}msg:{message}"))
            ids = fields.get("attempts", "").split()
            rows = await self._hashes([f"att:{attempt}" for attempt in ids])
        return record_of(message, fields, tuple(map(attempt_of, ids, rows)))

    async def read_all(self, messages: Sequence[str]) -> list[Record]:
        """Many records, in two round trips. Raises as `read`."""
        with self.link.reach():
            found = await self._hashes([f"msg:{message}" for message in messages])
            lists = [fields.get("attempts", "").split() for fields in found]
            rows = iter(await self._hashes([f"att:{attempt}" for ids in lists for attempt in ids]))
        attempts = [tuple(attempt_of(name, next(rows)) for name in ids) for ids in lists]
        return list(map(record_of, messages, found, attempts))

    async def _hashes(self, names: Sequence[str]) -> list[dict[str, str]]:
        pipe = self.link.redis.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(self.own + name)
        return [_texts(row) for row in await pipe.execute()] if names else []

    async def admit(self, token: str, intents: Sequence[Intent]) -> list[Admission]:
        """Write the intents that may be written. Raises `Unreachable`; the same call again is then safe."""
        rows = [_intent_row(item) for item in intents]
        args: list[Argument] = [token, self.scripts.now, msgspec.msgpack.encode(rows), _ROOM_RULES, _BUDGET_RULES]
        now, answers = await self.scripts.run("admit", self.keys, args)
        return [_admission(answer, int(now)) for answer in answers]

    async def settle(self, token: str, settlements: Sequence[Settlement]) -> list[Settled]:
        """Record and act. Raises `Unreachable`; the same call again is then safe."""
        rows = [_settlement_row(item) for item in settlements]
        rules = msgspec.msgpack.encode(self.counting)
        args: list[Argument] = [token, self.scripts.now, self.keep, msgspec.msgpack.encode(rows), rules]
        now, answers = await self.scripts.run("settle", self.keys, args)
        return [_settled(answer, int(now)) for answer in answers]

    async def weigh(self, provider: str, generation: int, name: str, outcome: Outcome, sender: str) -> None:
        """Count what came of a call that is no message of the queue, sent under that generation of the breaker.

        Raises `Unreachable`: then it may have been counted.
        """
        args: list[Argument] = [self.scripts.now, msgspec.msgpack.encode(self.counting), provider]
        await self.scripts.run("weigh", (self.own,), [*args, *_weighed(outcome, sender), name, generation])

    async def reassert(
        self, token: str, deeds: Sequence[tuple[Deed | None, Settlement | None]]
    ) -> tuple[int, list[Settlement]]:
        """Write the intents again that the server has lost, as calls of that worker, oldest first.

        Returns how many were lost, and those settlements whose outcome is: they must be settled again. Raises
        `Unreachable`; the same call again is then safe.
        """
        args: list[Argument] = [token, msgspec.msgpack.encode([_deed_row(*item) for item in deeds]), self.scripts.now]
        answers = await self.scripts.run("reassert", self.keys, args)
        gone = [settlement for (_, settlement), lost in zip(deeds, answers, strict=True) if settlement and lost & 2]
        return sum(lost & 1 for lost in answers), [structs.replace(settlement, restored=True) for settlement in gone]

    async def unknown(self, most: int = 1000, skip: int = 0) -> list[tuple[str, int]]:
        """Message ids that ended as unknown, oldest first, with the time in ms; without the first `skip`."""
        with self.link.reach():
            rows = await self.link.redis.zrange(f"{self.own}unknown", skip, skip + most - 1, withscores=True)
        return [(name.decode(), int(score)) for name, score in rows]

    async def unknown_since(self, message: str) -> int:
        """Since when a message is unknown, epoch ms; 0 when it is not."""
        with self.link.reach():
            return int(await self.link.redis.zscore(f"{self.own}unknown", message) or 0)

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


def _intent_row(item: Intent) -> tuple[Argument, ...]:
    return (
        *(item.lane, item.job, item.message, item.version, item.attempt, item.provider, item.why, item.digest),
        *(item.body, item.revision, item.type, item.priority, "" if item.rate is None else item.rate, item.burst),
        *(int(item.trial), str(item.board), int(item.lease * 1000), item.cost),
    )


def _deed_row(deed: Deed | None, settlement: Settlement | None) -> tuple[Argument, ...]:
    outcome = settlement.outcome if settlement else None
    told = (rank(outcome), pack_outcome(outcome).decode()) if outcome else ("", "")
    if deed is None:
        attempt = settlement.attempt if settlement else ""
        return (0, "", "", attempt, "", "", 0, "", "", 0, "", "", *told)
    item = deed.intent
    return (
        *(item.lane, item.job, item.message, item.attempt, item.provider, item.why, deed.at, item.digest),
        *(item.body, item.revision, item.type, item.priority, *told),
    )


def _settlement_row(item: Settlement) -> tuple[Argument, ...]:
    outcome = item.outcome
    return (
        *(item.lane, item.job, item.message, "" if item.version is None else item.version, item.attempt),
        *(rank(outcome) if outcome else "", pack_outcome(outcome).decode() if outcome else ""),
        *(item.state or "", item.reason, item.provider, item.provider_id),
        *(item.action, item.value, "1" if item.looked else ""),
        f"{item.provider}|{outcome.kind}|{outcome.certainty}" if outcome else "",
        *(item.finding, "1" if item.restored else "", *_weighed(outcome, item.sender), item.bucket),
        pack_facts(item.facts) if item.facts else "",
    )


def _weighed(outcome: Outcome | None, sender: str) -> tuple[str, str]:
    if outcome is None:
        return "", ""
    word = weight(outcome)
    return word, {Weight.ACCOUNT: outcome.code or str(outcome.http), Weight.SENDER: sender}.get(word, "")


def _admission(answer: Sequence[Any], now: int) -> Admission:
    code = answer[0].decode()
    value, following, gap, trial = (*map(int, answer[1:]), 0, 0, 0, 0)[:4]
    version, free_at = (value, 0) if code == "ok" else (0, value)
    return Admission(code, now, version, free_at, following, gap / 1000, bool(trial))


def _settled(answer: Sequence[Any], now: int) -> Settled:
    code, value = answer[0].decode(), answer[1]
    return Settled(code, 0, now, value.decode("utf-8", "replace")) if code == "broken" else Settled(code, value, now)


def _texts(row: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in row.items()}


def _numbers(row: dict[bytes, bytes]) -> dict[str, int]:
    return {name.decode(): int(value) for name, value in row.items()}
