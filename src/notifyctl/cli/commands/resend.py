"""`message resend`: a person takes on that a mail may arrive twice."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import ask, given, screen, why
from notifyctl.cli.envelope import Result, actor
from notifyctl.cli.moments import Deadline
from notifyctl.cli.options import DryRun, Reason, Yes
from notifyctl.cli.words import moment, stamp

if TYPE_CHECKING:
    from notifyctl.domain.attempt import Record
    from notifyctl.operations.resend import Look
    from notifyctl.wiring import Store

QUESTION = "Send it again?"


def resend(
    ctx: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The id of the message, such as booking-confirm/8731.")],
    deadline: Deadline = None,
    reason: Reason = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Result:
    """Send an unknown or dead message again, as your decision.

    Of an unknown one a copy may be out: then this may be a second, and it is recorded as such. Permission and deadline
    hold as ever. Bulk and marketing mail is never sent twice.
    """
    to = screen.of(ctx)
    told = "" if dry_run else why.reason(to, reason)
    if not dry_run:
        ask.demand(to, QUESTION, yes)
    loaded = given.load(sends=True)
    from notifyctl.cli.running import with_store
    from notifyctl.operations import resend as operation
    from notifyctl.operations.cases import Cases, Who

    async def work(store: "Store") -> Result:
        cases = Cases(store.queue, store.attempts, loaded.revision.types, deadline or 0)
        found = await operation.look(cases, identity)
        operation.demand(found.verdict)
        if dry_run:
            return _planned(found, deadline or 0)
        ask.agree(to, QUESTION, yes, _plan(found, deadline or 0))
        return _told(found, await operation.send(cases, found, Who(actor(os.environ), told, deadline or 0)))

    return with_store(work, start=not dry_run)


def _plan(found: "Look", deadline: int) -> list[str]:
    record, case = found.case.record, found.case
    due = max(record.deadline or case.deadline, deadline)
    risk = (
        "Risk: a copy may be out already, so that this may be a second one." if found.verdict.verb == "resend" else ""
    )
    return [
        f"{record.id} is {record.state}{f': {record.reason}' if record.reason else ''}.",
        f"It would go back to its queue, to be sent before {moment(due)}.",
        *([risk] if risk else ["No copy is out: this is no second one."]),
    ]


def _planned(found: "Look", deadline: int) -> Result:
    data = {**_data(found, found.case.record), "dry_run": True}
    return Result(data, _plan(found, deadline))


def _told(found: "Look", record: "Record") -> Result:
    last = record.decisions[-1]
    risk = ", perhaps as a second copy" if found.verdict.verb == "resend" else ""
    lines = (f"{record.id} is {record.state} again{risk}: decided by {last.by}.",)
    following = (f"notifyctl message show {record.id}",)
    return Result({**_data(found, record), "dry_run": False}, lines, outcome="done", next=following)


def _data(found: "Look", record: "Record") -> dict[str, Any]:
    decisions = [{**one._asdict(), "at": stamp(one.at), "state": one.state.value} for one in record.decisions]
    return {
        "id": record.id, "state": record.state.value, "verb": found.verdict.verb, "why": found.verdict.reason,
        "second_copy_possible": found.verdict.verb == "resend", "ambiguous_resends": record.ambiguous_resends,
        "decisions": decisions,
    }  # fmt: skip
