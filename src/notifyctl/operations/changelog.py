"""The file of deployments: read, and added to in one piece."""

import os
from contextlib import suppress
from pathlib import Path

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


def write(path: Path, text: str) -> None:
    """Replace the file in one piece, whatever it was a link to. Raises `Misconfigured`."""
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.write_text(text, "utf-8")
        if target.exists():
            beside.chmod(target.stat().st_mode)
        beside.replace(target)
    except OSError as error:
        raise Misconfigured("CHG-FILE", f"cannot be written: {error.strerror}", str(path), "") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Misconfigured("CHG-FILE", f"cannot be read: {reason}", str(path), "name another one: --file") from error
