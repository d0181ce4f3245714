"""`queue failed`: which jobs have failed, and why."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import progress, screen, sieve
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.moments import Since
from notifyctl.cli.words import many, span, stamp
from notifyctl.domain import exits

if TYPE_CHECKING:
    from notifyctl.operations.failed import Page, Row
    from notifyctl.wiring import Store


def failed(
    ctx: typer.Context,
    lane: sieve.Lane = None,
    state: sieve.States = None,
    reason_contains: sieve.Contains = None,
    since: Since = None,
    type: sieve.Type = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many to list.")] = 20,
    skip: Annotated[int, typer.Option("--skip", metavar="N", min=0, help="How many of the latest to leave out.")] = 0,
) -> Result:
    """List failed jobs by state, with why and through whom.

    The latest come first. Exit code 0 when there is none, 3 otherwise. Addresses in reasons are not shown.
    """
    from notifyctl.cli.running import with_store
    from notifyctl.operations import failed as operation

    with progress.shown(screen.of(ctx)) as listener:

        async def look(store: "Store") -> "tuple[Page, tuple[str, ...]]":
            wanted = sieve.wanted(store.queue, lane, state, reason_contains, since, type)
            return await operation.look(store.queue, store.attempts, wanted, limit, skip, listener), store.queue.names

        page, names = with_store(look)
    return _listed(page, names, skip)


def _listed(page: "Page", names: tuple[str, ...], skip: int) -> Result:
    total, now = page.counts.total(), int(time.time() * 1000)
    counts = dict(page.counts.most_common())
    data = {
        "total": total, "counts": counts, "skipped": skip, "jobs": [_data(row, names) for row in page.rows],
    }  # fmt: skip
    if not total:
        return Result(data, ("None has failed.",))
    told = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    columns = ("message", "state", "age", "type", "provider", "reason")
    lines: list[str | Table] = [f"{many(total, 'job')} failed: {told}."]
    if page.rows:
        lines.append(Table(columns, [_row(row, now) for row in page.rows]))
    if skip + len(page.rows) < total:
        lines.append(f"{len(page.rows):,} are listed; --skip {skip + len(page.rows)} lists the next.")
    return Result(data, lines, exits.DEGRADED, next=_next(page))


def _row(row: "Row", now: int) -> tuple[str, ...]:
    state, reason = _told(row)
    now_state = row.record.state.value if row.record.version else state
    word = state if state in (now_state, "other") else f"{state}, now {now_state}"
    age = span(max(now - row.job.failed_at, 0))
    return (row.record.id, word, age, row.seen.type[:60], row.provider, reason)


def _data(row: "Row", names: tuple[str, ...]) -> dict[str, Any]:
    state, reason = _told(row)
    return {
        "id": row.record.id, "job": row.job.place.job, "queue": names[row.job.place.lane - 1], "state": state,
        "recorded_state": row.record.state.value if row.record.version else None, "reason": reason,
        "type": row.seen.type[:60], "provider": row.provider, "attempts": len(row.record.attempts),
        "failed_at": stamp(row.job.failed_at), "enqueued_at": stamp(row.job.enqueued_at),
    }  # fmt: skip


def _told(row: "Row") -> tuple[str, str]:
    """State and reason, which others than our workers may have written."""
    from notifyctl.domain.redact import redact
    from notifyctl.operations.failed import state_of

    state, reason = state_of(row.job)
    return state, redact(reason)[:300]


def _next(page: "Page") -> tuple[str, ...]:
    commands = {
        "dead": 'notifyctl queue retry --state dead --reason "..."',
        "unknown": "notifyctl queue review",
    }
    return tuple(command for state, command in commands.items() if page.counts[state])
