"""`queue`: what waits, and what nobody can decide but a person."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.words import many, moment, span, stamp
from notifyctl.domain import exits

if TYPE_CHECKING:
    from notifyctl.domain.attempt import Record
    from notifyctl.operations.message import Unknown
    from notifyctl.store.lanes import Lane


def show() -> Result:
    """Show what each lane holds, and since when."""
    from notifyctl.cli.running import with_store
    from notifyctl.store import lanes

    found = with_store(lambda store: lanes.look(store.link, store.queue.names, store.queue.bases))
    now = int(time.time() * 1000)
    columns = ("queue", "waiting", "prio", "active", "delayed", "done", "failed", "oldest")
    first = f"{many(sum(lane.open for lane in found), 'message')} to do, {sum(lane.ready for lane in found):,} waiting."
    lines: list[str | Table] = [first, Table(columns, [_row(lane, now) for lane in found]), *_remarks(found, now)]
    return Result({"queues": [_data(lane, now) for lane in found]}, lines)


def _row(lane: "Lane", now: int) -> tuple[str, ...]:
    counts = (lane.waiting, lane.prioritized, lane.active, lane.delayed, lane.completed, lane.failed)
    age = span(max(now - lane.oldest, 0)) if lane.oldest else ""
    return (lane.queue, *(f"{count:,}" for count in counts), age)


def _remarks(found: "list[Lane]", now: int) -> list[str]:
    lines = [f"{lane.queue} is paused in BullMQ." for lane in found if lane.paused]
    for lane in found:
        if lane.priorities:
            counts = ", ".join(f"{priority}: {count:,}" for priority, count in lane.priorities.items())
            lines.append(f"{lane.queue} by priority: {counts}")
        if lane.next_due:
            lines.append(f"{lane.queue}: the next delayed one is due {_until(lane.next_due - now)}.")
    return lines


def _until(ms: int) -> str:
    return f"in {span(ms)}" if ms > 0 else "now"


def _data(lane: "Lane", now: int) -> dict[str, Any]:
    names = ("queue", "waiting", "prioritized", "active", "delayed", "completed", "failed", "paused")
    return {
        **{name: getattr(lane, name) for name in names},
        "oldest_at": stamp(lane.oldest),
        "oldest_age_ms": max(now - lane.oldest, 0) if lane.oldest else None,
        "next_due_at": stamp(lane.next_due),
        "by_priority": {str(priority): count for priority, count in lane.priorities.items()},
    }


def unknown(
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many to list.")] = 100,
) -> Result:
    """List mails of which nobody knows if they are out.

    Exit code 0 when there is none, 3 otherwise. They are never sent again by themselves.
    """
    from notifyctl.cli.running import with_store
    from notifyctl.operations import message

    return _listed(with_store(lambda store: message.unknown(store.attempts, limit)))


def _listed(found: "Unknown") -> Result:
    data = {"total": found.total, "messages": [_unknown(record, since) for record, since in found.rows]}
    if not found.rows:
        return Result(data, ("None: of every mail it is known whether it is out.",))
    rows = [
        (record.id, moment(since), record.provider or _tried(record), record.reason) for record, since in found.rows
    ]
    lines: list[str | Table] = [
        f"{many(found.total, 'mail')} may or may not be out.",
        Table(("message", "since", "provider", "reason"), rows),
    ]
    if found.total > len(rows):
        lines.append(f"The oldest {len(rows):,} are listed; --limit lists more.")
    lines += [
        "Look each one up at its provider. When no copy is there: notifyctl message resend ID.",
        "When one is there, or a second copy would be worse than none, leave it.",
    ]
    following = (f"notifyctl message show {found.rows[0][0].id}",)
    return Result(data, lines, exits.DEGRADED, next=following)


def _unknown(record: "Record", since: int) -> dict[str, Any]:
    return {
        "id": record.id,
        "since": stamp(since),
        "provider": record.provider or _tried(record),
        "reason": record.reason,
    }


def _tried(record: "Record") -> str:
    """The provider that may have a copy."""
    return record.suspect.provider if record.suspect else ""
