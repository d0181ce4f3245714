"""Messages that have ended, read for the archive, and forgotten once they are on the disk.

Keys under our own base: `msg:{id}` becomes the tombstone, and the hash `retention` tells of the last move.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from notifyctl.domain.archive import Archived, Call, Decided, Facts, Row, month_of
from notifyctl.domain.attempt import Attempt, Decision, Record, State
from notifyctl.domain.outcome import Kind
from notifyctl.domain.redact import redact
from notifyctl.domain.retention import TOMBSTONE_MS, LastMove
from notifyctl.store import search
from notifyctl.store.health import server_time
from notifyctl.store.pipe import Argument, pack
from notifyctl.store.queue import Queue
from notifyctl.store.records import archived_of, attempt_of, record_of, unpack_facts

CHUNK = 50  # messages that one script retires: less than two milliseconds of the server
_NO_FACTS = Facts(0, 0, -1, "", "")
_Fields = Mapping[str, str]


class Ended(NamedTuple):
    """A message that has ended: its record, and its line without the purpose, which is not on record."""

    record: Record
    row: Row


class Retired:
    """The way of ended messages out of Redis, for one prefix."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._own = queue.own

    @property
    def realm(self) -> str:
        """The name of this Redis and prefix."""
        return self.queue.link.server.realm

    async def now(self) -> int:
        """The server's time, epoch ms. Raises `Unreachable`."""
        return int(self.queue.scripts.now or await server_time(self.queue.link))

    async def ended(self, before: int) -> AsyncIterator[tuple[int, list[str]]]:
        """Part by part: how many records were looked at, and the ids of those that ended before that time (epoch ms)
        and are neither archived nor unknown. Nothing is written. Raises `Unreachable`."""
        async for names in search.messages(self.queue):
            rows = await self._ask(
                [("HMGET", f"{self._own}msg:{name}", "state", "changed_at", "archived") for name in names]
            )
            found = [name for name, row in zip(names, rows, strict=True) if _has_ended(row, before)]
            yield len(names), list(dict.fromkeys(found))  # a scan may tell one twice

    async def all(self) -> AsyncIterator[list[str]]:
        """The ids of all messages on record, tombstones too, part by part. Raises `Unreachable`."""
        async for names in search.messages(self.queue):
            yield names

    async def archived(self) -> AsyncIterator[list[tuple[str, Archived]]]:
        """Where those are that have left, by id, part by part; a scan may tell one twice. Raises `Unreachable`."""
        async for names in search.messages(self.queue):
            rows = await self._ask([("HGET", f"{self._own}msg:{name}", "archived") for name in names])
            places = ((name, archived_of(row.decode() if row else None)) for name, row in zip(names, rows, strict=True))
            yield [(name, place) for name, place in places if place]

    async def read(self, names: Sequence[str]) -> list[Ended]:
        """Those messages as they are now. Raises `Unreachable`."""
        found = [_texts(row) for row in await self._ask([("HGETALL", f"{self._own}msg:{name}") for name in names])]
        lists = [fields.get("attempts", "").split() for fields in found]
        asked = [("HGETALL", f"{self._own}att:{attempt}") for ids in lists for attempt in ids]
        rows = iter([_texts(row) for row in await self._ask(asked)])
        calls = [{attempt: next(rows) for attempt in ids} for ids in lists]
        return [_ended(*one) for one in zip(names, found, calls, strict=True) if _whole(*one[1:])]

    async def retire(self, rows: Sequence[Row], mark: str) -> list[bool]:
        """Forget messages that are on the disk; False for those that have changed since, and stay as they are.

        `mark` tells this batch from others: host and number. Raises `Unreachable`; the same call again is then safe.
        """
        answers: list[int] = []
        for first in range(0, len(rows), CHUNK):
            items = [_item(row, mark) for row in rows[first : first + CHUNK]]
            args: list[Argument] = [self.queue.scripts.now, TOMBSTONE_MS, msgspec.msgpack.encode(items)]
            answers += await self.queue.scripts.run("retire", (self._own,), args)
        return [bool(answer) for answer in answers]

    async def last(self) -> LastMove:
        """The last move that came to its end. Raises `Unreachable`."""
        names = ("at", "by", "moved", "tried")
        at, by, moved, tried = (await self._ask([("HMGET", f"{self._own}retention", *names)]))[0]
        return LastMove(int(at or 0), (by or b"").decode(), int(moved or 0), int(tried or 0))

    async def note_try(self, at: int) -> None:
        """Keep when the first move was tried (epoch ms). Raises `Unreachable`."""
        await self._ask([("HSETNX", f"{self._own}retention", "tried", at)])

    async def note(self, move: LastMove) -> None:
        """Keep that a move came to its end. Raises `Unreachable`."""
        words = ("HSET", f"{self._own}retention", "at", move.at, "by", move.by, "moved", move.moved)
        await self._ask([words])

    async def _ask(self, commands: Sequence[tuple[str | int, ...]]) -> list[Any]:
        with self.queue.link.reach():
            return await self.queue.link.pipe.ask([pack(words) for words in commands]) if commands else []


def _has_ended(row: Sequence[bytes | None], before: int) -> bool:
    state, changed_at, archived = row
    if archived or not state or not changed_at or int(changed_at) >= before:
        return False
    return State(state.decode()).terminal and state != b"unknown"


def _whole(fields: _Fields, calls: Mapping[str, _Fields]) -> bool:
    """Whether record and attempts are there: between two looks somebody may have forgotten them."""
    return bool(fields) and all(calls.values())


def _ended(name: str, fields: _Fields, calls: Mapping[str, _Fields]) -> Ended:
    record = record_of(name, dict(fields), tuple(attempt_of(key, dict(row)) for key, row in calls.items()))
    facts = unpack_facts(fields.get("facts")) or _NO_FACTS
    accepted = [one.result_at for one in record.attempts if one.outcome and one.outcome.kind is Kind.ACCEPTED]
    row = Row(
        id=name, type=facts.type or fields.get("type", ""), purpose="",
        priority=facts.priority or fields.get("priority", ""), state=record.state.value, reason=redact(record.reason),
        ended_at=int(fields.get("changed_at", 0)), enqueued_at=facts.enqueued_at, claimed_at=facts.claimed_at,
        accepted_at=min(accepted, default=0), took_ms=facts.took_ms, provider=record.provider,
        provider_id=record.provider_id, version=record.version,
        attempts=tuple(_call(one, calls[one.id]) for one in record.attempts),
        decisions=tuple(map(_decided, record.decisions)),
    )  # fmt: skip
    return Ended(record, row)


def _call(attempt: Attempt, fields: _Fields) -> Call:
    outcome = attempt.outcome
    told = (outcome.kind.value, outcome.certainty.value, outcome.http, outcome.code) if outcome else ("", "", 0, "")
    return Call(
        attempt.id, attempt.provider, attempt.intent_at, attempt.result_at, *told, attempt.why.value,
        int(fields.get("revision", 0)), int(fields.get("gen", 0)), attempt.by, outcome.provider_id if outcome else "",
    )  # fmt: skip


def _decided(one: Decision) -> Decided:
    return Decided(one.at, one.verb, one.by, redact(one.reason), one.state.value)


def _item(row: Row, mark: str) -> tuple[str, int, str, str]:
    return (row.id, row.version, f"{month_of(row.ended_at)} {mark}", f"unknown/{row.id}")


def _texts(flat: Sequence[bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2], strict=True)}
