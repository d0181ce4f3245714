"""The file of deployments: read, and added to in one piece."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from notifyctl.domain.deployments import Deployment, added, read
from notifyctl.domain.errors import Misconfigured, Refused

FILE = Path("CHANGELOG.md")


def deployments(path: Path) -> list[Deployment]:
    """The deployments of a file, newest first. Raises `Misconfigured`, and `Refused` at a line that cannot be read."""
    if not path.exists():
        raise Misconfigured(
            "CHG-FILE", "there is no such file", str(path), "name it with --file; changelog add makes it"
        )
    return read(_text(path), str(path))


def last(path: Path | None) -> Deployment | None:
    """The last deployment of a file. Where none is named, that of `FILE`, which may as well hold release notes in a
    form of their own, or not be there. Raises as `deployments` for a file that is named."""
    if path is None:
        with suppress(Misconfigured, Refused):
            return last(FILE)
        return None
    return next(iter(deployments(path)), None)


def plan(path: Path, new: Deployment) -> str:
    """The file with the deployment added. Raises `Refused` for what is malformed or there already."""
    return added(_text(path) if path.exists() else "", new, str(path))


def add(path: Path, new: Deployment) -> None:
    """Add a deployment, whatever the file is a link to; two at once come one after the other. Raises as `plan`, and
    `Misconfigured`."""
    target = Path(os.path.realpath(path))
    try:
        with _held(target.parent):
            _replace(target, plan(path, new))
    except OSError as error:
        raise Misconfigured("CHG-FILE", f"cannot be written: {error.strerror}", str(path), "") from error


@contextmanager
def _held(folder: Path) -> Iterator[int]:
    """The folder itself is locked, so that no file of ours stands in a checkout of git."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # NFS locks no folders; the file is replaced in one piece all the same
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
        os.fsync(file)
    finally:
        os.close(file)


def _replace(target: Path, text: str) -> None:
    """In one piece: who reads meanwhile sees the old file or the new one, also after a power failure."""
    beside = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        with beside.open("x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Misconfigured("CHG-FILE", f"cannot be read: {reason}", str(path), "name another one: --file") from error
