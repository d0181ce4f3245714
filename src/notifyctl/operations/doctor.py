"""Doctor: every finding of queue, workers, providers and Redis, with what is known of it. It never writes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from notifyctl.domain.check import Report, Verdict
from notifyctl.domain.counted import counted
from notifyctl.domain.finding import Finding
from notifyctl.domain.retention import LastMove, late
from notifyctl.engine.journal import elsewhere
from notifyctl.operations import status
from notifyctl.store.census import Census
from notifyctl.store.clients import strangers
from notifyctl.store.findings import EXAMPLES, Findings
from notifyctl.store.retired import Retired

MACHINE = ("ENV-002", "ENV-003", "ENV-005", "SEC-003")  # checks that need neither a project nor the network
GRAVE = ("critical", "error", "warning")


class Diagnosed(NamedTuple):
    """A finding; how often it was counted since the beginning, when last in epoch ms (0 = it holds now and is not
    counted), and the latest places, such as job keys."""

    finding: Finding
    times: int
    last_at: int
    where: Sequence[str]


class Diagnosis(NamedTuple):
    """All findings, most urgent first; when each queue was audited last, epoch ms (0 = never); `clients` says whether
    the server tells who is connected."""

    found: Sequence[Diagnosed]
    audited: dict[str, int]
    clients: bool

    @property
    def grave(self) -> bool:
        """True when one of them needs a person."""
        return any(one.finding.severity in GRAVE for one in self.found)


async def look(
    places: status.Places, census: Census, findings: Findings, retired: Retired, order: tuple[str, ...], journals: Path
) -> Diagnosis:
    """Look once; `order` is the route, `journals` the folder of this host. One connection, nothing is written."""
    queue, seen = places.queue, await status.look(places, order, ())
    told = [*status.findings(seen), *(one for one in status.lately(seen) if one.severity == "info")]
    connected = await strangers(queue.link, queue.names)
    if connected and "QUE-FOREIGN-WORKER" not in {one.code for one in told}:
        severity, what, hint = counted("QUE-FOREIGN-WORKER")
        told.insert(0, Finding("QUE-FOREIGN-WORKER", severity, "queue", f"{what}: {len(connected)} connected", hint))
    found = [
        Diagnosed(one, seen.met.get(one.code, 0), seen.last.get(one.code, 0), await findings.where(one.code))
        for one in told
    ]
    found += _stray(elsewhere(journals, queue.link.server.realm))
    found += _late(await retired.last(), seen.now)
    return Diagnosis(found, await census.audited(queue.names, queue.bases), connected is not None)


def machine(reports: Sequence[Report]) -> list[Diagnosed]:
    """What checks of this host found: one that failed is an error, all else that is not well a warning."""
    return [
        Diagnosed(Finding(one.check.id, _severity(one), "this host", one.seen.observed, one.seen.hint), 0, 0, [])
        for one in reports
        if one.seen.verdict is not Verdict.PASS
    ]


def _severity(report: Report) -> str:
    return "error" if report.seen.verdict is Verdict.FAIL else "warning"


def _late(last: LastMove, now: int) -> list[Diagnosed]:
    if not late(last, now):
        return []
    since = last.at or last.tried
    what = f"what has ended has not moved to the archive for {(now - since) // 86_400_000:,} days"
    finding = Finding("RET-LATE", "warning", "archive", what, "see why: notifyctl explain RET-LATE")
    return [Diagnosed(finding, 0, last.at, [last.by] if last.by else [])]


def _stray(journals: Sequence[Path]) -> list[Diagnosed]:
    if not journals:
        return []
    what = f"results of another Redis or prefix are on this disk, and nobody tells it: {len(journals):,}"
    hint = "start a worker with its address: notifyctl explain WRK-JOURNAL-ELSEWHERE"
    finding = Finding("WRK-JOURNAL-ELSEWHERE", "warning", "workers", what, hint)
    return [Diagnosed(finding, 0, 0, [str(path) for path in journals[:EXAMPLES]])]
