"""The archive of messages that have ended: a line each, in the file of the month in which it ended.

    for row in rows(home, "2026-11"): ...      streaming; about 300,000 attempts a second

A message has one line, whatever was killed while it was written; `evidence/batch.py` sees to that.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import structs

from notifyctl.domain.archive import Call, Decided, Row, month_of
from notifyctl.domain.errors import Degraded
from notifyctl.evidence import months as files
from notifyctl.evidence.months import Sums

FOLDER = "archive"
_Told = TypeVar("_Told")
VERSION = 1


class _Call(msgspec.Struct, gc=False):
    id: str
    provider: str
    at: int
    result_at: int = 0
    kind: str = ""
    certainty: str = ""
    http: int = 0
    code: str = ""
    why: str = "first"
    revision: int = 0
    generation: int = 0
    by: str = ""
    provider_id: str = ""


class _Decided(msgspec.Struct, gc=False):
    at: int
    verb: str
    by: str
    reason: str
    state: str


class _Line(msgspec.Struct):
    v: int
    id: str
    type: str
    purpose: str
    priority: str
    state: str
    reason: str
    ended_at: int
    enqueued_at: int
    claimed_at: int
    accepted_at: int
    took_ms: int
    provider: str
    provider_id: str
    version: int
    attempts: list[_Call] = []
    decisions: list[_Decided] = []


class _Key(msgspec.Struct, gc=False):
    id: str
    version: int


class Counted(msgspec.Struct, gc=False):
    """As much of a call as counting mails takes: to read no more is thrice as fast."""

    id: str
    provider: str
    at: int
    kind: str = ""
    certainty: str = ""


class _Calls(msgspec.Struct, gc=False):
    attempts: list[Counted] = []


_decoder = msgspec.json.Decoder(_Line)
_counted = msgspec.json.Decoder(_Calls)
_keys = msgspec.json.Decoder(_Key)
_encoder = msgspec.json.Encoder()


def months(home: Path) -> list[str]:
    """The months that have an archive, oldest first, such as `2026-11`."""
    return files.months(home, FOLDER)


def rows(home: Path, month: str) -> Iterator[Row]:
    """The messages that ended in a month, in the order in which they were archived.

    Raises `Degraded` at a line that cannot be read, with its file and number.
    """
    for number, line in files.lines(home, FOLDER, month):
        yield _read(unpack, line, month, number)


def calls(home: Path, month: str) -> Iterator[Counted]:
    """The calls of the messages that ended in a month. Raises as `rows`."""
    for number, line in files.lines(home, FOLDER, month):
        yield from _read(_counted.decode, line, month, number).attempts


def write(home: Path, messages: Sequence[Row]) -> None:
    """Add lines and wait until the disk has them. Raises `Misconfigured`."""
    with files.locked(home, FOLDER):
        files.add(home, FOLDER, by_month(messages))


def sums(home: Path, month: str, size: int | None = None) -> Sums:
    """The sums of a month's file as it is stored, or of its first `size` bytes."""
    return files.sums(home, FOLDER, month, size)


def find(home: Path, month: str, message: str) -> Row | None:
    """The line of a message in the file of that month, None when it is not there. Raises as `rows`."""
    needle = b'"id":' + _encoder.encode(message) + b","
    for number, line in files.lines(home, FOLDER, month):
        if needle in line and (row := _read(unpack, line, month, number)).id == message:
            return row
    return None


def known(home: Path, month: str) -> set[int]:
    """A number for each message and version that has its line in the file of that month (`key`). Raises as `rows`."""
    lines = files.lines(home, FOLDER, month)
    return {key(_read(_keys.decode, line, month, number)) for number, line in lines}


def key(row: Row | _Key) -> int:
    """A number that tells a message and its version from others: far smaller than both."""
    return hash((row.id, row.version))


def by_month(messages: Sequence[Row]) -> dict[str, list[bytes]]:
    """Lines by month, each without its end."""
    found: dict[str, list[bytes]] = {}
    for row in messages:
        found.setdefault(month_of(row.ended_at), []).append(pack(row))
    return found


def _read(decode: Callable[[bytes], _Told], line: bytes, month: str, number: int) -> _Told:
    try:
        return decode(line)
    except msgspec.MsgspecError as error:
        where = f"{FOLDER}/{month}.jsonl:{number}"
        raise Degraded("EVD-LINE", f"line {number:,} of {FOLDER}/{month}.jsonl cannot be read", where) from error


def pack(row: Row) -> bytes:
    """A message as a line, without its end."""
    calls, decisions = [_Call(*call) for call in row.attempts], [_Decided(*one) for one in row.decisions]
    return _encoder.encode(_Line(VERSION, *row[:-2], calls, decisions))


def unpack(line: bytes) -> Row:
    """A message from its line."""
    found = _decoder.decode(line)
    attempts = tuple([Call(*structs.astuple(call)) for call in found.attempts])
    decisions = tuple([Decided(*structs.astuple(one)) for one in found.decisions])
    return Row._make((*structs.astuple(found)[1:-2], attempts, decisions))
