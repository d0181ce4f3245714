"""The project: a folder with the registers of an organisation, in git. It is read, and nothing else.

What is missing or cannot be read is told as `Bad`: it was looked for, and the answer is no.
"""

import os
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Never, TypeVar

from notifyctl.domain import attestation, breach, complaint, dpia, privacy_notice, processing, processor, rollback
from notifyctl.domain.attestation import Attestation
from notifyctl.domain.dpia import Dpia, Facts
from notifyctl.domain.errors import Bad, Misconfigured
from notifyctl.domain.revision import Revision, overlay

_Read = TypeVar("_Read")

CONFIG, NOTICES, PROCESSORS, PROCESSING = "notifyctl.toml", "notices.toml", "processors.toml", "processing.toml"
DPIA, PROSE, ATTESTATIONS, ROLLBACK = "dpia.toml", "dpia.md", "attestations.toml", "rollback.toml"
CHANGELOG, EXAMPLE = "CHANGELOG.md", ".env.example"
BREACH, COMPLAINTS = "breach.toml", "complaints.toml"
FILES = (CONFIG, NOTICES, PROCESSORS, PROCESSING, DPIA, ATTESTATIONS, ROLLBACK)
ATTESTED = ("NET-003", "NET-005", "SEC-010")  # what nobody can measure from one host
_FOREIGN = {".git", ".venv", "venv", ".nox", ".tox", "node_modules", "dist", "build", "__pycache__"}
_LARGEST = 1 << 20  # bytes of a file that is searched; keys stand in small ones


class Project:
    """The folder, which may hold nothing. Each register is read when it is asked for, once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def there(self) -> bool:
        """Whether any register is there."""
        return any((self.folder / name).is_file() for name in FILES)

    def text(self, name: str) -> str:
        """A file by its path in the folder; raises `Bad`."""
        try:
            return (self.folder / name).read_text("utf-8")
        except FileNotFoundError:
            raise Bad("CFG-REGISTER", f"there is no {name}", name, "write it: notifyctl init makes a sample") from None
        except (OSError, UnicodeDecodeError) as error:
            raise Bad("CFG-REGISTER", f"{name} cannot be read: {error}", name, "make it a readable text") from None

    @cached_property
    def revision(self) -> Revision:
        """The configuration of the folder, the built-in one without a file."""
        if not (self.folder / CONFIG).is_file():
            return Revision()
        return self._read(CONFIG, _revision)

    @cached_property
    def registry(self) -> privacy_notice.Registry:
        """What people are told; raises `Bad`, as do the others."""
        return self._read(NOTICES, privacy_notice.read)

    @cached_property
    def processors(self) -> tuple[processor.Processor, ...]:
        """Who handles data for us."""
        return self._read(PROCESSORS, processor.read)

    @cached_property
    def record(self) -> processing.Record:
        """What is done with data."""
        return self._read(PROCESSING, processing.read)

    @cached_property
    def dpia(self) -> Dpia:
        """What it does to people, for machines; the words are in `text(PROSE)`."""
        return self._read(DPIA, dpia.read)

    def facts(self, revision: Revision, today: date) -> Facts:
        """What an assessment is of, with this configuration."""
        countries = sorted({one.country for one in self.processors})
        types = {name: kind.purpose.value for name, kind in revision.types.items()}
        newest = self.registry.current(today)
        return Facts(revision.order, countries, types, newest.version if newest else "")

    @cached_property
    def rollback(self) -> rollback.Rollback:
        """The way back."""
        return self._read(ROLLBACK, rollback.read)

    @cached_property
    def breach(self) -> breach.Breach:
        """What is done when data were lost."""
        return self._read(BREACH, breach.read)

    @cached_property
    def complaints(self) -> complaint.Procedure:
        """How people complain."""
        return self._read(COMPLAINTS, complaint.read)

    @cached_property
    def attestations(self) -> tuple[Attestation, ...]:
        """What people answer for; none without a file."""
        if not (self.folder / ATTESTATIONS).is_file():
            return ()
        return self._read(ATTESTATIONS, lambda text, where: attestation.read(text, where, ATTESTED))

    @cached_property
    def example(self) -> dict[str, str]:
        """The variables of `.env.example`; none without one."""
        path = self.folder / EXAMPLE
        lines = self.text(EXAMPLE).splitlines() if path.is_file() else []
        pairs = (line.removeprefix("export ").partition("=") for line in lines if not line.startswith("#"))
        return {name.strip(): value.strip().strip("\"'") for name, sign, value in pairs if sign and value.strip()}

    def templates(self) -> dict[str, str]:
        """The texts of `templates/TYPE.html`, by type."""
        return {path.stem: self.text(f"templates/{path.name}") for path in sorted(self.folder.glob("templates/*.html"))}

    def tree(self) -> Iterator[Path]:
        """The small files of the working tree, without what tools leave behind and a `.env` that git ignores. Raises
        OSError at a folder that cannot be opened, which `os.walk` would pass over."""
        ignored = self.folder / ".gitignore"
        skipped = {".env"} if ignored.is_file() and ".env" in ignored.read_text("utf-8").split() else set()
        for place, folders, names in os.walk(self.folder, onerror=_raise):
            folders[:] = sorted(set(folders) - _FOREIGN)
            paths = (Path(place, name) for name in sorted(names) if name not in skipped)
            yield from (path for path in paths if path.is_file() and path.stat().st_size <= _LARGEST)

    def _read(self, name: str, parse: Callable[[str, str], _Read]) -> _Read:
        try:
            return parse(self.text(name), name)
        except Misconfigured as error:
            raise Bad(error.code, error.what, error.where, error.fix) from error


def _raise(error: OSError) -> Never:
    raise error


def _revision(text: str, where: str) -> Revision:
    try:
        return overlay(Revision(), tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("CFG-TOML", f"no valid TOML: {error}", where, "correct the file") from None
