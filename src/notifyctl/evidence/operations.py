"""The history of operations: each transition of route and breakers in the file of its month, as it is stored in Redis.

    for entry in rows(home, "2026-11"): ...      a `domain/transition.py` entry, whose decision can be made again

Redis keeps the last 10,000; here all of them stay. A line has what a person reads, and the stored fields as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from notifyctl.domain.archive import month_of
from notifyctl.domain.errors import Degraded
from notifyctl.domain.transition import Entry
from notifyctl.evidence import months as files
from notifyctl.evidence.months import Sums
from notifyctl.store.board import entry_of

FOLDER = "operations"
VERSION = 1
Stored = tuple[str, Mapping[str, str]]  # the id of an entry in the stream, and its fields


class _Line(msgspec.Struct):
    v: int
    id: str
    at: int
    by: str
    verb: str
    reason: str
    fields: dict[str, str]


_decoder = msgspec.json.Decoder(_Line)


def months(home: Path) -> list[str]:
    """The months that have a history, oldest first."""
    return files.months(home, FOLDER)


def rows(home: Path, month: str) -> Iterator[Entry]:
    """The transitions of a month, oldest first. Raises `Degraded` at a line that cannot be read."""
    for number, line in files.lines(home, FOLDER, month):
        try:
            told = _decoder.decode(line)
            yield _entry(told.id, told.fields)
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            where = f"{FOLDER}/{month}.jsonl:{number}"
            raise Degraded("EVD-LINE", f"line {number:,} of {FOLDER}/{month}.jsonl cannot be read", where) from error


def sums(home: Path, month: str, size: int | None = None) -> Sums:
    """The sums of a month's file as it is stored, or of its first `size` bytes."""
    return files.sums(home, FOLDER, month, size)


def latest(home: Path) -> str:
    """The id of the newest transition that is kept, '' when there is none. Raises `Misconfigured`."""
    ends = [line for month in months(home) if (line := files.last(home, FOLDER, month))]
    return max((_decoder.decode(line).id for line in ends), key=_place, default="")


def write(home: Path, stored: Sequence[Stored]) -> None:
    """Add transitions, oldest first, and wait until the disk has them. The caller holds the folder."""
    found: dict[str, list[bytes]] = {}
    for name, fields in stored:
        entry = _entry(name, fields)
        line = _Line(VERSION, name, entry.at, entry.by, entry.verb, entry.reason, dict(fields))
        found.setdefault(month_of(entry.at), []).append(msgspec.json.encode(line))
    files.add(home, FOLDER, found)


def _entry(name: str, fields: Mapping[str, str]) -> Entry:
    return entry_of(name.encode(), {key.encode(): value.encode() for key, value in fields.items()})


def _place(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split("-")))
