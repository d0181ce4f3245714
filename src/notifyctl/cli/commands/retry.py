"""`queue retry`: give failed messages another chance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import ask, given, progress, screen, sieve, why
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.moments import Deadline, Since
from notifyctl.cli.options import DryRun, Reason, Yes
from notifyctl.cli.words import many
from notifyctl.domain import exits
from notifyctl.domain.errors import Refused, Usage

if TYPE_CHECKING:
    from notifyctl.cli.screen import Screen
    from notifyctl.operations.cases import Cases
    from notifyctl.operations.retry import Done, Line, Plan
    from notifyctl.settings import Settings
    from notifyctl.wiring import Store

QUESTION = "Give them another chance?"
SHOWN = 10  # lines of a plan on the screen; JSON has the first thousand


def retry(  # noqa: PLR0913, PLR0917 - one parameter for each option
    ctx: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Messages by id.")] = None,
    lane: sieve.Lane = None,
    state: sieve.States = None,
    reason_contains: sieve.Contains = None,
    since: Since = None,
    type: sieve.Type = None,
    all: Annotated[bool, typer.Option("--all", help="Every failed message that may have another chance.")] = False,
    deadline: Deadline = None,
    reason: Reason = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Result:
    """Give failed mails another chance where surely none is out.

    Dead and expired ones are sent as if never tried, those rejected at the door are looked at afresh. What may be
    out is left alone: see message resend. When it is interrupted, the same command goes on with the rest.
    """
    to, sieved = screen.of(ctx), (lane, state, reason_contains, since, type)
    _check(ids, any(sieved), all)
    told = "" if dry_run else why.reason(to, reason)
    if not dry_run:
        ask.demand(to, QUESTION, yes)
    run = _Run(to, given.load(sends=True), yes, dry_run, deadline or 0)
    return run.do(ids or (), sieved, told)


def _check(ids: Sequence[str] | None, sieved: bool, all: bool) -> None:
    """Raise `Usage` unless it is said once which messages are meant."""
    if sum((bool(ids), sieved, all)) != 1:
        fix = "name messages by id, or filter them, or give --all"
        raise Usage("CLI-USAGE", "it must be said in one way which messages are meant", "", fix)


class _Run:
    """One run of the command."""

    def __init__(self, to: "Screen", loaded: "Settings", yes: bool, dry_run: bool, deadline: int) -> None:
        self.to, self.loaded, self.yes, self.dry_run, self.deadline = to, loaded, yes, dry_run, deadline

    def do(self, ids: Sequence[str], sieved: tuple[Any, ...], told: str) -> Result:
        """Plan, ask, apply, and read back."""
        from notifyctl.cli.running import with_store
        from notifyctl.operations.cases import Cases

        async def work(store: "Store") -> Result:
            cases = Cases(store.queue, store.attempts, self.loaded.revision.types, self.deadline)
            made = await self._plan(store, cases, ids, sieved)
            if self.dry_run or not made.jobs:
                return _planned(made, self.dry_run)
            ask.agree(self.to, QUESTION, self.yes, [_summary(made), *_lines(made)])
            return await self._apply(cases, made, told, named=bool(ids))

        return with_store(work, start=not self.dry_run)

    async def _plan(self, store: "Store", cases: "Cases", ids: Sequence[str], sieved: tuple[Any, ...]) -> "Plan":
        from notifyctl.operations import failed
        from notifyctl.operations.retry import plan, plan_messages

        if ids:
            return await plan_messages(cases, list(dict.fromkeys(ids)))
        with progress.shown(self.to) as listener:
            found = await failed.matching(store.queue, sieve.wanted(store.queue, *sieved), listener)
            return await plan(cases, [job.place for job in found], listener)

    async def _apply(self, cases: "Cases", made: "Plan", told: str, named: bool) -> Result:
        from notifyctl.operations.cases import Who
        from notifyctl.operations.retry import apply, states

        with progress.shown(self.to) as listener:
            done = await apply(cases, made, Who(_actor(), told, self.deadline), listener)
        return _told(made, done, await states(cases, done.ids), named)


def _actor() -> str:
    import os

    return actor(os.environ)


def _planned(made: "Plan", dry_run: bool) -> Result:
    """A plan that is not carried out, since it is only asked for, or since there is nothing to do in it."""
    lines = [_summary(made), *_lines(made)]
    data = {**_data(made), "dry_run": dry_run, "given_back": 0}
    refused = {code: count for code, count in made.refused.items() if code != "RTY-OPEN"}
    if dry_run or not refused:
        return Result(data, lines, outcome="" if made.jobs else "nothing to do")
    first = next(line for line in made.lines if line.verdict.code in refused)
    what = f"{first.id}: {first.verdict.reason}; nothing was changed"
    raise Refused(first.verdict.code, what, "", first.verdict.fix)


def _data(made: "Plan") -> dict[str, Any]:
    return {
        "possible": len(made.jobs), "refused": dict(made.refused), "messages": [_line(line) for line in made.lines],
    }  # fmt: skip


def _line(line: "Line") -> dict[str, Any]:
    verdict = line.verdict
    return {
        "id": line.id, "state": line.state, "would": verdict.verb or None, "why": _clean(verdict.reason),
        "code": verdict.code or None, "hint": verdict.fix,
    }  # fmt: skip


def _summary(made: "Plan") -> str:
    refused = made.refused.total()
    if not made.jobs and not refused:
        return "No failed message is meant."
    left = f"; {refused:,} would be left alone" if refused else ""
    return f"{many(len(made.jobs), 'message')} would get another chance{left}."


def _lines(made: "Plan") -> list[Any]:
    rows = [
        (line.id, line.state, line.verdict.verb or "left alone", _clean(line.verdict.reason))
        for line in made.lines[:SHOWN]
    ]
    more = len(made.jobs) + made.refused.total() - len(rows)
    table: list[Any] = [Table(("message", "state", "then", "why"), rows)] if rows else []
    return [*table, *([f"and {more:,} more"] if more > 0 else []), *_hints(made)]


def _hints(made: "Plan") -> list[str]:
    """What to do about those that are left alone, once for each reason."""
    hints = {line.verdict.code: f"{line.verdict.code}: {line.verdict.fix}" for line in made.lines if line.verdict.fix}
    return sorted(hints.values())


def _told(made: "Plan", done: "Done", read_back: Mapping[str, int], named: bool) -> Result:
    left = Counter(made.refused) + done.left
    data = {**_data(made), "dry_run": False, "given_back": done.given_back, "left": dict(left), "now": dict(read_back)}
    now = ", ".join(f"{count:,} {state}" for state, count in sorted(read_back.items()))
    lines: list[str | Table] = [f"{many(done.given_back, 'message')} got another chance; now: {now or 'none'}."]
    if left:
        lines.append(f"{left.total():,} left alone: " + ", ".join(f"{n:,} {code}" for code, n in left.items()))
    code = exits.DEGRADED if named and left else exits.OK
    outcome = "done" if done.given_back and code == exits.OK else "" if code else "nothing to do"
    return Result(data, lines, code, outcome, next=("notifyctl queue failed",) if left else ())


def _clean(text: str) -> str:
    from notifyctl.domain.redact import redact

    return redact(text)[:300]
