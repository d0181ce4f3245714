"""`runbook`: read a book, walk through it, go on after an interruption, and keep what was learned."""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import books, screen
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.options import DryRun, Yes
from notifyctl.cli.words import many
from notifyctl.domain import exits
from notifyctl.domain.errors import Refused, Usage
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.domain.runbook import Book, Step
    from notifyctl.operations.runbook import Decision
    from notifyctl.store.runs import Record, Runs


def _names(incomplete: str) -> list[str]:
    from notifyctl.store import shelf

    return [name for name in shelf.names() if name.startswith(incomplete)]


Name = Annotated[
    str, typer.Argument(metavar="BOOK", help="A book of the list, or a markdown file.", autocompletion=_names)
]
Given = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="What stands in place of <NAME>; repeatable.")
]


def list_() -> Result:
    """List the runbooks, and the runs that are not over."""
    from notifyctl.operations.runbook import left
    from notifyctl.store import shelf

    runs, found = _runs(), shelf.books()
    waiting = left(runs)
    rows = [(book.name, str(len(book.steps)), book.title) for book in found]
    lines: list[str | Table] = [
        f"{many(len(found), 'runbook')}. Read one: notifyctl runbook show {found[0].name}",
        Table(("book", "steps", "for when"), rows),
        *(f"Not over: {one.run}, step {one.next.number} of {len(one.book.steps)} is next." for one in waiting),
    ]
    told = [books.book(book, runs.notes(book.name)) for book in found]
    data = {"runbooks": told, "runs": [books.left(one) for one in waiting]}
    return Result(data, lines, next=[f"notifyctl runbook resume {one.run}" for one in waiting])


def show(book: Name) -> Result:
    """Show a runbook, with what was noted about it."""
    from notifyctl.store import shelf

    found, runs = shelf.book(book), _runs()
    data = {**books.book(found, runs.notes(found.name)), "text": found.text, "steps": books.steps(found)}
    return Result(data, (found.text.rstrip("\n"), *books.noted(runs.notes(found.name))))


def lint(
    book: Annotated[
        list[str] | None, typer.Argument(metavar="[BOOK]...", help="Books or markdown files; default: all books.")
    ] = None,
) -> Result:
    """Check that runbooks name only commands that exist.

    Each command and flag is held against the real command line. Without BOOK, also that each command which changes
    something is in a book or has a reason why not. Exit code 1 when something is wrong.
    """
    from notifyctl.cli.table import OFF_BOOK, VERBS
    from notifyctl.cli.understand import understand
    from notifyctl.domain.runbook_lint import check, lines, uncovered
    from notifyctl.store import shelf

    found = [shelf.book(name) for name in book or shelf.names()]
    wrong = [complaint for one in found for complaint in check(one, understand)]
    if not book:
        changing = [verb.name for verb in VERBS if verb.mutating]
        wrong += uncovered(found, changing, OFF_BOOK, understand)
    count = sum(len(lines(one)) for one in found)
    verdict = many(len(wrong), "finding") if wrong else "right"
    first = f"{many(len(found), 'book')}, {many(count, 'command')}: {verdict}."
    data = {"books": [one.name for one in found], "commands": count}
    findings = [Finding(one.code, "error", one.place, one.what) for one in wrong]
    return Result(data, (first,), exits.BAD if wrong else exits.OK, findings=findings)


def run(ctx: typer.Context, book: Name, given: Given = None, yes: Yes = False, dry_run: DryRun = False) -> Result:
    """Walk through a runbook; ask before a step changes.

    Each step is recorded on disk before and after it, so a run that was killed can be resumed. Exit code 1: a step
    did not end as the book expects; 8: the run waits for an answer, and `runbook resume` goes on.
    """
    from notifyctl.cli.understand import understand
    from notifyctl.operations.runbook import demand_right
    from notifyctl.store import shelf
    from notifyctl.store.runs import Began

    found, values = shelf.book(book), _values(given)
    _demand_known(values, found)
    demand_right(found, understand)
    if dry_run:
        return books.plan(found, values)
    _demand_yes(screen.of(ctx), found.steps, yes)
    name = f"{found.name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    began = Began(found.name, found.text, values, int(time.time() * 1000), actor(os.environ))
    for line in books.noted(_runs().notes(found.name)):
        screen.of(ctx).talk(line)
    screen.of(ctx).talk(f"This run is called {name}.")
    return _walk(ctx, found, _runs().begin(name, began), yes, values, None)


