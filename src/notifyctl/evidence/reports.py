"""Reports on the disk: a folder each, which is there whole or not at all.

reports/monthly-2026-10/report.json        the source, with report.json.sig and the public key, key.pem
                        report.md, report.html, report.csv
                        facts.jsonl        what was recorded beside the archive when it was made
                        messages.jsonl     messages of the period that were still in Redis, as the archive keeps them
"""

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from notifyctl.domain.archive import Row
from notifyctl.domain.errors import Degraded, Misconfigured, Usage
from notifyctl.domain.period import Cycle, Period, parse
from notifyctl.evidence import archive
from notifyctl.evidence import months as files
from notifyctl.evidence.months import Sums, sync, unwritable

FOLDER = "reports"
JSON, SIGNATURE, KEY = "report.json", "report.json.sig", "key.pem"
FACTS, MESSAGES = "facts", "messages"
LEFT = 86_400  # seconds
_DRAFT = ".draft."


def of(place: Path) -> dict[str, Any] | None:
    """The report in a folder; None when what lies there is no report of the period that the folder is named after."""
    try:
        report = json.loads((place / JSON).read_bytes())
        return report if f"{report['cycle']}-{report['period']}" == place.name else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def folder(period: Period) -> str:
    """The folder of a report under the home: `reports/monthly-2026-10`."""
    return f"{FOLDER}/{period.cycle}-{period.name}"


def reported(home: Path, cycle: Cycle) -> list[str]:
    """The periods of which there is a report here, oldest first; a folder of another name, as of a copy, is none."""
    found = (home / FOLDER).glob(f"{cycle}-*/{JSON}")
    names = sorted(path.parent.name.removeprefix(f"{cycle}-") for path in found)
    return [name for name in names if _is_period(cycle, name)]


def every(home: Path) -> list[Period]:
    """The reports here, the shortest periods first."""
    return [parse(cycle, name) for cycle in Cycle for name in reported(home, cycle)]


def _is_period(cycle: Cycle, name: str) -> bool:
    try:
        return parse(cycle, name).name == name
    except Usage:
        return False


@contextmanager
def drafted(home: Path) -> Iterator[Path]:
    """A folder beside the reports in which one is made; it goes unless it becomes a report. Raises `Misconfigured`."""
    draft = home / FOLDER / f"{_DRAFT}{os.getpid()}.{os.urandom(4).hex()}"
    _sweep(home)
    try:
        with written(draft):
            draft.mkdir(parents=True, mode=0o700)
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Say of what is written within that the disk does not take it. Raises `Misconfigured`."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def _sweep(home: Path) -> None:
    """Take away what runs have left that were killed a day ago or earlier."""
    for path in (home / FOLDER).glob(f"{_DRAFT}*"):
        if time.time() - path.stat().st_mtime > LEFT:
            shutil.rmtree(path, ignore_errors=True)


def write(draft: Path, texts: Mapping[str, Iterable[bytes]]) -> None:
    """Write files of a draft and wait until the disk has them."""
    for name, parts in texts.items():
        with written(draft / name), (draft / name).open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())


def publish(home: Path, period: Period, draft: Path) -> Path:
    """Make a draft the report of its period, in one step. Raises `Misconfigured`, also when a folder is in its place
    that is no report of that period."""
    place = home / folder(period)
    if place.exists():
        what, fix = f"a folder that is no report of {period.name} is in its place", "find out what it is; move it away"
        raise Misconfigured("EVD-DISK", what, str(place), fix)
    with written(place):
        sync(draft)
        draft.rename(place)
        sync(place.parent)
    return place


def withdraw(home: Path, period: Period) -> None:
    """Take a report away of which another host was faster."""
    shutil.rmtree(home / folder(period), ignore_errors=True)


def sums(place: Path, period: Period) -> list[Sums]:
    """The sums of the evidence that lies in a folder, under the names that it has as a report."""
    found = (files.sums(place, ".", name) for name in (FACTS, MESSAGES))
    return [one._replace(name=f"{folder(period)}/{one.name.removeprefix('./')}") for one in found]


def line(fact: Mapping[str, Any]) -> bytes:
    """A fact as a line."""
    return json.dumps(fact, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def facts(place: Path) -> dict[str, list[dict[str, Any]]]:
    """The facts of a report by their kind, without it. Raises `Degraded` at a line that cannot be read."""
    found: dict[str, list[dict[str, Any]]] = {}
    for number, text in files.lines(place, ".", FACTS):
        try:
            fact = json.loads(text)
            found.setdefault(fact.pop("kind"), []).append(fact)
        except (ValueError, LookupError, AttributeError):
            raise _unreadable(place / f"{FACTS}.jsonl", number) from None
    return found


def messages(place: Path) -> Iterator[Row]:
    """The messages that were still in Redis. Raises `Degraded` at a line that cannot be read."""
    for number, text in files.lines(place, ".", MESSAGES):
        try:
            yield archive.unpack(text)
        except ValueError:  # what msgspec raises is one
            raise _unreadable(place / f"{MESSAGES}.jsonl", number) from None


def text(report: Mapping[str, Any]) -> bytes:
    """A report as its file: one value a line, so that a difference has a line number."""
    return json.dumps(report, ensure_ascii=False, indent=1).encode() + b"\n"


def _unreadable(path: Path, number: int) -> Degraded:
    return Degraded("EVD-LINE", f"line {number:,} of {path.name} cannot be read", f"{path.name}:{number}")


def told(sums: Sums) -> dict[str, Any]:
    """Sums as the report has them."""
    return {**sums._asdict(), "blocks": [block._asdict() for block in sums.blocks]}
