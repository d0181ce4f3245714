"""The records of runs of runbooks: one file each, on the disk before and after each step.

They are files of this machine and not keys in Redis, since a book must be runnable, and its run resumable, while Redis
is away. A record is locked while its run lives. The lock goes with the open file, and the command of a step is given
that file, too: when the run is killed and its command lives on, the record stays locked until the command has ended.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from notifyctl.domain.errors import Misconfigured, Refused
from notifyctl.domain.runbook_run import Event, Kind

_VERSION = 1
_NOTES = "notes.jsonl"


class Began(NamedTuple):
    """The first line of a record: the book with its text as it was, and the values of its placeholders."""

    book: str
    text: str
    values: Mapping[str, str]
    at: int
    actor: str


def known(began: Began, events: Sequence[Event]) -> dict[str, str]:
    """The values of the placeholders that a record knows, as they were given last."""
    return {**began.values, **{name: value for event in events for name, value in event.values.items()}}


class Note(NamedTuple):
    """A finding that somebody noted for the next run: the book, the text, epoch ms, and who."""

    book: str
    text: str
    at: int
    actor: str


class Record:
    """The open, locked record of one run; `run` is its name."""

    def __init__(self, file: int, run: str, began: Began, events: list[Event]) -> None:
        self._file = file
        self.run = run
        self.began = began
        self.events = events

    @property
    def values(self) -> dict[str, str]:
        """The values of the placeholders, as they were given last."""
        return known(self.began, self.events)

    def write(self, event: Event) -> None:
        """Append an event and wait until the disk has it; raises `Misconfigured` when it does not take it."""
        try:
            _append(self._file, event._asdict())
        except OSError as error:
            raise _unwritable(self.run, error) from error
        self.events.append(event)

    def fileno(self) -> int:
        """The open file, for the command of a step to keep the lock with."""
        return self._file

    def close(self) -> None:
        """Give it up; a command that still runs keeps the lock."""
        os.close(self._file)


class Runs:
    """The records in a folder, which is made when the first one begins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, run: str, began: Began) -> Record:
        """A new record, on the disk with its first line; raises `Misconfigured` when it cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self._path(run), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _append(file, {"v": _VERSION, "kind": Kind.BEGAN, **began._asdict()})
            _sync(self._folder)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        return Record(file, run, began, [])

    def open(self, run: str) -> Record:
        """The record of a run that nobody else has open; raises `Refused` when somebody has."""
        file = os.open(self._path(run), os.O_RDWR | os.O_APPEND)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            fix = "wait until it has ended; `notifyctl runbook list` shows where it stands"
            raise Refused("RBK-BUSY", f"{run} is under way in another process", run, fix) from None
        began, events = _read(self._path(run))
        os.ftruncate(file, self._path(run).read_bytes().rfind(b"\n") + 1)  # what a crash has cut
        return Record(file, run, began, events)

    def all(self) -> Iterator[tuple[str, Began, list[Event]]]:
        """Every run with its record, oldest first; nothing is locked or written."""
        paths = [path for path in self._folder.glob("*.jsonl") if path.name != _NOTES]
        found = [(path.stem, *_read(path)) for path in paths if path.read_bytes().count(b"\n")]
        yield from sorted(found, key=lambda one: (one[1].at, one[0]))

    def note(self, note: Note) -> None:
        """Keep a finding for the next run of its book."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self._folder / _NOTES, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                _append(file, note._asdict())
            finally:
                os.close(file)
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def notes(self, book: str) -> list[Note]:
        """What was noted about a book, oldest first."""
        path = self._folder / _NOTES
        rows = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        return [note for row in rows if (note := Note(**json.loads(row))).book == book]

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}.jsonl"


def _append(file: int, document: Mapping[str, Any]) -> None:
    row, size = json.dumps(document).encode() + b"\n", os.fstat(file).st_size
    try:
        if os.write(file, row) < len(row):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    except OSError:
        os.ftruncate(file, size)  # half a line would spoil the next
        raise


def _sync(folder: Path) -> None:
    """Wait until the disk has the name of a new file, too."""
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read(path: Path) -> tuple[Began, list[Event]]:
    """What the whole lines of a record say; one that a crash has cut was never on the disk for sure."""
    first, *rest = [json.loads(row) for row in path.read_bytes().split(b"\n")[:-1]]
    began = Began(*(first[name] for name in Began._fields))
    names = ("at", "actor", "step", "exit", "values")
    return began, [Event(Kind(row["kind"]), *(row[name] for name in names)) for row in rest]


def _unwritable(place: Path | str, error: OSError) -> Misconfigured:
    what = f"what a runbook does cannot be recorded, so nothing is done: {error.strerror}"
    return Misconfigured("RBK-RECORD", what, str(place), "set NOTIFYCTL_HOME, or make room on its disk")