def resume(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="A run of `runbook list`; default: the one that is not over.")
    ] = "",
    given: Given = None,
    yes: Yes = False,
    again: Annotated[bool, typer.Option("--again", help="Do the step once more that is in doubt.")] = False,
    skip: Annotated[
        bool, typer.Option("--skip", help="Go on without the step that waits, failed or is in doubt.")
    ] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="End the run where it stands.")] = False,
) -> Result:
    """Go on with a run at the step that failed.

    Or at the one that was under way: when that changes something it is looked at first, and never
    repeated without being asked for.
    """
    if again + skip + give_up > 1:
        raise Usage("CLI-USAGE", "--again, --skip and --give-up exclude each other")
    from notifyctl.operations.runbook import Decision, one_left

    values = _values(given)
    left = one_left(_runs(), run)
    _demand_known(values, left.book)
    if give_up:
        return _give_up(left.run, _runs().open(left.run))
    _demand_yes(screen.of(ctx), left.book.steps[left.next.number - 1 + skip :], yes)
    decision = Decision.AGAIN if again else Decision.SKIP if skip else None
    return _walk(ctx, left.book, _runs().open(left.run), yes, values, decision)


def note(
    book: Name,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the next one should know, 1 to 500 characters.")],
) -> Result:
    """Note a finding about a runbook for its next run."""
    from notifyctl.store import shelf
    from notifyctl.store.runs import Note

    found, said = shelf.book(book), text.strip()
    if not 0 < len(said) <= 500:
        raise Usage("CLI-USAGE", "a note has 1 to 500 characters", "TEXT")
    noted = Note(found.name, said, int(time.time() * 1000), actor(os.environ))
    _runs().note(noted)
    return Result({"book": found.name, "notes": books.notes(_runs().notes(found.name))}, ("Noted.",), outcome="done")


def _walk(
    ctx: typer.Context,
    book: "Book",
    record: "Record",
    yes: bool,
    values: Mapping[str, str],
    decision: "Decision | None",
) -> Result:
    from notifyctl.cli.given import load
    from notifyctl.cli.understand import understand
    from notifyctl.cli.walking import Walker
    from notifyctl.engine.failpoint import Failpoint
    from notifyctl.operations.runbook import Walk

    to = screen.of(ctx)
    walk = Walk(record, book, understand, Walker(to, book, yes, values), actor(os.environ), to.machine)
    walk.reach = Failpoint(load().failpoint or "").reach
    try:
        stop = walk.go(decision, values)
        return books.ended(stop, record, book, walk.documents)
    finally:
        record.close()


def _give_up(run: str, record: "Record") -> Result:
    from notifyctl.domain.runbook_run import Event, Kind

    try:
        record.write(Event(Kind.GIVEN_UP, int(time.time() * 1000), actor(os.environ)))
    finally:
        record.close()
    return Result({"run": run}, (f"{run} is over.",), outcome="done")


def _runs() -> "Runs":
    from notifyctl import settings
    from notifyctl.store.runs import Runs

    return Runs(settings.home() / "runbooks")


def _values(given: list[str] | None) -> dict[str, str]:
    """The values of --set; one that a parser could take for a flag is refused."""
    values = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not value.strip() or value.startswith("-") or not value.isprintable():
            raise Usage("CLI-USAGE", f"{text!r} gives no value", "--set", "write --set PROVIDER=resend")
        values[name] = value
    return values


def _demand_known(values: Mapping[str, str], book: "Book") -> None:
    known = [need.name for need in book.needs]
    for name in values:
        if name not in known:
            fix = f"it needs {', '.join(known)}" if known else "it needs none"
            raise Usage("CLI-USAGE", f"{book.name} has no <{name}>", "--set", fix)


def _demand_yes(to: screen.Screen, steps: "Sequence[Step]", yes: bool) -> None:
    """Refuse before anything is done where the first question could not be asked."""
    changing = [step for step in steps if books.changes(step)]
    if changing and not yes and not to.can_ask():
        what = f"step {changing[0].number} changes something, and nobody can be asked here; nothing was changed"
        raise Refused("CLI-NEEDS-YES", what, "", "answer with --yes")
