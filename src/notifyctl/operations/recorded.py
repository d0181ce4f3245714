"""What a report records of what is in no archive: incidents, moves, and for the longer audits what checks say.

Each fact is one flat object of texts and numbers; addresses and secrets are taken out before it is kept.
"""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from notifyctl.domain.incident import Incident
from notifyctl.domain.period import Period
from notifyctl.domain.redact import redact
from notifyctl.domain.transition import Entry
from notifyctl.evidence import archive, operations
from notifyctl.store.board import Boards
from notifyctl.store.incidents import Incidents
from notifyctl.store.retired import Retired

Fact = dict[str, Any]
FAR = 10_000  # entries: all that the log of moves keeps
MOST = 5_000  # incidents that are looked through


async def incidents(store: Incidents, period: Period) -> AsyncIterator[Fact]:
    """Those that were open in the period, or not reviewed when it began, oldest first: an older one is looked at until
    its review. Says so when so many are not kept in sight. Raises `Unreachable`."""
    found = await store.latest(MOST)
    if len(found) == MOST and found[-1].opened_at > period.start:
        yield unseen("incidents", f"only the last {MOST:,} are looked through")
    for one in reversed(found):
        if one.opened_at < period.end and not 0 < one.reviewed_at < period.start:
            yield _incident(one)


async def moves(boards: Boards, home: Path, period: Period) -> AsyncIterator[Fact]:
    """What moved the mail in the period, oldest first, from the files and from Redis; says so when neither goes back
    so far. Raises `Unreachable`, and `Degraded` at a line that cannot be read."""
    kept = [entry for month in period.months for entry in operations.rows(home, month)]
    live = (await boards.history(FAR))[::-1]
    if len(live) == FAR and live[0].at > period.start and live[0].id not in {entry.id for entry in kept}:
        yield unseen("failovers", f"the log begins at {time_of(live[0].at)}")
    every = {entry.id: entry for entry in (*kept, *live) if period.holds(entry.at)}
    for entry in sorted(every.values(), key=lambda one: one.at):
        yield _move(entry)


async def elsewhere(retired: Retired, home: Path, host: str, period: Period) -> AsyncIterator[Fact]:
    """Says of messages of the period that other hosts have archived and that are not in the archive here, how many and
    where. Raises `Unreachable`, and `Degraded` at a line that cannot be read."""
    found: dict[int, str] = {}
    async for part in retired.archived():
        found |= {hash(name): at.host for name, at in part if at.month in period.months and at.host != host}
    if not found:
        return
    for month in period.months:
        for row in archive.rows(home, month):
            found.pop(hash(row.id), None)
    if found:
        told = [
            f"{count:,} messages are archived on {where}" for where, count in sorted(Counter(found.values()).items())
        ]
        yield unseen("delivery", ", ".join(told))


def unseen(part: str, why: str) -> Fact:
    """A part that could not be looked at."""
    return {"kind": "unseen", "part": part, "why": why}


def _incident(one: Incident) -> Fact:
    return {
        "kind": "incident", "id": one.id, "severity": one.severity, "title": redact(one.title),
        "state": one.state.value, "opened_at": time_of(one.opened_at), "detected_after_s": one.detect_ms / 1000,
        "mitigated_after_s": None if one.mitigate_ms is None else one.mitigate_ms / 1000,
        "resolved_at": time_of(one.resolved_at) if one.resolved_at else "", "root": redact(one.root),
    }  # fmt: skip


def _move(entry: Entry) -> Fact:
    if entry.move is None:
        told = {"what": entry.verb, "from": "", "to": "", "rule": "", "reason": redact(entry.reason)}
    else:
        before, after = entry.move.before, entry.move.after
        told = {"what": entry.move.provider, "from": before.phase.value, "to": after.phase.value, "rule": after.rule,
                "reason": redact(after.reason)}  # fmt: skip
    return {"kind": "move", "at": time_of(entry.at), "by": redact(entry.by) or "notifyctl", **told}


def time_of(ms: int) -> str:
    """A time as facts have it: `2026-10-01T06:00:00Z`."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
