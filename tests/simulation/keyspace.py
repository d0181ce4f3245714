"""The keys of a Redis in memory: the commands that the engine and its scripts use, and their exact replies.

It exists for the simulation, where time is not real and a server must be able to lose replies at will; everywhere
else tests use the real server, and `test_keyspace.py` holds this one against it. A command that is not here raises.
"""

from collections.abc import Callable
from typing import Any

from redis.exceptions import ResponseError

WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
INFINITE = {b"-inf": float("-inf"), b"+inf": float("inf"), b"inf": float("inf")}


class Status(str):
    """A simple reply such as OK, which is no string to Lua."""

    __slots__ = ()


class Sorted(dict[bytes, float]):
    """A sorted set: member to score."""

    def ranked(self) -> list[tuple[bytes, float]]:
        return sorted(self.items(), key=lambda pair: (pair[1], pair[0]))


class Stream(list[tuple[bytes, tuple[bytes, ...]]]):
    """A stream: the id of each entry, and its fields."""


class Nested(list[Any]):
    """A reply that holds lists."""


TYPES = {bytes: "string", dict: "hash", list: "list", Sorted: "zset", Stream: "stream", set: "set"}


class Keyspace:
    """All keys; `clock` gives the server's time in microseconds since the epoch."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.clock = clock
        self.values: dict[bytes, Any] = {}
        self.ends: dict[bytes, int] = {}  # in ms
        self.entries = 0
        self.commands: dict[bytes, Callable[..., Any]] = {
            name[3:].upper().encode(): getattr(self, name) for name in dir(self) if name.startswith("do_")
        }

    def call(self, name: bytes, *args: bytes) -> Any:
        """One command; raises `ResponseError` as the server would, `NotImplementedError` for what is not modelled."""
        command = self.commands.get(name)
        if command is None:
            raise NotImplementedError(f"the simulation knows no command {name.decode()}: add it to {__name__}")
        return command(*args)

    # -- keys

    def find(self, key: bytes, kind: type) -> Any:
        """The value of a key, None without one; raises when it is of another type."""
        value = self.values.get(key)
        if value is not None and key in self.ends and self.ends[key] <= self.clock() // 1000:
            self.do_del(key)
            value = None
        if value is not None and type(value) is not kind:
            raise ResponseError(WRONGTYPE)
        return value

    def make(self, key: bytes, kind: type) -> Any:
        value = self.find(key, kind)
        if value is None:
            value = self.values[key] = kind()
        return value

    def prune(self, key: bytes) -> None:
        """A collection that is empty is gone."""
        if not self.values.get(key):
            self.do_del(key)

    def do_exists(self, *keys: bytes) -> int:
        return sum(self.do_type(key) != "none" for key in keys)

    def do_type(self, key: bytes) -> Status:
        if key in self.ends and self.ends[key] <= self.clock() // 1000:
            self.do_del(key)
        return Status(TYPES[type(self.values[key])] if key in self.values else "none")

    def do_del(self, *keys: bytes) -> int:
        for key in keys:
            self.ends.pop(key, None)
        return sum(self.values.pop(key, None) is not None for key in keys)

    def do_pexpire(self, key: bytes, lasting: bytes) -> int:
        if not self.do_exists(key):
            return 0
        self.ends[key] = self.clock() // 1000 + int(lasting)
        return 1

    def do_pttl(self, key: bytes) -> int:
        if not self.do_exists(key):
            return -2
        return self.ends[key] - self.clock() // 1000 if key in self.ends else -1

    def do_time(self) -> list[bytes]:
        seconds, micros = divmod(self.clock(), 1_000_000)
        return [b"%d" % seconds, b"%d" % micros]

    def do_ping(self) -> Status:
        return Status("PONG")

    # -- strings

    def do_get(self, key: bytes) -> bytes | None:
        return self.find(key, bytes)

    def do_mget(self, *keys: bytes) -> list[bytes | None]:
        return [None if self.do_type(key) != "string" else self.values[key] for key in keys]

    def do_set(self, key: bytes, value: bytes, *options: bytes) -> Status | None:
        words = [word.upper() for word in options]
        if b"NX" in words and self.do_exists(key):
            return None
        self.do_del(key)
        self.values[key] = value
        if b"PX" in words:
            self.ends[key] = self.clock() // 1000 + int(words[words.index(b"PX") + 1])
        return Status("OK")

    def do_incr(self, key: bytes) -> int:
        number = int(self.find(key, bytes) or 0) + 1
        self.values[key] = b"%d" % number
        return number

    # -- hashes

    def do_hget(self, key: bytes, field: bytes) -> bytes | None:
        return (self.find(key, dict) or {}).get(field)

    def do_hmget(self, key: bytes, *fields: bytes) -> list[bytes | None]:
        row = self.find(key, dict) or {}
        return [row.get(field) for field in fields]

    def do_hgetall(self, key: bytes) -> list[bytes]:
        return [part for pair in (self.find(key, dict) or {}).items() for part in pair]

    def do_hset(self, key: bytes, *pairs: bytes) -> int:
        row = self.make(key, dict)
        before = len(row)
        row.update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(row) - before

    def do_hsetnx(self, key: bytes, field: bytes, value: bytes) -> int:
        row = self.make(key, dict)
        return 0 if field in row else self.do_hset(key, field, value)

    def do_hdel(self, key: bytes, *fields: bytes) -> int:
        row = self.find(key, dict) or {}
        gone = sum(row.pop(field, None) is not None for field in fields)
        self.prune(key)
        return gone

    def do_hincrby(self, key: bytes, field: bytes, by: bytes) -> int:
        row = self.make(key, dict)
        number = int(row.get(field, 0)) + int(by)
        row[field] = b"%d" % number
        return number

    def do_hstrlen(self, key: bytes, field: bytes) -> int:
        return len(self.do_hget(key, field) or b"")

    def do_hexists(self, key: bytes, field: bytes) -> int:
        return int(field in (self.find(key, dict) or {}))

    # -- lists

    def do_llen(self, key: bytes) -> int:
        return len(self.find(key, list) or ())

    def do_lpush(self, key: bytes, *items: bytes) -> int:
        row = self.make(key, list)
        for item in items:
            row.insert(0, item)
        return len(row)

    def do_lrange(self, key: bytes, first: bytes, last: bytes) -> list[bytes]:
        return _span(self.find(key, list) or [], first, last)

    def do_lindex(self, key: bytes, place: bytes) -> bytes | None:
        row = self.find(key, list) or []
        return row[int(place)] if int(place) < len(row) else None

    def do_ltrim(self, key: bytes, first: bytes, last: bytes) -> Status:
        row = self.find(key, list)
        if row is not None:
            row[:] = _span(row, first, last)
        return Status("OK")

    def do_lpos(self, key: bytes, item: bytes) -> int | None:
        row = self.find(key, list) or []
        return row.index(item) if item in row else None

    def do_lrem(self, key: bytes, count: bytes, item: bytes) -> int:
        row, most = self.find(key, list) or [], int(count)
        places = [place for place, value in enumerate(row) if value == item]
        places = places[most:] if most < 0 else places[: most or None]
        for place in reversed(places):
            del row[place]
        self.prune(key)
        return len(places)

    def do_rpoplpush(self, source: bytes, target: bytes) -> bytes | None:
        row = self.find(source, list)
        if row is None:
            return None
        self.find(target, list)
        item = row.pop()
        self.prune(source)
        self.do_lpush(target, item)
        return bytes(item)

    # -- sets

    def do_srem(self, key: bytes, *members: bytes) -> int:
        row = self.find(key, set) or set()
        gone = len(row & set(members))
        row -= set(members)
        self.prune(key)
        return gone

    # -- sorted sets

    def do_zadd(self, key: bytes, *pairs: bytes) -> int:
        row = self.make(key, Sorted)
        before, only_new = len(row), pairs[0] == b"NX"
        for score, member in zip(pairs[only_new::2], pairs[only_new + 1 :: 2], strict=True):
            if not (only_new and member in row):
                row[member] = float(score)
        return len(row) - before

    def do_zrem(self, key: bytes, *members: bytes) -> int:
        row = self.find(key, Sorted) or {}
        gone = sum(row.pop(member, None) is not None for member in members)
        self.prune(key)
        return gone

    def do_zcard(self, key: bytes) -> int:
        return len(self.find(key, Sorted) or ())

    def do_zscore(self, key: bytes, member: bytes) -> bytes | None:
        score = (self.find(key, Sorted) or {}).get(member)
        return None if score is None else number(score)

    def do_zmscore(self, key: bytes, *members: bytes) -> list[bytes | None]:
        return [self.do_zscore(key, member) for member in members]

    def do_zscan(self, key: bytes, cursor: bytes, *options: bytes) -> Nested:
        """All at once, as the server does with few."""
        return Nested([b"0", _told((self.find(key, Sorted) or Sorted()).ranked(), (b"WITHSCORES",))])

    def do_zremrangebyrank(self, key: bytes, first: bytes, last: bytes) -> int:
        return self.do_zrem(key, *self.do_zrange(key, first, last))

    def do_zremrangebyscore(self, key: bytes, low: bytes, high: bytes) -> int:
        return self.do_zrem(key, *self.do_zrangebyscore(key, low, high))

    def do_zpopmin(self, key: bytes) -> list[bytes]:
        row = self.find(key, Sorted)
        if row is None:
            return []
        member, score = row.ranked()[0]
        self.do_zrem(key, member)
        return [member, number(score)]

    def do_zrange(self, key: bytes, first: bytes, last: bytes, *options: bytes) -> list[bytes]:
        return _told(_span((self.find(key, Sorted) or Sorted()).ranked(), first, last), options)

    def do_zrangebyscore(self, key: bytes, low: bytes, high: bytes, *options: bytes) -> list[bytes]:
        return _told(self._between(key, low, high), options)

    def do_zrevrangebyscore(self, key: bytes, high: bytes, low: bytes, *options: bytes) -> list[bytes]:
        return _told(self._between(key, low, high)[::-1], options)

    def _between(self, key: bytes, low: bytes, high: bytes) -> list[tuple[bytes, float]]:
        ranked = (self.find(key, Sorted) or Sorted()).ranked()
        return [pair for pair in ranked if _within(pair[1], low, high, _number)]

    # -- streams

    def do_xadd(self, key: bytes, identity: bytes, *fields: bytes) -> bytes:
        if identity == b"MAXLEN":  # "~": nothing is cut off of what is so short
            identity, *fields = fields[2:]  # type: ignore[assignment]  # a list of the same
        self.entries += 1
        name = b"%d-%d" % (self.clock() // 1000, self.entries)
        self.make(key, Stream).append((name, fields))
        return name

    def do_xlen(self, key: bytes) -> int:
        return len(self.find(key, Stream) or ())

    def do_xinfo(self, what: bytes, key: bytes) -> list[Any]:
        """How many entries were ever added, which are all; nothing else is asked."""
        return [b"entries-added", len(self.find(key, Stream) or ())]

    def do_xrange(self, key: bytes, low: bytes, high: bytes, *options: bytes) -> Nested:
        rows = [row for row in self.find(key, Stream) or () if _within(_place(row[0]), low, high, _place)]
        most = int(options[1]) if options else len(rows)
        return Nested([name, list(fields)] for name, fields in rows[:most])

    def do_xrevrange(self, key: bytes, high: bytes, low: bytes, *options: bytes) -> Nested:
        rows = self.do_xrange(key, low, high)[::-1]
        return Nested(rows[: int(options[1])] if options else rows)

    def do_xtrim(self, key: bytes, *options: bytes) -> int:
        """Nothing here lives long enough to be trimmed."""
        self.find(key, Stream)
        return 0


def number(value: float) -> bytes:
    """A number as the server prints scores, and as it reads numbers of Lua."""
    return b"%.17g" % value


def _number(text: bytes) -> float:
    return INFINITE[text] if text in INFINITE else float(text)


def _place(text: bytes) -> tuple[float, float]:
    """An entry's id as numbers."""
    if text in (b"-", b"+"):
        return (float("-inf" if text == b"-" else "inf"), 0)
    first, _, second = text.partition(b"-")
    return int(first), int(second or 0)


def _within(value: Any, low: bytes, high: bytes, read: Callable[[bytes], Any]) -> bool:
    """Whether a value is in a range, of which `(` excludes an end."""
    above = value > read(low[1:]) if low.startswith(b"(") else value >= read(low)
    return above and (value < read(high[1:]) if high.startswith(b"(") else value <= read(high))


def _span(row: list[Any], first: bytes, last: bytes) -> list[Any]:
    begin, end, size = int(first), int(last), len(row)
    return row[max(begin + size if begin < 0 else begin, 0) : (end + size if end < 0 else end) + 1]


def _told(pairs: list[tuple[bytes, float]], options: tuple[bytes, ...]) -> list[bytes]:
    words = [word.upper() for word in options]
    if b"LIMIT" in words:
        at = words.index(b"LIMIT")
        skip, most = int(words[at + 1]), int(words[at + 2])
        pairs = pairs[skip:] if most < 0 else pairs[skip : skip + most]
    if b"WITHSCORES" in words:
        return [part for member, score in pairs for part in (member, number(score))]
    return [member for member, _ in pairs]
