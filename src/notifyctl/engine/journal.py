"""The journal: results that Redis could not take, on disk, fsynced, until it can.

One file per worker, locked while the worker lives. Every worker replays the files of its own Redis and prefix whose
lock is free before it claims: told to another Redis, they would end messages there that were never sent. The result of
a call that a provider accepted is never only in memory while Redis is away, unless the disk is full, too.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from notifyctl.domain.errors import Misconfigured
from notifyctl.store.attempts import Settlement

UNREADABLE = ".unreadable"  # what the name of a journal ends with that is kept for a person
_decoder = msgspec.json.Decoder(Settlement)


class Journal:
    """The journal of one worker; `folder` is made when it is missing, `realm` names the Redis and the prefix."""

    def __init__(self, folder: Path, token: str, realm: str = "") -> None:
        self._folder = folder
        self._ending = _ending(realm)
        self._path = folder / (token + self._ending)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = _open_locked(self._path)
        except OSError as error:
            raise _unwritable(folder, error) from error

    def append(self, settlements: Sequence[Settlement]) -> None:
        """Write results and wait until the disk has them; all or, with `Misconfigured`, none of them."""
        lines = [msgspec.json.encode(item) + b"\n" for item in settlements if item.outcome]
        rest, size = memoryview(b"".join(lines)), os.fstat(self._file).st_size
        if not rest:
            return
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, size)  # half a line would spoil the next
            raise _unwritable(self._folder, error) from error

    def clear(self) -> None:
        """Forget everything: Redis has it."""
        if os.fstat(self._file).st_size:
            os.ftruncate(self._file, 0)
            os.fsync(self._file)

    def close(self) -> None:
        """Give the file up; an empty one is removed."""
        if os.fstat(self._file).st_size == 0:
            self._path.unlink(missing_ok=True)
        os.close(self._file)

    def abandoned(self) -> Iterator["Abandoned"]:
        """Journals of workers that are gone."""
        for path in sorted(self._folder.iterdir()):
            strange = not path.name.endswith(self._ending) or path.name.endswith(UNREADABLE)
            if path == self._path or strange or not (lock := _try_lock(path)):
                continue
            try:
                results, readable = _read(path)
                yield Abandoned(path.name.removesuffix(self._ending), results, readable, path)
            finally:
                os.close(lock)


def elsewhere(folder: Path, realm: str) -> list[Path]:
    """Journals with results of workers that are gone and had another Redis or prefix; none of this one replays them.

    Nothing is written, and no file is locked for longer than a look takes. Those of another user are not seen.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return []
    return [path for path in paths if not path.name.endswith((_ending(realm), UNREADABLE)) and _is_left(path)]


class Abandoned(NamedTuple):
    """The journal of a worker that is gone: its token, the results, and whether every line could be read."""

    token: str
    results: list[Settlement]
    readable: bool
    path: Path

    def done(self) -> None:
        """Redis has the results: remove the file, or set it aside when there is more in it than we could read."""
        if self.readable:
            self.path.unlink(missing_ok=True)
        else:
            self.path.rename(self.path.with_name(self.path.name + UNREADABLE))


def _ending(realm: str) -> str:
    return f".{hashlib.sha256(realm.encode()).hexdigest()[:8]}" if realm else ""


def _is_left(path: Path) -> bool:
    """Whether something is in it that no living worker will tell."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return bool(file.read(1))
    except OSError:  # it is locked, or was replayed a moment ago
        return False


def _unwritable(folder: Path, error: OSError) -> Misconfigured:
    what = f"the journal cannot be written: {error.strerror}"
    return Misconfigured("CFG-HOME", what, str(folder), "set NOTIFYCTL_HOME, or make room on its disk")


def _open_locked(path: Path) -> int:
    """The file of this worker; made anew when another worker took it for abandoned before it was locked."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        if _is_at(file, path):
            return file
        os.close(file)


def _try_lock(path: Path) -> int | None:
    """The lock of a journal that nobody holds; None when somebody does, or has replayed it a moment ago."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    if _is_at(file, path):
        return file
    os.close(file)
    return None


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _read(path: Path) -> tuple[list[Settlement], bool]:
    """Every whole line that can be read, and whether that is all; one cut by a crash was never on the disk for sure."""
    results, readable = [], True
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            results.append(_decoder.decode(line))
        except msgspec.DecodeError:  # another version wrote it
            readable = False
    return results, readable
