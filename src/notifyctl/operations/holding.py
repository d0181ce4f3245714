"""What a report records of those within its period: whether what they signed of Redis is in the archive as it was."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from notifyctl.domain.period import Period
from notifyctl.domain.redact import redact
from notifyctl.evidence import reports
from notifyctl.evidence.held import Held, held, shorter

Fact = dict[str, Any]
Away = Callable[[Sequence[str]], Awaitable[Collection[str]]]
MOST = 20  # messages that are named one by one


def earlier(home: Path, period: Period, last: Mapping[str, Any] | None) -> list[Period]:
    """The reports that are looked at: those within the period, and those in which the last one found something."""
    found = last.get("findings", ()) if last else ()
    again = {one["subject"] for one in found if one["code"] == "RPT-ALTERED"}
    inside = shorter(home, period)
    others = [one for one in reports.every(home) if name_of(one) in again and one not in inside]
    return [*inside, *others]


def name_of(period: Period) -> str:
    """A report's name in facts and findings, `monthly-2026-10`."""
    return reports.folder(period).rpartition("/")[2]


async def holding(home: Path, earlier: Sequence[Period], draft: Path, away: Away) -> list[Fact]:
    """A fact for each of the earlier reports. `away` tells of ids which are in Redis still, or on another host's disk:
    these are not missing here. Raises `Unreachable`, and `Degraded` at a line that cannot be read."""
    found = []
    for period in earlier:
        one = await asyncio.to_thread(held, home, period, draft)
        elsewhere = await away(one.missing) if one.missing else ()
        found.append(_fact(one._replace(missing=tuple(name for name in one.missing if name not in elsewhere))))
    return found


def _fact(one: Held) -> Fact:
    wrong = [*one.wrong, *one.missing]
    return {
        "kind": "held", "report": name_of(one.period), "messages": one.messages,
        "signed": "no" if one.broken else "yes", "altered": len(one.wrong), "missing": len(one.missing),
        "which": named(wrong), "later": len(one.later), "which later": named(one.later),
    }  # fmt: skip


def named(names: Sequence[str]) -> str:
    """The first of them by name, and how many more there are."""
    more = f" and {len(names) - MOST:,} more" if len(names) > MOST else ""
    return redact(", ".join(names[:MOST])) + more  # an id may be made of an address


def told(one: Held) -> Iterator[tuple[str, str]]:
    """Where something is not as it was signed, and what, for `audit verify`."""
    folder = reports.folder(one.period)
    if one.broken:
        yield f"{folder}/{reports.MESSAGES}.jsonl", "it is not what was signed"
    for names, what in ((one.wrong, "differ in the archive from what the report signed"), (one.missing, "are missing")):
        if names:
            yield f"{folder}/{reports.MESSAGES}.jsonl", f"{len(names):,} of its messages {what}: {named(names)}"
