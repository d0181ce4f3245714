"""A report made from its evidence: the same bytes give the same report, today and when an auditor makes it again."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from notifyctl.domain.archive import Row
from notifyctl.domain.figures import fold, told
from notifyctl.domain.period import Period
from notifyctl.domain.report import document
from notifyctl.evidence import archive, operations, reports
from notifyctl.evidence import months as files
from notifyctl.evidence.months import Sums

Sizes = Mapping[str, int]  # bytes of a month's file, by its name


def composed(home: Path, place: Path, period: Period, sizes: Sizes | None = None) -> dict[str, Any]:
    """The report whose facts and messages lie in `place`, and the archive and the history of moves below `home`.

    `sizes` say up to where these had grown when the report was made; without it, all that is there counts. A
    message that was in Redis and has moved to the archive meanwhile counts once. Raises `Degraded` for a line that
    cannot be read.
    """
    found = _files(home, archive.FOLDER, period, sizes)
    history = _files(home, operations.FOLDER, period, sizes)
    moved = {hash(row.id) for row in reports.messages(place)}
    figures = fold(_rows(home, place, found, moved, period))
    evidence = [*found.values(), *history.values(), *reports.sums(place, period)]
    return document(period, told(figures), reports.facts(place), list(map(reports.told, evidence)), root(evidence))


def root(evidence: Iterable[Sums]) -> str:
    """The hash of all evidence: that of the list of sums, sorted by name, as `sha256sum` prints it."""
    lines = (f"{one.sha256}  {one.name}\n" for one in sorted(evidence, key=lambda one: one.name))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _files(home: Path, folder: str, period: Period, sizes: Sizes | None) -> dict[str, Sums]:
    """The sums of those files of the period's months that are there, by month."""
    there = {month: f"{folder}/{month}.jsonl" for month in period.months if month in files.months(home, folder)}
    if sizes is None:
        return {month: files.sums(home, folder, month) for month in there}
    return {month: files.sums(home, folder, month, sizes[name]) for month, name in there.items() if name in sizes}


def _rows(home: Path, place: Path, found: Mapping[str, Sums], moved: set[int], period: Period) -> Iterator[Row]:
    for row in reports.messages(place):
        if period.holds(row.ended_at):
            yield row
    for month, sums in found.items():
        for row in islice(archive.rows(home, month), sums.lines):
            if hash(row.id) not in moved and period.holds(row.ended_at):
                yield row
