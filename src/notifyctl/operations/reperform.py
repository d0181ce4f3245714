"""Reports made again from their evidence, and where that leads to something else.

It needs nothing but the files: no server, no settings, no key but the public one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from notifyctl import __version__
from notifyctl.domain.errors import Degraded, Misconfigured, Usage
from notifyctl.domain.period import Cycle, Period, parse
from notifyctl.evidence import months, reports
from notifyctl.evidence.held import held, shorter
from notifyctl.evidence.months import Block, Sums
from notifyctl.evidence.sealed import ALIEN, broken
from notifyctl.evidence.signing import signed
from notifyctl.operations.composing import composed
from notifyctl.operations.holding import told
from notifyctl.telemetry.pages import leaves, pages

MOST = 20  # figures that are named one by one


class Difference(NamedTuple):
    """Where something is not as it was (`archive/2026-10.jsonl, lines 1 to 9`, `figures.failure.count`), and what."""

    where: str
    what: str


class Again(NamedTuple):
    """What came of it; `report` is the one on the disk."""

    report: Mapping[str, Any]
    differences: list[Difference]
    files: int
    by_same_version: bool


def reperform(path: Path, key: Path | None = None) -> Again:
    """Make a report again. `path` is its JSON or its folder, `key` a public key (PEM) instead of the one beside it.

    Raises `Usage` when there is no such file, nothing in it is a report, or `key` is no public key.
    """
    file = path / reports.JSON if path.is_dir() else path
    text, public = _bytes(file), _given(key) if key else _beside(file)
    try:
        report, period, kept = _read(text)
    except (ValueError, LookupError, TypeError, AttributeError, Usage):
        what = "it cannot be read as a report any more"
        return Again({}, [Difference(file.name, what), *_signature(file, text, public)], 0, False)
    found = [*_signature(file, text, public), *_named(file, period), *_evidence(file, kept)]
    found += _figures(file, text, report, period, kept, bool(found))
    found += _sealed(file, public, found)
    found += _held(file, period, public if key else None)
    return Again(report, found, len(kept), _same_version(report))


def _given(key: Path) -> bytes:
    """The public key that somebody trusts; raises `Usage` where the file is none."""
    try:
        public = key.read_bytes()
    except OSError as error:
        what = f"{key} cannot be read: {error.strerror}"
    else:
        if b"-----BEGIN PUBLIC KEY-----" in public:
            return public
        what = f"{key} is no public key"
    raise Usage("CLI-USAGE", what, "--key", "name a key.pem of a report that you trust")


def _read(text: bytes) -> tuple[dict[str, Any], Period, list[Sums]]:
    """The report with its period and the sums of its evidence; raises one of many errors where it is none."""
    report = json.loads(text)
    kept = [_sums(one) for one in report["evidence"]["files"]]
    report["made"].get("version")
    return report, parse(Cycle(report["cycle"]), report["period"]), kept


def _same_version(report: Mapping[str, Any]) -> bool:
    return bool(report["made"].get("version") == __version__)


def _named(file: Path, period: Period) -> Iterator[Difference]:
    """Whether it lies where it was made: a copy under another name would stand for another period."""
    folder = file.absolute().parent.name
    if folder != (name := reports.folder(period).rpartition("/")[2]):
        yield Difference(folder, f"the folder is not called {name}, as that of this report")


def _sealed(file: Path, public: bytes, found: list[Difference]) -> Iterator[Difference]:
    """What the seal says that was not said yet."""
    said = {one.where.partition(",")[0] for one in found}
    for name, what in broken(file.parent, public):
        if name not in said:
            yield Difference(name, what)


def _beside(file: Path) -> bytes:
    """The public key beside a report; nothing where it is gone, which is a difference like any other."""
    try:
        return (file.parent / reports.KEY).read_bytes()
    except OSError:
        return b""


def _signature(file: Path, text: bytes, public: bytes) -> Iterator[Difference]:
    if not public:
        yield Difference(reports.KEY, "it is missing, so nothing proves who made this")
        return
    try:
        signature = (file.parent / reports.SIGNATURE).read_bytes()
    except OSError:
        yield Difference(reports.SIGNATURE, "it is missing")
        return
    if not signed(public, signature, text):
        yield Difference(file.name, ALIEN)


def _evidence(file: Path, kept: list[Sums]) -> Iterator[Difference]:
    for one in kept:
        for where in months.changed(_home(file), one):
            yield Difference(where, "changed since the report was made")


def _held(file: Path, period: Period, public: bytes | None) -> Iterator[Difference]:
    """What this report, and those of shorter periods within it, signed of Redis, against the archive as it is now. Only
    what a longer report covers must have been archived: of a message in Redis nobody knows here."""
    home, place = _home(file), file.absolute().parent
    for one in (period, *shorter(home, period)):
        try:
            found = held(home, one, place, public)
        except (Degraded, Misconfigured):  # named already, since the report cannot be made again
            continue
        if one == period:
            found = found._replace(broken=False, missing=())
        for where, what in told(found):
            yield Difference(where, what)


def _figures(
    file: Path, text: bytes, report: Mapping[str, Any], period: Period, kept: list[Sums], damaged: bool
) -> Iterator[Difference]:
    sizes = {one.name: one.size for one in kept}
    try:
        again = composed(_home(file), file.parent, period, sizes)
        forms = pages(again) if _same_version(report) and not damaged else {}
    except Exception as error:  # anybody may have written those files: what stands in them is a difference, never a bug
        yield Difference(file.name, f"it cannot be made again: {error or type(error).__name__}")
        return
    yield from _leaves(report, again, damaged, grown=not _same_version(report))
    if forms:  # a newer version says more, and words its pages otherwise
        yield from _lines(file.name, text, reports.text(again))
    for name, page in forms.items():
        yield from _page(file.parent / name, page)


def _leaves(
    report: Mapping[str, Any], again: Mapping[str, Any], damaged: bool, grown: bool = False
) -> Iterator[Difference]:
    """Each value that differs; sums of files that were named already are not named twice, and what a newer version has
    beside the old values (`grown`) is none."""
    then, now = dict(leaves(report)), dict(leaves(again))
    names = [name for name in (then if grown else {**then, **now}) if then.get(name, _NONE) != now.get(name, _NONE)]
    wanted = [name for name in names if not (damaged and name.startswith("evidence."))]
    for name in wanted[:MOST]:
        what = f"the report says {then.get(name, _NONE)}, its evidence says {now.get(name, _NONE)}"
        yield Difference(name, what)
    if len(wanted) > MOST:
        yield Difference(f"{len(wanted) - MOST:,} more figures", "differ, too")


_NONE = "nothing"


def _page(path: Path, page: bytes) -> Iterator[Difference]:
    try:
        text = path.read_bytes()
    except OSError:
        yield Difference(path.name, "it is missing")
        return
    yield from _lines(path.name, text, page)


def _lines(name: str, text: bytes, again: bytes) -> Iterator[Difference]:
    """The lines that differ."""
    pairs = zip_longest(text.splitlines(keepends=True), again.splitlines(keepends=True))
    wrong = [number for number, (one, other) in enumerate(pairs, 1) if one != other]
    if wrong:
        yield Difference(f"{name}, lines {wrong[0]:,} to {wrong[-1]:,}", "not what its evidence leads to")


_NAMES = re.compile(
    r"(archive|operations)/\d{4}-\d{2}\.jsonl|reports/[a-z]+-[0-9HQ-]+/(facts|messages)\.jsonl", re.ASCII
)


def _sums(one: Mapping[str, Any]) -> Sums:
    """The sums of a file as a report has them; raises `ValueError` for what no report has."""
    blocks = tuple(Block(block["first"], block["last"], block["sha256"]) for block in one["blocks"])
    numbers = [one["size"], one["lines"], *(number for block in blocks for number in block[:2])]
    if not _NAMES.fullmatch(one["name"]) or any(type(number) is not int or number < 0 for number in numbers):
        raise ValueError
    return Sums(one["name"], one["size"], one["lines"], one["sha256"], blocks)


def _home(file: Path) -> Path:
    """Where the names of evidence begin: two folders above the report's own."""
    return [file.absolute(), *file.absolute().parents][:4][-1]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror}"
        raise Usage("CLI-USAGE", what, "FILE", "name the report.json of a report") from None
