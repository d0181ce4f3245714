"""Walking through a runbook at a terminal: what one sees of a step, and what one is asked."""

import shlex
import textwrap
from collections.abc import Mapping

from notifyctl.cli import ask
from notifyctl.cli.screen import Screen
from notifyctl.cli.words import instant
from notifyctl.domain.errors import Refused
from notifyctl.domain.runbook import Book
from notifyctl.domain.runbook_run import Trace, Was
from notifyctl.operations.runbook import Decision, Start, Task

_INDENT = "     "
_ANSWERS = {"again": Decision.AGAIN, "skip": Decision.SKIP}


class Walker:
    """Who walks: talks on stderr; with `yes` nothing is asked before a step, and a doubt is always asked about.

    `given` are values of placeholders from the command line.
    """

    def __init__(self, screen: Screen, book: Book, yes: bool, given: Mapping[str, str]) -> None:
        self._screen, self._book, self._yes, self._given = screen, book, yes, given

    def sees(self, task: Task, trace: Trace) -> None:
        """The step, its command, and what became of it before."""
        step = task.step
        self._screen.talk(f"\n{step.number}/{len(self._book.steps)}  {step.title}")
        self._screen.talk(f"     $ notifyctl {shlex.join(task.words)}")
        if trace.was is Was.UNDER_WAY:
            self._screen.talk(f"     It was under way when the run ended; started {instant(trace.started_at)}.")
        elif trace.was is Was.FAILED:
            self._screen.talk(f"     It failed with exit code {trace.exit} before, {instant(trace.ended_at)}.")

    def learns(self, task: Task, trace: Trace) -> None:
        """What one should have seen, or that it went otherwise."""
        if trace.behind:
            self._tell(f"exit {trace.exit}. You should see: {task.step.text('You should see')}")
        else:
            self._tell(f"exit {trace.exit} is not what the book expects.")

    def agrees(self, task: Task, start: Start) -> list[str] | None:
        """The plan of the step, where its command has one, then a question; one question, not two."""
        if self._yes:
            return _agreed(task)
        if not self._screen.can_ask():
            return None
        planned = "--dry-run" in task.flags
        if planned:
            start([*task.words, "--dry-run"])
        try:
            ask.agree(self._screen, f"Do step {task.step.number}? It changes something.", False)
        except Refused:
            return None
        return _agreed(task) if planned else task.words

    def decides(self, task: Task, trace: Trace) -> Decision:
        """Again, skip, or wait: after a look."""
        self._tell(task.step.text("If interrupted"))
        question = f"Step {task.step.number} may have taken effect already. Do it again, skip it, or wait?"
        return _ANSWERS.get(ask.choose(self._screen, question, ("again", "skip", "wait")), Decision.WAIT)

    def knows(self, name: str) -> str | None:
        """The value that was given, or is given now."""
        if name in self._given:
            return self._given[name]
        need = next((need for need in self._book.needs if need.name == name), None)
        hint = f": {need.meaning}, such as {need.example}" if need else ""
        return ask.value(self._screen, f"{name}{hint}?") or None

    def _tell(self, text: str) -> None:
        for line in textwrap.wrap(" ".join(text.split()), 78, initial_indent=_INDENT, subsequent_indent=_INDENT):
            self._screen.talk(line)


def _agreed(task: Task) -> list[str]:
    """The words of a step with the question of its own command answered, too."""
    needless = "--yes" not in task.flags or "--yes" in task.words
    return task.words if needless else [*task.words, "--yes"]
