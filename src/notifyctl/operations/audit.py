"""Audits: make the reports that are due, each once, whatever runs beside this.

    answer = await audit(desk, Cycle.MONTHLY)          what is due, the oldest first
    answer = await audit(desk, Cycle.MONTHLY, period)  that one

Policy: one host at a time makes the report of a period, under a lease of 15 minutes in Redis. It is made in a folder
beside, published in one step, and then recorded in Redis, where the first one wins: the report of one that overslept
its lease is taken away again. One that was published and not recorded, since its maker died, is recorded by the next
run.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from notifyctl.domain.archive import Row
from notifyctl.domain.errors import Refused
from notifyctl.domain.period import Cycle, Period, Ran, Watcher, containing, due, parse
from notifyctl.domain.report import summary
from notifyctl.evidence import archive, months, reports, sealed
from notifyctl.evidence.signing import Signer
from notifyctl.operations.composing import composed
from notifyctl.operations.holding import Away, Fact, earlier, holding
from notifyctl.store.incidents import Incidents
from notifyctl.store.reports import Kept, Reports
from notifyctl.store.workers import Workers
from notifyctl.telemetry.pages import pages

LEASE = 900.0  # seconds: thirty times what a million messages take


class Desk(NamedTuple):
    """What an audit works with.

    `home` holds archive and reports; `current` gives the messages of a month that are still in Redis, `recorded` the
    facts of a period, `away` which of some messages are not archived here by what Redis knows; `made` are `by`, `host`
    and `version`.
    """

    home: Path
    reports: Reports
    incidents: Incidents
    workers: Workers
    signer: Signer
    current: Callable[[str], AsyncIterator[Row]]
    recorded: Callable[[Period], Awaitable[list[Fact]]]
    away: Away
    made: dict[str, str]


class Made(NamedTuple):
    """A report that was made now, and where it lies."""

    period: Period
    place: Path
    report: dict[str, Any]


class Lost(NamedTuple):
    """A report of this host that is gone, or another than was recorded."""

    code: str
    place: str
    what: str


class Answer(NamedTuple):
    """What came of a run: reports that were made, the names of periods that another host is at, of those that have a
    report, and which reports of this host are not what was recorded of them."""

    made: list[Made]
    busy: list[str]
    reported: list[str]
    lost: Sequence[Lost] = ()


async def audit(
    desk: Desk, cycle: Cycle, asked: Period | None = None, watcher: Watcher = Watcher.NONE
) -> Answer:  # fmt: skip
    """Make what is due, or the one that is asked for unless it exists. Raises `Unreachable`, `Misconfigured`, and
    `Refused` for a period that is not over, or over before the first evidence.

    What looks for all that is due is a run of cron, and recorded with who watches it. Where cron is watched, a run that
    nobody watches is that of a person, and stands for none of cron's.
    """
    now = await desk.incidents.now()
    if asked and asked.end > now:
        raise Refused("RPT-NOT-OVER", f"{asked.name} is not over, so nothing can be said about it yet", asked.name)
    if asked is None:
        await _note(desk, cycle, Ran(now, watcher))
    done = await _reported(desk, cycle)
    since = await _since(desk, now)
    if asked and asked.name not in done:
        _demand_evidence(asked, since)
    wanted = [asked] if asked else due(cycle, now, done, since)
    todo = [period for period in wanted if period.name not in done]
    answer = Answer([], [], sorted(done), await _lost(desk, cycle))
    for period in todo:
        found = await _made(desk, period, now)
        if found:
            answer.made.append(found)
        else:
            answer.busy.append(period.name)
    return answer


async def _note(desk: Desk, cycle: Cycle, run: Ran) -> None:
    """Record a run before it reports: its own report must not say that it never ran."""
    known = (await desk.reports.runs()).get(cycle)
    if run.watcher is not Watcher.NONE or known is None or known.watcher is Watcher.NONE:
        await desk.reports.ran(cycle, run)


def _demand_evidence(asked: Period, since: int | None) -> None:
    """A report of a time before all evidence says nothing, and would make every period since then due."""
    if since is None or asked.end <= since:
        fix = "look where the evidence is (NOTIFYCTL_EVIDENCE); without --period the audit finds what is due"
        raise Refused("RPT-NO-EVIDENCE", f"{asked.name} was over before there was any evidence", asked.name, fix)


async def _lost(desk: Desk, cycle: Cycle) -> list[Lost]:
    """Those that this host has made and recorded, held against their files."""
    found = []
    for name, kept in (await desk.reports.known(cycle)).items():
        place = reports.folder(parse(cycle, name))
        if kept.host == desk.made["host"]:
            text = sealed.read(desk.home / place / reports.JSON)
            if text is None:
                found.append(Lost("RPT-GONE", place, "its report was made here, and is gone"))
            elif hashlib.sha256(text).hexdigest() != kept.sha256:
                found.append(Lost("RPT-DIFFERS", place, "its report is another than was made and recorded"))
    return found


async def _reported(desk: Desk, cycle: Cycle) -> set[str]:
    """The periods that have a report, here or elsewhere; one that was signed here and not recorded is recorded now.

    A damaged one exists all the same, and `audit verify` names its damage. One that calls itself otherwise than its
    folder is a copy, and none.
    """
    here, known = set(reports.reported(desk.home, cycle)), set(await desk.reports.known(cycle))
    for name in sorted(here - known):
        period = parse(cycle, name)
        place = desk.home / reports.folder(period)
        if sealed.kept(place, desk.signer.public):
            text = (place / reports.JSON).read_bytes()
            if reports.of(place):
                await desk.reports.keep(period, _kept(text, json.loads(text)))
            else:
                here.remove(name)
    return here | known


async def _since(desk: Desk, now: int) -> int | None:
    """When evidence begins, as far back as is looked: the first month of the archive, or what Redis still has."""
    if kept := archive.months(desk.home):
        return parse(Cycle.MONTHLY, kept[0]).start
    month = containing(Cycle.MONTHLY, now).last
    for period in (month.last, month):
        async for _ in desk.current(period.name):
            return period.start
    return None


async def _made(desk: Desk, period: Period, now: int) -> Made | None:
    """The report of a period; None while another host is at it, or when it was faster."""
    duty, token = f"report:{period.cycle}:{period.name}", uuid4().hex
    if not await desk.workers.lease(duty, token, LEASE):
        return None
    try:
        known = await desk.reports.known(period.cycle)
        if period.name in known:
            return None
        before = [kept.summary for name, kept in known.items() if name < period.name]
        return await _published(desk, period, now, before[-1] if before else None)
    finally:
        await desk.workers.lease(duty, token, 0)


async def _published(desk: Desk, period: Period, now: int, last: Mapping[str, Any] | None) -> Made | None:
    with reports.drafted(desk.home) as draft:
        facts = [{"kind": "made", "at": now, **desk.made}, *await desk.recorded(period)]
        facts += [{"kind": "last", **last}] if last else []
        with months.locked(desk.home, archive.FOLDER):  # a message on its way to the archive would be in neither
            await _keep_messages(desk, period, draft / f"{reports.MESSAGES}.jsonl")
            facts += await holding(desk.home, earlier(desk.home, period, last), draft, desk.away)
            reports.write(draft, {f"{reports.FACTS}.jsonl": map(reports.line, facts)})
            report = await asyncio.to_thread(composed, desk.home, draft, period)
        text = reports.text(report)
        signature, key = desk.signer.sign(text), desk.signer.public
        reports.write(draft, {reports.JSON: [text], reports.SIGNATURE: [signature], reports.KEY: [key]})
        forms = pages(report)
        reports.write(draft, {name: [page] for name, page in forms.items()})
        sealed.seal(draft, [reports.JSON, *forms], desk.signer)
        place = reports.publish(desk.home, period, draft)
    if await desk.reports.keep(period, _kept(text, report)):
        return Made(period, place, report)
    reports.withdraw(desk.home, period)
    return None


async def _keep_messages(desk: Desk, period: Period, path: Path) -> None:
    """What is still in Redis of the period, as lines of the archive."""
    with reports.written(path):
        file = path.open("wb")
    with file:
        for month in period.months:
            async for row in desk.current(month):
                with reports.written(path):
                    file.write(archive.pack(row) + b"\n")
        with reports.written(path):
            file.flush()
            os.fsync(file.fileno())


def _kept(text: bytes, report: dict[str, Any]) -> Kept:
    made = report["made"]
    at = int(datetime.fromisoformat(made["at"]).timestamp()) * 1000
    return Kept(hashlib.sha256(text).hexdigest(), made["host"], at, made["by"], summary(report))
