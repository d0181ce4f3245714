"""What can be wrong with a runbook, as rules that need no eyes.

- A book says when it is opened, what it needs, and its steps are counted from 1.
- A step is exactly one command, with what one should see and what to do if not; its exit codes exist.
- Each command, in steps and in running text, is one that the parser of the real command line takes.
- A step that changes something names a command that only looks, for the case that it was interrupted.
- Each command that changes something is in a book, or there is a reason why not.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain import runbook
from notifyctl.domain.exits import EXITS
from notifyctl.domain.runbook import Book, Line, Step

_FIELDS = ("You should see", "If not")
_CODES = {entry.code for entry in EXITS}


class Form(NamedTuple):
    """How the command line understands some words: the command, whether it may change something, its flags, and
    what is `wrong` with them (empty: nothing)."""

    verb: str
    mutating: bool
    flags: frozenset[str]
    wrong: str


class Complaint(NamedTuple):
    """A broken rule: its code, `file:line`, and what is wrong there."""

    code: str
    place: str
    what: str


Understand = Callable[[Sequence[str]], Form]


def check(book: Book, understand: Understand) -> list[Complaint]:
    """Everything that is wrong with one book, in the order of its lines."""
    found = [*_head(book), *_needs(book), *_steps(book), *_commands(book, understand)]
    found += [one for step in book.steps for one in _interrupted(book, step, understand)]
    return sorted(found, key=lambda one: int(one.place.rpartition(":")[2]))


def uncovered(
    books: Sequence[Book], mutating: Sequence[str], reasons: Mapping[str, str], understand: Understand
) -> list[Complaint]:
    """Commands that change something and are in no book without a `reason`, and reasons that nothing needs."""
    told = {understand(words(line.text, book)).verb for book in books for line in lines(book)}
    missing = [name for name in mutating if name not in told and not reasons.get(name)]
    idle = [name for name in reasons if name in told or name not in mutating]
    what = "changes something, is in no book, and no reason is given in cli/table.py"
    return [
        *(Complaint("RBK-UNCOVERED", name, f"notifyctl {name} {what}") for name in missing),
        *(Complaint("RBK-UNCOVERED", name, f"the reason why {name} is in no book is needless") for name in idle),
    ]


def lines(book: Book) -> list[Line]:
    """Every command of a book: those of the steps, and those that its text names."""
    return [*(line for step in book.steps for line in step.commands), *book.mentions]


def words(command: str, book: Book) -> list[str]:
    """The words of a command after `notifyctl`, with the examples of the book in place of its placeholders."""
    examples = {need.name: need.example for need in book.needs}
    return runbook.fill(split(command), examples)[1:]


def split(command: str) -> list[str]:
    """The words of a command as a shell reads them; broken quotes leave it in one piece."""
    try:
        return shlex.split(command)
    except ValueError:
        return [command]


def _at(book: Book, line: int, what: str, code: str = "RBK-FORM") -> Complaint:
    return Complaint(code, f"{book.file}:{line}", what)


def _head(book: Book) -> Iterator[Complaint]:
    if not book.title:
        yield _at(book, 1, "no title: begin with `# ...`")
    if not book.when:
        yield _at(book, 1, "no **When:** with text")
    if not book.steps:
        yield _at(book, 1, "no steps: `## 1. ...`")


def _needs(book: Book) -> Iterator[Complaint]:
    used = [(name, line) for text, line in lines(book) for name in runbook.placeholders(text)]
    known = [need.name for need in book.needs]
    for name, line in used:
        if name not in known:
            yield _at(book, line, f"<{name}> is not explained under **You need:** with `such as`")
    for need in book.needs:
        if need.name not in {name for name, _ in used}:
            yield _at(book, need.line, f"<{need.name}> is explained and never used")


def _steps(book: Book) -> Iterator[Complaint]:
    for expected, step in enumerate(book.steps, 1):
        if step.number != expected:
            yield _at(book, step.line, f"this is step {expected}: begin its heading with `{expected}. `")
        if len(step.commands) != 1:
            yield _at(book, step.line, f"step {expected} has {len(step.commands)} commands instead of one")
        for field in _FIELDS:
            if not step.text(field):
                yield _at(book, step.line, f"step {expected} has no **{field}:** with text")
        for code in step.exits:
            if code not in _CODES:
                yield _at(book, step.line, f"there is no exit code {code}")


def _commands(book: Book, understand: Understand) -> Iterator[Complaint]:
    for text, line in lines(book):
        given = split(text)
        wrong = understand(words(text, book)).wrong if given[0] == "notifyctl" else "this is no notifyctl command"
        if wrong:
            yield _at(book, line, f"{text}: {wrong}", "RBK-COMMAND")


def _interrupted(book: Book, step: Step, understand: Understand) -> Iterator[Complaint]:
    form = understand(words(step.command, book))
    if form.wrong or not form.mutating:
        return
    if not step.look:
        yield _at(book, step.line, "it changes something: say under **If interrupted:** with which command to look")
    elif understand(words(step.look, book)).mutating:
        yield _at(book, step.fields["If interrupted"].line, f"{step.look} may change something: look with another one")
