"""`retention`: what has ended leaves Redis for the files of its months."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import ask, progress, screen
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.moments import parse_past
from notifyctl.cli.options import DryRun, Yes, parse_span
from notifyctl.cli.words import instant, many, stamp
from notifyctl.domain.errors import Usage

if TYPE_CHECKING:
    from notifyctl.engine.retention import Planned
    from notifyctl.settings import Settings

QUESTION = "Move them? What is archived is final: it is never retried."


def run(
    ctx: typer.Context,
    before: Annotated[
        int | None,
        typer.Option("--before", metavar="TIME", parser=parse_past, help="What ended before: 7d ago, or a time."),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", metavar="DURATION", parser=parse_span, help="What ended so long ago; 30d if not said."),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> Result:
    """Move what has ended from Redis to the monthly files.

    Workers do this once a day by themselves. A month of mail is kept unless --keep or --before says otherwise. A
    message in doubt stays, and so does one that a person shall review. Run again, it finishes what was interrupted.
    """
    from notifyctl import settings, wiring
    from notifyctl.cli.running import steps

    if before is not None and keep is not None:
        raise Usage("CLI-USAGE", "--before and --keep exclude each other", "", "leave one of them out")
    to, told = screen.of(ctx), settings.load()
    end = _end(told, before, keep)
    if not dry_run:
        ask.demand(to, QUESTION, yes)
    with steps(start=not dry_run) as step, progress.shown(to) as listener:
        plan = step(lambda store: wiring.retention(told, store).plan(end, listener))
    if dry_run:
        return _planned(plan, end, told)
    ask.agree(to, QUESTION, yes or not plan.total, _sentences(plan, end, told))
    with steps(start=True) as step, progress.shown(to) as listener:
        moved = step(lambda store: wiring.retention(told, store).move(end, listener, plan.total))
    return _moved(plan, moved, end, told)


def _end(told: "Settings", before: int | None, keep: int | None) -> int:
    now, span = int(time.time() * 1000), told.revision.bounds.archive_after if keep is None else keep
    if before is not None and before > now:
        raise Usage(
            "CLI-USAGE", "that time is still to come", "--before", "what is archived is final: name a past time"
        )
    return now - span * 1000 if before is None else before


def _sentences(plan: "Planned", end: int, told: "Settings") -> tuple[str, str]:
    first = f"{many(plan.total, 'message')} that ended before {instant(end)} would move to"
    return first, f"  {told.evidence / 'archive'}"


def _planned(plan: "Planned", end: int, told: "Settings") -> Result:
    data = {**_data(plan, end, told), "moved": 0}
    if not plan.total:
        return _idle(data, plan, end)
    return Result(data, (*_sentences(plan, end, told), *_months(plan)), outcome="planned")


def _idle(data: dict[str, object], plan: "Planned", end: int) -> Result:
    lines = (f"Nothing that ended before {instant(end)} is left to move.", *_staying(plan))
    return Result(data, lines, outcome="nothing to do")


def _moved(plan: "Planned", moved: int, end: int, told: "Settings") -> Result:
    data = {**_data(plan, end, told), "moved": moved}
    if not moved and not plan.total:
        return _idle(data, plan, end)
    lines = (f"Moved {many(moved, 'message')} that ended before {instant(end)}.", *_months(plan))
    return Result(data, (*lines, f"They are in {told.evidence / 'archive'}"), outcome="done")


def _months(plan: "Planned") -> "list[str | Table]":
    rows = [(month, f"{count:,}") for month, count in sorted(plan.months.items())]
    return [Table(("month", "messages"), rows), *_staying(plan)]


def _staying(plan: "Planned") -> list[str]:
    return [f"{many(plan.staying, 'older message')} in doubt stay in Redis."] if plan.staying else []


def _data(plan: "Planned", end: int, told: "Settings") -> dict[str, object]:
    return {
        "before": stamp(end), "folder": str(told.evidence / "archive"), "months": dict(sorted(plan.months.items())),
        "total": plan.total, "staying": plan.staying, "looked_at": plan.looked_at,
    }  # fmt: skip
