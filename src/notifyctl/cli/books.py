"""How runbooks and their runs are told: for `runbook`."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.understand import understand
from notifyctl.cli.words import many, moment, stamp
from notifyctl.domain import exits, runbook_run
from notifyctl.domain.finding import Finding
from notifyctl.domain.runbook import fill, placeholders
from notifyctl.domain.runbook_lint import split

if TYPE_CHECKING:
    from notifyctl.domain.runbook import Book, Step
    from notifyctl.domain.runbook_run import Trace
    from notifyctl.operations.runbook import Left, Stop
    from notifyctl.store.runs import Note, Record


def changes(step: "Step") -> bool:
    """Whether the command of a step may change something."""
    return understand(split(step.command)[1:]).mutating


def book(one: "Book", noted: "Sequence[Note]") -> dict[str, Any]:
    """A book for machines."""
    needs = [{"name": need.name, "meaning": need.meaning, "example": need.example} for need in one.needs]
    told = {"name": one.name, "title": one.title, "when": one.when, "steps": len(one.steps)}
    return {**told, "changes": any(map(changes, one.steps)), "needs": needs, "notes": notes(noted)}


def steps(one: "Book") -> list[dict[str, Any]]:
    """The steps of a book for machines."""
    names = ("number", "title", "command", "look")
    told = [{name: getattr(step, name) for name in names} for step in one.steps]
    return [
        {**known, "changes": changes(step), "exits": list(step.exits), "see": step.text("You should see"),
         "if_not": step.text("If not")}
        for known, step in zip(told, one.steps, strict=True)
    ]  # fmt: skip


def left(one: "Left") -> dict[str, Any]:
    """A run that is not over, for machines."""
    return {
        "run": one.run, "book": one.began.book, "began_at": stamp(one.began.at), "by": one.began.actor,
        "next": one.next.number, "steps": len(one.book.steps),
    }  # fmt: skip


def notes(noted: "Sequence[Note]") -> list[dict[str, Any]]:
    """What was noted, for machines."""
    return [{"at": stamp(one.at), "by": one.actor, "text": one.text} for one in noted]


def noted(found: "Sequence[Note]") -> list[str]:
    """What was noted, for the next one who walks."""
    rows = [f"- {moment(one.at)[:10]} {one.actor}: {one.text}" for one in found]
    return ["", "Noted at earlier runs:", *rows] if rows else []


def plan(one: "Book", values: Mapping[str, str]) -> Result:
    """What a run would do."""
    rows = [
        (str(step.number), "*" if changes(step) else "", shlex.join(fill(split(step.command), values)))
        for step in one.steps
    ]
    first = f"{one.name}: {many(len(rows), 'step')}; * changes something and is asked about. Nothing was done."
    data = {"book": one.name, "steps": steps(one), "values": dict(values)}
    return Result(data, (first, Table(("step", "", "command"), rows)))


def ended(stop: "Stop", record: "Record", one: "Book", documents: Mapping[int, Any]) -> Result:
    """Where a walk stands at its end; steps of this walk have their documents where those were taken."""
    traces = runbook_run.traces(one.steps, record.events)
    rows = [
        {"number": step.number, "title": step.title, "command": shlex.join(fill(split(step.command), record.values)),
         "state": trace.was.value, "exit": trace.exit, "started_at": stamp(trace.started_at),
         "ended_at": stamp(trace.ended_at), "document": documents.get(step.number)}
        for step in one.steps for trace in (traces[step.number],)
    ]  # fmt: skip
    data = {"run": record.run, "book": one.name, "values": record.values, "steps": rows}
    step = runbook_run.following(one.steps, record.events)
    if step is None:
        done = (
            f"Done: {many(len(rows), 'step')} of {one.name}. Learned something? notifyctl runbook note {one.name} TEXT"
        )
        return Result(data, (done,), outcome="done")
    lacking = [name for name in placeholders(step.command + step.look) if name not in record.values]
    finding = _stopped(step, traces[step.number], stop == "failed", lacking)
    code = exits.BAD if finding.code == "RBK-STEP" else exits.WAITING
    first = f"Stopped at step {step.number} of {len(rows)}."
    return Result(data, (first,), code, findings=(finding,), next=(f"notifyctl runbook resume {record.run}",))


def _stopped(step: "Step", trace: "Trace", failed: bool, lacking: Sequence[str]) -> Finding:
    """Why it went no further."""
    place = f"step {step.number}"
    if lacking:
        hint = f"resume with --set {lacking[0]}=VALUE"
        return Finding("RBK-WAITING", "warning", place, f"<{lacking[0]}> has no value", hint)
    if failed:
        what = f"{step.command} ended with exit code {trace.exit}, which the book does not expect"
        return Finding("RBK-STEP", "error", place, what, _one_line(step.text("If not")))
    if trace.may_have_changed:
        what = f"{step.command} may have taken effect already, and nobody said what to do"
        return Finding("RBK-DOUBT", "warning", place, what, "look, then resume with --again or --skip")
    return Finding(
        "RBK-WAITING",
        "warning",
        place,
        f"{step.command} waits for a yes",
        "resume asks again; with --skip it goes on without it",
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
