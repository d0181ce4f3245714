"""The board in Redis: breakers, route and closed senders, one version over all, and the log of their transitions.

Keys under our own base: the hashes `breaker:{provider}`, `board` (version and route), `senders`, `health` and `sinks`,
and the stream `transitions`. Whoever raises the version makes every decision void that rests on an older one: `admit`
refuses it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from notifyctl.domain.board import Board
from notifyctl.domain.breaker import (
    Breaker,
    Counted,
    Event,
    Isolated,
    Minute,
    Probed,
    Resumed,
    Rules,
    Time,
    Yielded,
    restored,
)  # fmt: skip
from notifyctl.domain.revision import PROVIDERS
from notifyctl.domain.route import Route
from notifyctl.domain.transition import Entry, Move
from notifyctl.store.link import Link
from notifyctl.store.pipe import Argument
from notifyctl.store.scripts import Scripts

_EVENTS: dict[str, type[Event]] = {
    each.__name__: each for each in (Counted, Minute, Time, Probed, Yielded, Isolated, Resumed)
}


SLOT_MS = 10_000  # as `tally.lua` counts
MINUTE_SLOTS = 6


class Checked(NamedTuple):
    """What a provider's account said: ready, misconfigured, degraded or unreachable; `at` in epoch ms."""

    state: str
    detail: str
    at: int


class Sunk(NamedTuple):
    """The daily message to a provider's sink: when (epoch ms), the kind of its outcome ('' = none was sent yet, or its
    worker did not live to tell), and its code."""

    at: int
    kind: str = ""
    code: str = ""


class Look(NamedTuple):
    """A snapshot, and the server's time at which it was taken (epoch ms)."""

    board: Board
    now: int


