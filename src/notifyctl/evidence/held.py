"""What earlier reports sealed of messages that were in Redis, held against their lines in the archive.

A report signs `messages.jsonl`, and the archive up to where it had grown. The same messages move to the archive later,
where no signature covers their lines; so each is held against what was signed.

Policy: a line of the same version is the same but for its purpose, which is that of the configuration. One of a later
version went on after the report (a person retried it, evidence was found): it is named, and no error. A line of an
earlier version, a second line, and none at all are wrong.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from notifyctl.domain.archive import Row
from notifyctl.domain.period import Period
from notifyctl.evidence import archive, reports
from notifyctl.evidence.signing import signed

NAME = f"{reports.MESSAGES}.jsonl"
_LINE, _WRONG, _LATER, _MISSING = 1, 2, 4, 8


class Held(NamedTuple):
    """What came of one report: how many messages it sealed, and the ids of those whose lines are wrong, are of a later
    version, and are missing. `broken` when its messages are not those that were signed."""

    period: Period
    messages: int = 0
    wrong: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    broken: bool = False


def shorter(home: Path, period: Period) -> list[Period]:
    """The reports here of shorter periods within that one."""
    return [one for one in reports.every(home) if set(one.months) < set(period.months)]


def held(home: Path, period: Period, beside: Path, public: bytes | None = None) -> Held:
    """One report held against the archive, and against the messages of Redis that lie in `beside`. `public` is the key
    (PEM) that is trusted, None for the one beside it. Raises `Degraded` at a line that cannot be read."""
    place = home / reports.folder(period)
    if not _sealed(place, period, public):
        return Held(period, broken=True)
    sealed = {hash(row.id): (row.version, _content(row)) for row in reports.messages(place)}
    found: dict[int, int] = {}
    if beside != place:
        _look(reports.messages(beside), sealed, found, 0)
    for month in archive.months(home):
        if month in period.months or (month > period.months[-1] and len(found) < len(sealed)):
            _look(archive.rows(home, month), sealed, found, _LINE)
    said = [(row.id, found.get(hash(row.id), _MISSING)) for row in reports.messages(place)]
    wrong, missing = ([name for name, bits in said if bits & one] for one in (_WRONG, _MISSING))
    later = [name for name, bits in said if bits & _LATER and not bits & _WRONG]
    return Held(period, len(said), tuple(wrong), tuple(later), tuple(missing))


def _look(rows: Iterable[Row], sealed: Mapping[int, tuple[int, int]], found: dict[int, int], line: int) -> None:
    """Note for each sealed message what its rows say; `line` when they are those of the archive."""
    for row in rows:
        key = hash(row.id)
        if then := sealed.get(key):
            bits = found.get(key, 0)
            again = _WRONG if bits & line else 0
            found[key] = bits | line | again | _compared(row, *then)


def _compared(row: Row, version: int, content: int) -> int:
    if row.version > version:
        return _LATER
    return 0 if (row.version, _content(row)) == (version, content) else _WRONG


def _content(row: Row) -> int:
    return hash(row._replace(purpose=""))


def _sealed(place: Path, period: Period, public: bytes | None) -> bool:
    """Whether the messages of a report are those that its owner signed."""
    try:
        text = (place / reports.JSON).read_bytes()
        key, signature = public or (place / reports.KEY).read_bytes(), (place / reports.SIGNATURE).read_bytes()
        files = {one["name"]: one["sha256"] for one in json.loads(text)["evidence"]["files"]}
        now = sha256((place / NAME).read_bytes()).hexdigest()
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return signed(key, signature, text) and files.get(f"{reports.folder(period)}/{NAME}") == now
