"""`doctor`: what is wrong, with numbers, times and places."""

from typing import TYPE_CHECKING, Any

from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.words import many, moment, stamp
from notifyctl.domain import exits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifyctl.operations.doctor import Diagnosed, Diagnosis
    from notifyctl.wiring import Store


def doctor() -> Result:
    """List all findings: how often, when last, and where.

    Those of the queue, and what the checks of preflight say of this machine alone.

    Exit code 0: nothing, or nothing that needs a person; 1: something critical or a warning; 6: Redis does not answer.
    """
    from notifyctl.cli.running import with_store

    diagnosis = with_store(_look())
    return _told(diagnosis._replace(found=[*diagnosis.found, *_machine()]))


def _machine() -> "list[Diagnosed]":
    import asyncio
    from datetime import UTC, datetime

    from notifyctl import wiring
    from notifyctl.checks import REGISTRY
    from notifyctl.domain.check import chosen
    from notifyctl.operations.doctor import MACHINE, machine
    from notifyctl.operations.preflight import examine

    readers = wiring.here(datetime.now(UTC).date())
    checks = chosen({name: one.check for name, one in REGISTRY.items()}, "deploy", MACHINE)
    return machine(asyncio.run(examine(REGISTRY, checks, readers, lambda _: None)))


def _look() -> "Callable[[Store], Awaitable[Diagnosis]]":
    from notifyctl import settings
    from notifyctl.operations.doctor import look
    from notifyctl.operations.status import Places

    told = settings.load()
    order, journals = told.revision.order, told.journals
    return lambda store: look(
        Places(store.queue, store.attempts, store.workers, store.limits, store.boards, store.incidents),
        store.census, store.findings, store.retired, order, journals,
    )  # fmt: skip


def _told(diagnosis: "Diagnosis") -> Result:
    found = diagnosis.found
    lines: list[str | Table] = [_summary(diagnosis), *_audited(diagnosis)]
    if found:
        lines.append(Table(("finding", "severity", "count", "last", "where"), [_row(one) for one in found]))
    if not diagnosis.clients:
        lines.append("Redis does not tell who is connected: of foreign workers only the locks are seen.")
    data = {
        "checks": [_data(one) for one in found],
        "audited_at": {queue: stamp(at) for queue, at in diagnosis.audited.items()},
        "clients_seen": diagnosis.clients,
    }
    code = exits.BAD if diagnosis.grave else exits.OK
    following = tuple(dict.fromkeys(f"notifyctl explain {one.finding.code}" for one in found))[:3]
    return Result(data, lines, code, findings=[one.finding for one in found], next=following)


def _summary(diagnosis: "Diagnosis") -> str:
    severities = [one.finding.severity for one in diagnosis.found]
    counts = [f"{severities.count(name)} {name}" for name in dict.fromkeys(severities)]
    return f"{many(len(severities), 'finding')}: {', '.join(counts)}." if counts else "Nothing is wrong."


def _audited(diagnosis: "Diagnosis") -> list[str]:
    """Since when the queues are known: what is lost after that is found by the next audit."""
    first = min(diagnosis.audited.values(), default=0)
    return [
        f"Workers audited the queues last at {moment(first)}." if first else "No worker has audited each queue yet."
    ]


def _row(one: "Diagnosed") -> tuple[str, ...]:
    first = f"{one.where[0]}{' ...' if len(one.where) > 1 else ''}" if one.where else one.finding.subject
    count, last = f"{one.times:,}" if one.times else "", moment(one.last_at) if one.last_at else "now"
    return (one.finding.code, one.finding.severity, count, last, first)


def _data(one: "Diagnosed") -> dict[str, Any]:
    finding = one.finding
    return {
        "code": finding.code,
        "severity": finding.severity,
        "subject": finding.subject,
        "what": finding.message,
        "count": one.times,
        "last_at": stamp(one.last_at),
        "where": list(one.where),
        "hint": finding.hint,
    }
