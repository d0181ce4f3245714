"""`incident review`: what only a person can decide."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import ask, given, screen, why
from notifyctl.cli.decision import WORDS, Decide, decision_of
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.options import Reason
from notifyctl.cli.words import many, moment, stamp
from notifyctl.domain import exits
from notifyctl.domain.errors import Refused, Usage

if TYPE_CHECKING:
    from notifyctl.domain.incident import Incident
    from notifyctl.domain.review import Decision, Item
    from notifyctl.operations.cases import Cases, Who
    from notifyctl.operations.review import Queue
    from notifyctl.wiring import Store

What = Annotated[
    str | None,
    typer.Argument(
        metavar="[WHAT]", help="An item of the list, or an incident; all are listed without.", show_default=False
    ),
]
Root = Annotated[
    str | None,
    typer.Option("--root", metavar="TEXT", help="What was behind an incident: ends its review.", show_default=False),
]


def review(
    ctx: typer.Context,
    what: What = None,
    decide: Decide = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the decision on an item back.")] = False,
    root: Root = None,
    reason: Reason = None,
) -> Result:
    """List what a person must decide, and decide it.

    Alone it only lists; exit code 8 when something waits. What is decided about a mail becomes its state at once, as by
    queue review; any decision can be taken back for a day.
    """
    if what is None:
        if decide or undo or root:
            raise Usage("CLI-USAGE", "nothing is named that could be reviewed", "WHAT", "name an item or an incident")
        return _listed()
    if sum((decide is not None, undo, root is not None)) > 1:
        raise Usage("CLI-USAGE", "--decide, --undo and --root exclude each other", what, "give one of them")
    if root is not None:
        return _reviewed(what, ask.reason(screen.of(ctx), root))
    if undo:
        return _undone(what)
    return _decided(what, _decision(what, decide), why.reason(screen.of(ctx), reason))


def _decision(what: str, word: str | None) -> "Decision":
    if word is None:
        fix = f"answer with --decide ({WORDS}) for an item, --root for an incident"
        raise Refused("CLI-NEEDS-DECISION", "no decision was given; nothing was changed", "--decide", fix)
    if word == "resend":  # the risk of a second copy is asked about there
        fix = f"notifyctl queue review {what.removeprefix('unknown/')} --decide resend --reason TEXT"
        raise Refused("REV-RESEND", "a resend is decided where mails are; nothing was changed", "--decide", fix)
    return decision_of(word)


def _listed() -> Result:
    from notifyctl.cli.running import with_store
    from notifyctl.operations.review import look

    queue = with_store(lambda store: look(store.reviews, store.incidents))
    data = {
        "waiting": [_item(one, queue.now) for one in queue.waiting], "total": queue.total,
        "decided": [_item(one, queue.now) for one in queue.decided],
        "incidents": [_incident(one) for one in queue.incidents],
    }  # fmt: skip
    if not (queue.waiting or queue.incidents):
        return Result(data, ("Nothing waits for a person.", *_open_again(queue)))
    lines = [f"{many(queue.total, 'item')} to decide, {many(len(queue.incidents), 'incident')} to look back at."]
    return Result(data, [*lines, *_tables(queue)], exits.WAITING, next=_following(queue))


def _tables(queue: "Queue") -> list[str | Table]:
    lines: list[str | Table] = []
    if queue.waiting:
        rows = [(one.id, _due(one, queue.now), one.what) for one in queue.waiting]
        lines.append(Table(("item", "due", "what"), rows))
    if queue.incidents:
        ends = [(one.id, moment(_until(one)), one.title) for one in queue.incidents]
        lines.append(Table(("incident", "due", "what"), ends))
    return [*lines, *_open_again(queue)]


def _open_again(queue: "Queue") -> list[str]:
    return [f"{one.id}: {one.decision} ({one.decided_by}); --undo takes it back" for one in queue.decided]


def _due(one: "Item", now: int) -> str:
    return f"{moment(one.due)}{' OVERDUE' if one.overdue(now) else ''}"


def _until(incident: "Incident") -> int:
    from notifyctl.domain.incident import REVIEW_DUE

    return incident.resolved_at + REVIEW_DUE


def _following(queue: "Queue") -> tuple[str, ...]:
    if queue.waiting:
        return (f"notifyctl incident review {queue.waiting[0].id} --decide WORD --reason TEXT",)
    return (f"notifyctl incident review {queue.incidents[0].id} --root TEXT",)


def _item(one: "Item", now: int) -> dict[str, Any]:
    names = ("id", "kind", "subject", "what", "incident", "decision", "reason", "decided_by")
    times = {name: stamp(getattr(one, name)) for name in ("since", "due", "decided_at", "executed_at")}
    return {**{name: getattr(one, name) for name in names}, **times, "overdue": one.overdue(now)}


def _incident(one: "Incident") -> dict[str, Any]:
    return {"id": one.id, "title": one.title, "resolved_at": stamp(one.resolved_at), "due": stamp(_until(one))}


def _who(reason: str) -> "Who":
    from notifyctl.operations.cases import Who

    return Who(actor(os.environ), reason)


def _cases(store: "Store") -> "Cases":
    from notifyctl.operations.cases import Cases

    return Cases(store.queue, store.attempts, given.load().revision.types)


def _decided(what: str, decision: "Decision", reason: str) -> Result:
    from notifyctl.cli.running import with_store
    from notifyctl.operations import reviewing

    who = _who(reason)
    item = with_store(
        lambda store: reviewing.answer(_cases(store), store.reviews, store.incidents, what, decision, who), start=True
    )
    data = {"item": {"id": item.id, "decision": item.decision, "reason": item.reason, "decided_by": item.decided_by}}
    following = (f"notifyctl incident review {item.id} --undo",)
    return Result(data, (f"{item.id}: {item.decision}.",), outcome="done", next=following)


def _undone(what: str) -> Result:
    from notifyctl.cli.running import with_store
    from notifyctl.operations import reviewing

    who = _who("taken back")
    item = with_store(
        lambda store: reviewing.take_back(_cases(store), store.reviews, store.incidents, what, who), start=True
    )
    return Result({"item": {"id": item.id, "decision": ""}}, (f"{item.id} waits again.",), outcome="done")


def _reviewed(what: str, root: str) -> Result:
    from notifyctl.cli.running import with_store
    from notifyctl.domain.incident import Reviewed
    from notifyctl.operations import incident

    by = actor(os.environ)
    event, text = Reviewed(by, root), f"reviewed; root: {root}"
    changed = with_store(lambda store: incident.change(store.incidents, what, event, by, text), start=True)
    data = {"id": changed.incident.id, "state": changed.incident.state.value}
    line = f"{changed.incident.id} is reviewed."
    return Result(data, (line,), outcome="done" if changed.did else "nothing to do")
