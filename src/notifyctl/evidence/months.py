"""Files of a month: lines that are only ever added, on the disk before anybody counts on them, and their sums.

    add(home, "archive", {"2026-11": [line, ...]})     under the lock of the folder; fsynced when it returns
    for number, line in lines(home, "archive", "2026-11"): ...
    sums(home, "archive", "2026-11")                   SHA-256 of the stored bytes; `sha256sum` says the same

A line that a crash has cut was never on the disk for sure: readers leave it out, and the next writer takes it away.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from notifyctl.domain.errors import Misconfigured, Refused

BLOCK = 1000  # lines of a sum
_PART = 1 << 20  # bytes read at once
_NAME = re.compile(r"[0-9]{4}-[01][0-9]")


class Block(NamedTuple):
    """The SHA-256 of the bytes of some lines, both counted from 1 and included."""

    first: int
    last: int
    sha256: str


class Sums(NamedTuple):
    """A file as it is stored: its name under the home (`archive/2026-11.jsonl`), bytes, lines, SHA-256 of all of it,
    and of each block of lines, so that a changed byte can be named by its lines."""

    name: str
    size: int
    lines: int
    sha256: str
    blocks: tuple[Block, ...]


def months(home: Path, folder: str) -> list[str]:
    """The months of which there is a file, oldest first."""
    return sorted(path.stem for path in (home / folder).glob("*.jsonl") if _NAME.fullmatch(path.stem))


def path_of(home: Path, folder: str, month: str) -> Path:
    """The file of a month, there or not."""
    return home / folder / f"{month}.jsonl"


def lines(home: Path, folder: str, month: str) -> Iterator[tuple[int, bytes]]:
    """The whole lines of a month with their numbers from 1; none when there is no file. Raises `Misconfigured`."""
    path = path_of(home, folder, month)
    if not path.exists():
        return
    try:
        with path.open("rb", buffering=_PART) as file:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n"):
                    yield number, line
    except OSError as error:
        raise unreadable(path, error) from error


@contextmanager
def locked(home: Path, folder: str, wait: bool = True) -> Iterator[None]:
    """Hold the folder, which is made when it is missing. Raises `Misconfigured`; `Refused`, when another process holds
    it and it shall not be waited for."""
    try:
        (home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(home / folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unwritable(home / folder, error) from error
    try:
        _hold(file, home / folder, wait)
        yield
    finally:
        os.close(file)


def _hold(file: int, folder: Path, wait: bool) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        fix = "wait until it is done, and try again"
        raise Refused("EVD-BUSY", f"another process writes to {folder}", str(folder), fix) from None


def add(home: Path, folder: str, rows: Mapping[str, Sequence[bytes]]) -> None:
    """Add lines (without their ends) to the files of their months and wait until the disk has them.

    The caller holds the folder (`locked`). Raises `Misconfigured` when the disk does not take them: some may be there.
    """
    for month, texts in rows.items():
        path = path_of(home, folder, month)
        try:
            _append(path, b"".join(text + b"\n" for text in texts))
        except OSError as error:
            raise unwritable(path, error) from error


def size_of(home: Path, folder: str, month: str) -> int:
    """Up to where a month's file has whole lines, in bytes; 0 when there is none."""
    path = path_of(home, folder, month)
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return whole_size(file.fileno())


def since(home: Path, folder: str, month: str, size: int) -> set[bytes]:
    """The whole lines that a month's file has behind its first bytes, without their ends."""
    path = path_of(home, folder, month)
    if not path.exists():
        return set()
    with path.open("rb") as file:
        file.seek(size)
        return {line[:-1] for line in file if line.endswith(b"\n")}


def last(home: Path, folder: str, month: str) -> bytes:
    """The last whole line of a month without its end, b'' when there is none."""
    end = size_of(home, folder, month)
    if not end:
        return b""
    with path_of(home, folder, month).open("rb") as file:
        file.seek(max(end - _PART, 0))
        return file.read(min(end, _PART)).split(b"\n")[-2]


def sums(home: Path, folder: str, month: str, size: int | None = None) -> Sums:
    """The sums of the whole lines of a month's file as it is stored, or of its first bytes: files grow, and a report is
    of what there was."""
    path = path_of(home, folder, month)
    whole, blocks, number = hashlib.sha256(), [], 0
    with path.open("rb", buffering=_PART) as file:
        left = whole_size(file.fileno()) if size is None else size
        while texts := _block(file, left):
            part = b"".join(texts)
            whole.update(part)
            blocks.append(Block(number + 1, number + len(texts), hashlib.sha256(part).hexdigest()))
            number, left = number + len(texts), left - len(part)
        return Sums(f"{folder}/{path.name}", file.tell(), number, whole.hexdigest(), tuple(blocks))


def _block(file: BinaryIO, left: int) -> list[bytes]:
    """The next lines, up to `BLOCK` of them and so many bytes."""
    texts: list[bytes] = []
    while len(texts) < BLOCK and (line := file.readline(left)):
        left -= len(line)
        texts.append(line)
    return texts


def changed(home: Path, then: Sums) -> list[str]:
    """What of a file is not as it was when those sums were made: `archive/2026-11.jsonl, lines 1,001 to 2,000`; lines
    that were added since change nothing."""
    folder, _, name = then.name.partition("/")
    path = home / then.name
    if not path.exists():
        return [f"{then.name} is missing"]
    now = sums(home, folder, name.removesuffix(".jsonl"), then.size)
    if (now.sha256, now.size) == (then.sha256, then.size):
        return []
    same = set(now.blocks)
    broken = [block for block in then.blocks if block not in same]
    return [f"{then.name}, lines {block.first:,} to {block.last:,}" for block in broken] or [f"{then.name}, its end"]


def unreadable(path: Path, error: OSError) -> Misconfigured:
    """What to say of a file that this user cannot read."""
    return Misconfigured("EVD-DISK", f"evidence cannot be read: {error.strerror}", str(path), "let this user read it")


def unwritable(place: Path, error: OSError) -> Misconfigured:
    """What to say of a folder or file that the disk does not take."""
    what = f"evidence cannot be kept: {error.strerror}"
    return Misconfigured("EVD-DISK", what, str(place), "set NOTIFYCTL_EVIDENCE, or make room on its disk")


def _append(path: Path, text: bytes) -> None:
    fresh = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.ftruncate(file, whole_size(file))
        rest = memoryview(text)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)
    if fresh:
        sync(path.parent)


def whole_size(file: int) -> int:
    """Up to where an open file has whole lines, in bytes."""
    end = os.fstat(file).st_size
    while end > 0:
        start = max(end - _PART, 0)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def sync(folder: Path) -> None:
    """Wait until the disk has the names in a folder, too."""
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