class Boards:
    """The board of one prefix."""

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def look(self) -> Look:
        """What holds now; writes nothing. Raises `Unreachable`.

        The version is read first: should anything change meanwhile, it is too old for `admit`, never too new.
        """
        with self.link.reach():
            pipe = self.link.redis.pipeline(transaction=False)
            pipe.hgetall(f"{self.own}board")
            pipe.hgetall(f"{self.own}senders")
            for provider in PROVIDERS:
                pipe.hgetall(f"{self.own}breaker:{provider}")
            pipe.time()
            board, senders, *rows, time = await pipe.execute()
        breakers = {name: _breaker(row) for name, row in zip(PROVIDERS, rows, strict=True) if row}
        closed = {name.decode(): int(until) for name, until in senders.items()}
        now = int(self.scripts.now or time[0] * 1000 + time[1] // 1000)
        return Look(Board(int(board.get(b"version", 0)), breakers, _route(board.get(b"route")), closed), now)

    async def move(self, move: Move, by: str, version: int | None = None) -> bool:
        """Make a move; False when the breaker has moved on, its counts have begun anew, or the board has left the
        given version. Raises `Unreachable`: then it may have been made, and a look tells."""
        return await self._change(by, (move,), () if version is None else (str(version),)) is not None

    async def change_route(
        self, version: int, after: Route, verb: str, by: str, reason: str, moves: Sequence[Move] = ()
    ) -> int | None:
        """Change the route and breakers together, from that version of the board: all or nothing.

        Returns the server's time of the write (epoch ms), None when somebody was faster. Raises `Unreachable`: then it
        may have been made, and a look tells.
        """
        return await self._change(by, moves, (str(version), _text(after), verb, reason))

    async def take_place(self, provider: str, generation: int, probe: str, lease: float, fence: int) -> int:
        """Take the place of the probe for a call that is no message of the queue, for `lease` seconds.

        `fence` is the number of the lease of the duty `prober`. Returns the server's time (epoch ms), 0 when the place
        is taken, the breaker has moved on, or the duty is another worker's by now. Raises `Unreachable`.
        """
        args: list[Argument] = [self.scripts.now, provider, generation, probe, int(lease * 1000), fence]
        return int(await self.scripts.run("place", (self.own,), args))

    async def history(self, most: int = 100) -> list[Entry]:
        """The last transitions, newest first. Raises `Unreachable`."""
        with self.link.reach():
            rows = await self.link.redis.xrevrange(f"{self.own}transitions", count=most)
        return [entry_of(name, fields) for name, fields in rows]

    async def entries(self, after: str, most: int = 500) -> list[tuple[str, dict[str, str]]]:
        """The transitions that follow on one, as they are stored, oldest first; '' = from the beginning of the log.

        Raises `Unreachable`.
        """
        with self.link.reach():
            rows = await self.link.redis.xrange(f"{self.own}transitions", min=f"({after}" if after else "-", count=most)
        return [(name.decode(), {key.decode(): value.decode() for key, value in row.items()}) for name, row in rows]

    async def minute(self, provider: str, generation: int) -> Minute:
        """Faults and all calls that counted in the last minute, under that generation. Raises `Unreachable`."""
        fields = (f"{generation}|calls", f"{generation}|faults")
        with self.link.reach():
            seconds = (await self.link.redis.time())[0] * 1000
            slot = int(self.scripts.now or seconds) // SLOT_MS
            pipe = self.link.redis.pipeline(transaction=False)
            for number in range(slot - MINUTE_SLOTS + 1, slot + 1):
                pipe.hmget(f"{self.own}pulse:{provider}:{number}", *fields)
            rows = await pipe.execute()
        return Minute(*(sum(int(row[at] or 0) for row in rows) for at in (0, 1)))

    async def note_health(self, provider: str, state: str, detail: str, at: int) -> None:
        """Keep what a provider's account said last. Raises `Unreachable`."""
        with self.link.reach():
            await self.link.redis.hset(f"{self.own}health", provider, msgspec.json.encode((state, detail, at)))

    async def health(self) -> dict[str, Checked]:
        """What accounts said last, by provider. Raises `Unreachable`."""
        with self.link.reach():
            rows = await self.link.redis.hgetall(f"{self.own}health")
        return {name.decode(): msgspec.json.decode(text, type=Checked) for name, text in rows.items()}

    async def note_sink(self, provider: str, at: int, kind: str = "", code: str = "") -> None:
        """Keep when the daily message to a provider's sink was due, and what came of it. Raises `Unreachable`."""
        with self.link.reach():
            await self.link.redis.hset(f"{self.own}sinks", provider, msgspec.json.encode((at, kind, code)))

    async def sinks(self) -> dict[str, Sunk]:
        """The last daily message to each sink, by provider. Raises `Unreachable`."""
        with self.link.reach():
            rows = await self.link.redis.hgetall(f"{self.own}sinks")
        return {name.decode(): msgspec.json.decode(text, type=Sunk) for name, text in rows.items()}

    async def forget_senders(self, over: Sequence[str]) -> None:
        """Take out senders (`provider|address`) that rest no more. Raises `Unreachable`."""
        with self.link.reach():
            if over:
                await self.link.redis.hdel(f"{self.own}senders", *over)

    async def _change(self, by: str, moves: Sequence[Move], seen: tuple[str, ...] = ()) -> int | None:
        rows = msgspec.msgpack.encode([_move_row(move) for move in moves])
        args: list[Argument] = [self.scripts.now, by, rows, *seen]
        at = await self.scripts.run("move", (self.own,), args)
        return None if at is None else int(at)


def _move_row(move: Move) -> tuple[object, ...]:
    """Provider, then what must still hold, then the new fields and the line of the log.

    A decision on counts holds while there are at least as many; any other one does not look at them.
    """
    before, counted = move.before, isinstance(move.event, Counted)
    counts = (before.faults, before.messages, before.refused) if counted else (0, 0, "")
    fields = [str(word) for name, value in move.after._asdict().items() if value for word in (name, value)]
    return (move.provider, str(before.generation), before.probe, *counts, fields, _packed(move))


def _packed(move: Move) -> str:
    row = move._replace(event=(type(move.event).__name__, *move.event))  # type: ignore[arg-type]  # to be told apart
    return msgspec.json.encode(row).decode()


def _unpacked(text: bytes) -> Move:
    provider, before, (event, *told), rules, automatic, at, after = msgspec.json.decode(text)
    return Move(
        provider, _as_breaker(before), _EVENTS[event](*told), Rules(*rules), automatic, at, _as_breaker(after)
    )  # fmt: skip


def _as_breaker(values: Sequence[Any]) -> Breaker:
    return restored(dict(zip(Breaker._fields, values, strict=False)))


def _breaker(row: dict[bytes, bytes]) -> Breaker:
    return restored({name.decode(): value.decode() for name, value in row.items()})


def _text(route: Route) -> str:
    return msgspec.json.encode(route).decode()


def _route(text: bytes | None) -> Route:
    return msgspec.json.decode(text, type=Route) if text else Route()


def entry_of(name: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    """A transition from the fields in which it is stored."""
    at, by = int(fields[b"at"]), fields[b"by"].decode()
    if move := fields.get(b"move"):
        made = _unpacked(move)
        return Entry(name.decode(), at, by, made, made.after.rule, made.after.reason)
    before, after = _route(fields[b"before"]), _route(fields[b"after"])
    verb, reason = fields[b"verb"].decode(), fields[b"reason"].decode()
    return Entry(name.decode(), at, by, None, verb, reason, before, after)
