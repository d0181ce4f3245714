"""`audit monthly`, `quarterly`, `biannual`: the reports that are due, for cron; `verify` and `show` for readers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import screen
from notifyctl.cli.envelope import Markdown, Result, Table, actor
from notifyctl.cli.words import many
from notifyctl.domain import exits
from notifyctl.domain.errors import Bad, Usage
from notifyctl.domain.finding import Finding
from notifyctl.domain.period import Cycle, Period, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from notifyctl.domain.waiver import Waiver
    from notifyctl.operations.audit import Answer, Made

_EXITS = {"bad": exits.BAD, "incomplete": exits.DEGRADED, "good": exits.OK}
Asked = Annotated[str | None, typer.Option("--period", metavar="PERIOD", help="That one: 2026-10, 2026-Q4 or 2026-H2.")]


def monthly(ctx: typer.Context, period: Asked = None) -> Result:
    """Review the providers: the months that are due.

    For cron: run it daily. It acts when a month is over and has no report, catches up months that were skipped, and
    prints nothing otherwise. Each report is made once, whatever host runs this. Exit code 1: an error is open; 3: a
    part could not be seen, which is never counted as fine.
    """
    return _audit(ctx, Cycle.MONTHLY, period)


def quarterly(ctx: typer.Context, period: Asked = None) -> Result:
    """Audit compliance: the quarters that are due.

    All of the monthly review, and the checks of the installation, keys, waivers, access and registers. As
    `audit monthly` otherwise.
    """
    return _audit(ctx, Cycle.QUARTERLY, period)


def biannual(ctx: typer.Context, period: Asked = None) -> Result:
    """Assess the infrastructure: the half-years that are due.

    All of the quarterly audit, and versions, persistence and room of Redis, and drills. As `audit monthly` otherwise.
    """
    return _audit(ctx, Cycle.BIANNUAL, period)


def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|PERIOD", help="A report.json or its folder; or 2026-10 of this machine.")
    ],
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="A public key you trust, instead of the one beside it.")
    ] = None,
) -> Result:
    """Make a report again from its evidence; name what differs.

    Needs the files alone: no server, and no settings but for a PERIOD, which is that of a report of this machine.
    A changed byte is named by file and lines, be it of the archive,
    of the recorded facts or of the report, and so is a figure that comes out otherwise. Exit code 1: something differs.
    """
    from notifyctl.operations.reperform import reperform

    again = reperform(_place(file), key)
    findings = [Finding("RPT-DIFFERS", "error", one.where, one.what) for one in again.differences]
    name = f"{again.report.get('cycle', 'report')} {again.report.get('period', '')}".strip()
    data = {
        "report": name, "same": not findings, "files": again.files, "pages_compared": again.by_same_version,
        "differences": [one._asdict() for one in again.differences], "key": "given" if key else "beside",
    }  # fmt: skip
    unsure = (
        ()
        if key
        else ("The key lay beside the report, and may have been replaced: give one that you kept with --key.",)
    )
    if findings:
        return Result(data, (f"{name}: {many(len(findings), 'difference')}.", *unsure), exits.BAD, findings=findings)
    pages = "" if again.by_same_version else " Its pages are as they were signed; another version made them."
    told = f"{name}: the signature holds, and {many(again.files, 'file')} of evidence lead to the same report.{pages}"
    return Result(data, (told, *unsure))


def show(
    period: Annotated[str | None, typer.Argument(metavar="PERIOD", help="2026-10, 2026-Q4 or 2026-H2.")] = None,
) -> Result:
    """Show a report of this machine, or list them all."""
    from notifyctl.evidence import reports
    from notifyctl.settings import load

    if period is None:
        home = load().evidence
        return _listed(home, reports.every(home))
    place = _here(_named(period))
    report = reports.of(place)
    if wrong := list(_broken(place, report)):
        lines = (f"{period} is not shown: it is not what was made. {wrong[0].subject}: {wrong[0].message}.",)
        return Result(
            {"place": str(place), "report": report},
            lines,
            exits.BAD,
            findings=wrong,
            next=(f"notifyctl audit verify {period}",),
        )
    text = (place / "report.md").read_text("utf-8")
    return Result({"place": str(place), "report": report}, (Markdown(text.rstrip("\n")),))


def _place(file: Path) -> Path:
    """Where the report is that is meant by a file, or by a period of which there is no file of that name."""
    if file.exists():
        return file
    try:
        return _here(_named(str(file)))
    except Usage:
        return file


def _here(wanted: Period) -> Path:
    """The folder of a report of this machine; raises `Bad` when there is none."""
    from notifyctl.evidence import reports
    from notifyctl.settings import load

    home = load().evidence
    if wanted not in reports.every(home):
        raise Bad(
            "RPT-NONE", f"there is no report of {wanted.name} here", wanted.name, "notifyctl audit show lists them"
        )
    return home / reports.folder(wanted)


def _broken(place: Path, report: "Mapping[str, Any] | None") -> "Iterator[Finding]":
    """What of a report is not as it was made, as far as its own files tell."""
    from notifyctl.evidence import reports, sealed

    if report is None:
        yield Finding(
            "RPT-DIFFERS", "error", reports.JSON, "it cannot be read as the report that the folder is named after"
        )
    key = place / reports.KEY
    for name, what in sealed.broken(place, key.read_bytes() if key.is_file() else b""):
        yield Finding("RPT-DIFFERS", "error", name, what)


def _named(text: str) -> Period:
    for cycle in Cycle:
        try:
            return parse(cycle, text)
        except Usage:
            continue
    raise Usage("CLI-USAGE", f"{text!r} is no period", "PERIOD", "write 2026-10, 2026-Q4 or 2026-H2")


def _listed(home: Path, there: "Sequence[Period]") -> Result:
    from notifyctl.evidence import reports

    rows = [
        (one.cycle.value, one.name, _word(place), str(place / "report.html"))
        for one in there
        if (place := home / reports.folder(one))
    ]
    data = {"reports": [dict(zip(("cycle", "period", "verdict", "page"), row, strict=True)) for row in rows]}
    if not rows:
        return Result(data, ("No report yet.",))
    return Result(data, (f"{many(len(rows), 'report')}.", Table(("audit", "period", "verdict", "page"), rows)))


def _word(place: Path) -> str:
    """The verdict of a report in a word; of one that is not as it was made, that it is not."""
    from notifyctl.evidence import reports

    report = reports.of(place)
    if report is None or any(_broken(place, report)):
        return "not as made"
    return str(report["verdict"]["word"])


def _audit(ctx: typer.Context, cycle: Cycle, period: str | None) -> Result:
    import asyncio
    import os

    asked = parse(cycle, period) if period else None
    answer = asyncio.run(_run(cycle, asked, actor(os.environ)))
    result = _told(answer) if answer.made else _idle(answer, asked, screen.of(ctx))
    if not answer.lost:
        return result
    lost = [Finding(one.code, "error", one.place, one.what, "find out who could write there") for one in answer.lost]
    lines = (*result.lines, f"{many(len(lost), 'report')} of this host: not as made and recorded.")
    return result._replace(lines=lines, exit=exits.BAD, outcome="", findings=[*result.findings, *lost])


def _idle(answer: "Answer", asked: "Period | None", here: screen.Screen) -> Result:
    data = {"made": [], "busy": answer.busy, "reported": answer.reported}
    words = f"Nothing to do: {_why(answer, asked)}."
    if asked and answer.busy:  # who asked for it has no report yet
        return Result(data, (words,), exits.DEGRADED)
    return Result(data, (words,) if here.terminal(sys.stdout) or here.verbose else (), outcome="nothing to do")


def _why(answer: "Answer", asked: "Period | None") -> str:
    if answer.busy:
        return f"another host makes the report of {', '.join(answer.busy)}"
    if asked:
        return f"there is a report of {asked.name}"
    return f"the last report is of {answer.reported[-1]}" if answer.reported else "no period with evidence is over yet"


async def _run(cycle: Cycle, asked: Period | None, by: str) -> "Answer":
    from notifyctl import wiring
    from notifyctl.cli import given
    from notifyctl.operations.audit import audit
    from notifyctl.operations.heartbeat import beating

    settings = given.load()
    async with beating(settings.audits.heartbeat) as beat, wiring.store(settings, start=True) as store:
        answer = await audit(wiring.desk(settings, store, by, _excused(cycle)), cycle, asked, beat.watcher)
        beat.text = "\n".join(
            f"{one.period.name} {one.report['evidence']['root']} {_counts(one)}" for one in answer.made
        )
        return answer


def _excused(cycle: Cycle) -> "list[Waiver]":
    """The waivers of the project; a monthly review asks no checks."""
    if cycle is Cycle.MONTHLY:
        return []
    from notifyctl import settings
    from notifyctl.checks import REGISTRY
    from notifyctl.domain import waiver

    return waiver.load(settings.project() / "waivers.toml", {name: one.check for name, one in REGISTRY.items()})


def _counts(made: "Made") -> str:
    findings = made.report["findings"]
    return f"{made.report['verdict']['word']}, {many(sum(one['status'] != 'closed' for one in findings), 'finding')}"


def _told(answer: "Answer") -> Result:
    from notifyctl.telemetry.pages import TITLES, verdict

    made = answer.made
    lines = [f"{TITLES[one.period.cycle]} {one.period.name}: {verdict(one.report)}" for one in made]
    places = [f"  {one.place}/report.html" for one in made]
    codes = [_EXITS[one.report["verdict"]["word"]] for one in made]
    code = exits.BAD if exits.BAD in codes else max(codes)
    latest = made[-1].report["findings"]  # what was open before and still is stands in the latest, too
    findings = [_finding(found) for found in latest if found["status"] != "closed"]
    data = {"made": [_data(one) for one in made], "busy": answer.busy, "reported": answer.reported}
    next_ = tuple(f"notifyctl audit show {one.period.name}" for one in made[-1:])
    return Result(
        data, [text for pair in zip(lines, places, strict=True) for text in pair], code, "done", findings, next_
    )


def _finding(found: "Mapping[str, Any]") -> Finding:
    return Finding(found["code"], found["severity"], found["subject"], found["what"], found["hint"])


def _data(made: "Made") -> dict[str, Any]:
    return {
        "period": made.period.name, "cycle": made.period.cycle.value, "place": str(made.place),
        "verdict": made.report["verdict"], "root": made.report["evidence"]["root"],
    }  # fmt: skip
