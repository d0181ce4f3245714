"""Runbooks: walk through one step by step, each step a process of its own, everything on the disk before it is done.

A run may end at any instruction: killed, interrupted, with the machine. What it did is in its record, so `resume`
knows which step is next, and which one is in doubt.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from notifyctl.domain import runbook
from notifyctl.domain.errors import Bad, Usage
from notifyctl.domain.runbook import Book, Step
from notifyctl.domain.runbook_lint import Understand, check, split
from notifyctl.domain.runbook_run import Event, Kind, Trace, following, traces
from notifyctl.store.runs import Began, Record, Runs

Values = Mapping[str, str]
_NONE: Values = {}


class Stop(StrEnum):
    """Why a walk came to its end."""

    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"


class Decision(StrEnum):
    """What a person says about a step that is in doubt or has failed."""

    AGAIN = "again"
    SKIP = "skip"
    WAIT = "wait"


class Task(NamedTuple):
    """A step that is about to be done: the words of its command after `notifyctl`, and those to look with; `flags`
    are what its command understands, `lacking` the placeholders without a value."""

    step: Step
    words: list[str]
    look: list[str]
    mutating: bool
    flags: frozenset[str]
    lacking: list[str]


class Ran(NamedTuple):
    """How a command ended: its exit code (minus a signal's number when it was killed) and, where it was asked for,
    its JSON document."""

    exit: int
    document: Any = None


class Person(Protocol):
    """Who is walking: is told what happens, and asked. A question that cannot be asked is answered with no."""

    def sees(self, task: Task, trace: Trace) -> None:
        """A step begins: it was so before."""

    def learns(self, task: Task, trace: Trace) -> None:
        """A step has ended so."""

    def agrees(self, task: Task, start: "Start") -> list[str] | None:
        """The words to run a step with that changes something, or None."""

    def decides(self, task: Task, trace: Trace) -> Decision:
        """What to do about a step that may have changed something already."""

    def knows(self, name: str) -> str | None:
        """The value of a placeholder, or None."""


Start = Callable[[Sequence[str]], Ran]


class Walk:
    """A walk through a book along its record; `reach` is called at the places where a test may kill it."""

    def __init__(
        self, record: Record, book: Book, understand: Understand, person: Person, actor: str, machine: bool
    ) -> None:
        self._record, self._book, self._understand = record, book, understand
        self._person, self._actor, self._machine = person, actor, machine
        self.reach: Callable[[str], None] = lambda place: None
        self.documents: dict[int, Any] = {}

    def go(self, decision: Decision | None, values: Mapping[str, str]) -> Stop:
        """Walk until the end, a failed step, or a question that nobody answers.

        `decision` is about the next step; `values` of placeholders replace those of the record.
        """
        if values.items() - self._record.values.items():
            self._write(Kind.VALUES, values=values)
        while step := following(self._book.steps, self._record.events):
            task = self._task(step)
            if task.lacking:
                return Stop.WAITING
            stop = self._do(task, decision)
            if stop:
                return stop
            decision = None
        return Stop.DONE

    def _task(self, step: Step) -> Task:
        for name in runbook.placeholders(step.command + step.look):
            if name not in self._record.values and (value := self._person.knows(name)):
                self._write(Kind.VALUES, values={name: value})
        return prepared(step, self._record.values, self._understand)

    def _do(self, task: Task, decision: Decision | None) -> Stop | None:
        """Do one step, or leave it behind; None when it is behind us."""
        number = task.step.number
        trace = traces(self._book.steps, self._record.events)[number]
        self._person.sees(task, trace)
        if decision is None and task.mutating and trace.may_have_changed:
            decision = self._doubt(task, trace)
        if decision is Decision.SKIP:
            self._write(Kind.SKIPPED, number)
            return None
        if decision is Decision.WAIT:
            return Stop.WAITING
        words = self._person.agrees(task, self._start) if task.mutating else task.words
        return self._carry_out(task, words) if words else Stop.WAITING

    def _doubt(self, task: Task, trace: Trace) -> Decision:
        """Look first whether a step took effect, then ask what to do about it."""
        if task.look:
            self._start(task.look)
        return self._person.decides(task, trace)

    def _carry_out(self, task: Task, words: Sequence[str]) -> Stop | None:
        number = task.step.number
        self._write(Kind.STARTED, number)
        self.reach("step-started")
        ran = self._start(words)
        self.reach("step-over")
        self._write(Kind.ENDED, number, ran.exit)
        self.documents[number] = ran.document
        trace = traces(self._book.steps, self._record.events)[number]
        self._person.learns(task, trace)
        return None if trace.behind else Stop.FAILED

    def _start(self, words: Sequence[str]) -> Ran:
        return start(words, self._record.fileno(), self._machine)

    def _write(
        self, kind: Kind, step: int = 0, exit: int | None = None, values: Mapping[str, str] | None = None
    ) -> None:
        self._record.write(Event(kind, int(time.time() * 1000), self._actor, step, exit, values or {}))


class Left(NamedTuple):
    """A run that is not over: its name, how it began, its book, and the step that is next."""

    run: str
    began: Began
    book: Book
    next: Step


def left(runs: Runs) -> list[Left]:
    """The runs of this machine that are not over, oldest first; nothing is written."""
    found = []
    for run, began, events in runs.all():
        book = runbook.parse(began.book, began.text)
        if step := following(book.steps, events):
            found.append(Left(run, began, book, step))
    return found


def one_left(runs: Runs, run: str) -> Left:
    """The run of that name, or the only one when no name is given; raises `Usage` when it is not to be found."""
    found = [one for one in left(runs) if run in ("", one.run)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Usage("RBK-UNKNOWN", "more than one run is not over", "RUN", ", ".join(one.run for one in found))
    raise Usage("RBK-UNKNOWN", f"no run {f'{run!r} ' if run else ''}is to be gone on with", "RUN")


def demand_right(book: Book, understand: Understand) -> None:
    """Raise `Bad` when something is wrong with a book: nobody should meet that at step 4."""
    wrong = check(book, understand)
    if wrong:
        raise Bad(wrong[0].code, wrong[0].what, wrong[0].place, f"notifyctl runbook lint {book.name} lists everything")


def prepared(step: Step, values: dict[str, str], understand: Understand) -> Task:
    """A step with these values in place of its placeholders."""
    words, look = (runbook.fill(split(text), values)[1:] if text else [] for text in (step.command, step.look))
    form = understand(words)
    lacking = [name for name in runbook.placeholders(step.command + step.look) if name not in values]
    return Task(step, words, look, form.mutating, form.flags, lacking)


def start(words: Sequence[str], keep: int, machine: bool) -> Ran:
    """Run a command of ours as a process to its end, at our terminal; `keep` stays open in it.

    With `machine` its document is taken instead of shown. When this process is told to end, so is the command.
    """
    line = [sys.executable, "-m", "notifyctl", *words, *(("-o", "json") if machine else ())]
    process: subprocess.Popen[bytes] | None = None
    try:
        with _deferred(signal.SIGTERM, signal.SIGINT):
            process = subprocess.Popen(line, stdout=subprocess.PIPE if machine else None, pass_fds=(keep,))
        said, _ = process.communicate()
    except BaseException:
        if process:
            with process:
                process.terminate()
        raise
    return Ran(process.returncode, _document(said) if machine else None)


@contextmanager
def _deferred(*signals: signal.Signals) -> Iterator[None]:
    """Let these signals come when the block is over: a process that starts in it would be left without whoever ends it.

    They are handled, not blocked: a process inherits what is blocked, and would not hear them.
    """
    came: list[int] = []
    heard = [one for one in signals if signal.getsignal(one) is not signal.SIG_IGN]
    before = {one: signal.signal(one, lambda number, _: came.append(number)) for one in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)


def _document(said: bytes) -> Any:
    try:
        return json.loads(said)
    except ValueError:  # it was killed before it said anything
        return None
