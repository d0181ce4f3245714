"""`queue review`: the mails that wait for a person, and the decision."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import ask, given, screen, why
from notifyctl.cli.decision import WORDS, Decide, decision_of
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.moments import Deadline
from notifyctl.cli.options import Reason, Yes
from notifyctl.cli.words import many, moment, stamp
from notifyctl.domain import exits
from notifyctl.domain.errors import Usage

if TYPE_CHECKING:
    from notifyctl.domain.attempt import Record
    from notifyctl.domain.review import Decision
    from notifyctl.operations.cases import Cases, Who
    from notifyctl.operations.reviewing import Line, Waiting
    from notifyctl.wiring import Store

QUESTION = "Send it again?"
Undo = Annotated[bool, typer.Option("--undo", help="Take the decision back.")]


def review(
    ctx: typer.Context,
    identity: Annotated[str | None, typer.Argument(metavar="[ID]", help="A message; all that wait without.")] = None,
    decide: Decide = None,
    undo: Undo = False,
    deadline: Deadline = None,
    reason: Reason = None,
    yes: Yes = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many to list.")] = 100,
) -> Result:
    """List the mails that wait for a person, and decide.

    resend takes on a second copy, at once. delivered and drop end the question, ignore leaves the doubt: these may be
    taken back for a day. Exit code 8 when something waits.
    """
    if identity is None:
        if decide or undo:
            raise Usage("CLI-USAGE", "no message is named", "ID", "notifyctl queue review lists those that wait")
        return _listed(limit)
    if (decide is None) != undo:
        raise Usage("CLI-USAGE", "it is not said what becomes of it", "--decide", f"give --decide ({WORDS}) or --undo")
    to, decision = screen.of(ctx), None if decide is None else decision_of(decide)
    told = why.reason(to, reason)
    if decision == "resend":
        ask.agree(to, QUESTION, yes, ("A copy may be out already, so that this may be a second one.",))
    return _done(identity, decision, told, deadline or 0)


def _cases(store: "Store", deadline: int = 0) -> "Cases":
    from notifyctl.operations.cases import Cases

    return Cases(store.queue, store.attempts, given.load().revision.types, deadline)


def _done(name: str, decision: "Decision | None", told: str, deadline: int) -> Result:
    from notifyctl.cli.running import with_store
    from notifyctl.operations import reviewing
    from notifyctl.operations.cases import Who

    who = Who(actor(os.environ), told, deadline)

    async def work(store: "Store") -> "Record":
        cases = _cases(store, deadline)
        if decision is None:
            return await reviewing.undo(cases, store.reviews, store.incidents, name, who)
        return await reviewing.decide(cases, store.reviews, store.incidents, name, decision, who)

    return _told(with_store(work, start=True), decision, who)


def _told(record: "Record", decision: "Decision | None", who: "Who") -> Result:
    data = {"id": record.id, "decision": decision.value if decision else None, "state": record.state.value,
            "by": who.actor, "reversible": decision not in (None, "resend")}  # fmt: skip
    said = f"{decision}, decided by {who.actor}" if decision else "waits again"
    following = (f"notifyctl queue review {record.id} --undo --reason TEXT",) if data["reversible"] else ()
    return Result(data, (f"{record.id}: {said}; it is {record.state}.",), outcome="done", next=following)


def _listed(limit: int) -> Result:
    from notifyctl.cli.running import with_store
    from notifyctl.operations import reviewing

    line = with_store(lambda store: reviewing.look(_cases(store), store.reviews, limit))
    data = {"unknown": line.unknown, "waiting": [_data(row, line) for row in line.rows]}
    if not line.rows:
        return Result(data, ("No mail waits for a person.",))
    rows = [(row.record.id, _due(row, line), _provider(row), row.record.reason) for row in line.rows]
    lines = (f"{many(len(rows), 'mail')} to decide.", Table(("message", "due", "provider", "what"), rows))
    following = (f"notifyctl queue review {line.rows[0].record.id} --decide WORD --reason TEXT",)
    return Result(data, lines, exits.WAITING, next=following)


def _due(row: "Waiting", line: "Line") -> str:
    return f"{moment(row.due)}{' OVERDUE' if row.due < line.now else ''}"


def _provider(row: "Waiting") -> str:
    return row.record.provider or (row.record.suspect.provider if row.record.suspect else "")


def _data(row: "Waiting", line: "Line") -> dict[str, Any]:
    return {
        "id": row.record.id, "due": stamp(row.due), "overdue": row.due < line.now, "provider": _provider(row),
        "reason": row.record.reason,
    }  # fmt: skip
