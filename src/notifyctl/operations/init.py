"""The sample project: files to begin with, on which `preflight --profile ci` finds nothing wrong."""

import re
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import notifyctl
from notifyctl.domain.errors import Misconfigured, Refused

SAMPLE = Path(notifyctl.__file__).parent / "sample"
SHOWN = 3  # names of a refusal
_HIDDEN = ("gitignore", "env.example")  # they lie in the package without the dot, so that no tool heeds them there


class Piece(NamedTuple):
    """One file: its path in the new project, what will stand in it, and whether something is there already."""

    name: str
    text: str
    there: bool


def plan(folder: Path, today: date) -> list[Piece]:
    """What would be written into a folder, which need not exist."""
    names = sorted(str(path.relative_to(SAMPLE)) for path in SAMPLE.rglob("*") if path.is_file())
    texts = {name: _text(name, today) for name in names}
    shown = {name: f".{name}" if name in _HIDDEN else name for name in names}
    return [Piece(shown[name], texts[name], (folder / shown[name]).exists()) for name in names]


def apply(folder: Path, pieces: list[Piece]) -> None:
    """Write the files; raises `Refused` before the first when one is there, `Misconfigured` when the disk refuses."""
    there = [piece.name for piece in pieces if piece.there]
    if there:
        more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
        what = f"there is already {', '.join(there[:SHOWN])}{more}; nothing was changed"
        raise Refused("INI-THERE", what, str(folder), "move it away; init --missing writes what is not there")
    for piece in pieces:
        path = folder / piece.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(piece.text)
        except OSError as error:
            raise Misconfigured("INI-WRITE", f"{piece.name} cannot be written: {error.strerror}", str(folder),
                                "name a folder that can be written to") from None  # fmt: skip


def _text(name: str, today: date) -> str:
    text = (SAMPLE / name).read_text("utf-8").replace("@TODAY@", today.isoformat())
    return re.sub(r"@SHA256 (\S+)@", lambda found: _digest(found[1], today), text)


def _digest(name: str, today: date) -> str:
    return sha256(_text(name, today).encode()).hexdigest()
