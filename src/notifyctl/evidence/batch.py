"""A batch on its way from Redis to the archive, so that a message has one line whatever is killed in between.

    batch = batches.keep(mark, rows)    its lines are on the disk, in a file of its own
    ...                                 Redis forgets those that are still as they were, and says which
    batches.add(batch, taken)           their lines are added to the months
    batches.let_go()                    the file of the batch goes

Whoever finds a batch asks Redis again, which gives the same answers, and goes on: lines that are there already are not
added again. The caller holds the folder (`months.locked`).
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from notifyctl.domain.archive import Row, month_of
from notifyctl.evidence import archive
from notifyctl.evidence import months as files

_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Batch(NamedTuple):
    """`mark` tells it from all batches of all hosts; `sizes` are those of the months' files before it, in bytes."""

    mark: str
    sizes: dict[str, int]
    rows: tuple[Row, ...]


class _Head(msgspec.Struct):
    mark: str
    sizes: dict[str, int]
    rows: int


class Batches:
    """The batch under way, if there is one, of one Redis and prefix, which `realm` names: told to another, its messages
    would seem to have changed, and their lines would be lost."""

    def __init__(self, home: Path, realm: str) -> None:
        self._home = home
        digest = hashlib.sha256(realm.encode()).hexdigest()[:8]
        self._path = home / archive.FOLDER / f".batch.{digest}"

    def keep(self, mark: str, rows: Sequence[Row]) -> Batch:
        """Write a batch to the disk and wait until it has it. Raises `Misconfigured`; then there is none."""
        sizes = {month: files.size_of(self._home, archive.FOLDER, month) for month in map(_month, rows)}
        head = msgspec.json.encode(_Head(mark, sizes, len(rows)))
        try:
            with os.fdopen(os.open(self._path, _ANEW, 0o600), "wb") as file:
                file.write(b"\n".join((head, *map(archive.pack, rows), b"")))
                file.flush()
                os.fsync(file.fileno())
            files.sync(self._path.parent)
        except OSError as error:
            raise files.unwritable(self._path, error) from error
        return Batch(mark, sizes, tuple(rows))

    def kept(self) -> Batch | None:
        """The batch that somebody left; None when there is none, or half of one, which was never told to Redis."""
        return _read(self._path.read_bytes()) if self._path.exists() else None

    def add(self, one: Batch, taken: Sequence[bool]) -> int:
        """Add the lines of those that Redis has forgotten, where they are not there yet; returns how many it has
        forgotten. Raises `Misconfigured`."""
        found = archive.by_month([row for row, was in zip(one.rows, taken, strict=True) if was])
        for month, texts in found.items():
            there = files.since(self._home, archive.FOLDER, month, one.sizes[month])
            files.add(self._home, archive.FOLDER, {month: [text for text in texts if text not in there]})
        return sum(map(len, found.values()))

    def let_go(self) -> None:
        """The batch is done."""
        self._path.unlink()


def _read(text: bytes) -> Batch | None:
    head, *lines = text.split(b"\n")
    try:
        told = msgspec.json.decode(head, type=_Head)
    except msgspec.MsgspecError:  # cut in its first line
        return None
    if len(lines) != told.rows + 1:
        return None
    return Batch(told.mark, told.sizes, tuple(map(archive.unpack, lines[:-1])))


def _month(row: Row) -> str:
    return month_of(row.ended_at)
