"""Progress of long work on stderr: a bar on a terminal, a line every few seconds elsewhere.

with progress.shown(screen) as listener:
    operation(..., listener)
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from notifyctl.cli.screen import Screen
from notifyctl.domain.progress import Listener, Step, silent

EVERY_S = 5.0


@contextmanager
def shown(screen: Screen) -> Iterator[Listener]:
    """A listener for the time of the work; silent with --quiet."""
    if screen.quiet:
        yield silent
    elif screen.terminal(sys.stderr):
        with _bar(screen) as listener:
            yield listener
    else:
        yield _Lines(screen)


class _Lines:
    """Says the first step, then one line every EVERY_S seconds, and each last step."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.said: dict[str, float] = {}

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if step.done == step.total or now - self.said.get(step.what, -EVERY_S) >= EVERY_S:
            self.said[step.what] = now
            self.screen.talk(in_words(step))


def in_words(step: Step) -> str:
    """A step as one line: `enqueue 300 of 2,000, 15 %: note`."""
    share = f" of {step.total:,}, {100 * step.done // step.total} %" if step.total else ""
    return f"{step.what} {step.done:,}{share}{': ' if step.note else ''}{step.note}"


@contextmanager
def _bar(screen: Screen) -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    console = Console(file=sys.stderr, no_color=not screen.colored(sys.stderr), highlight=False)
    bar = Progress(*columns, TimeRemainingColumn(), console=console)
    tasks: dict[str, int] = {}

    def listen(step: Step) -> None:
        if not tasks:
            bar.start()  # not before: a bar without a task leaves an empty line
        if step.what not in tasks:
            tasks[step.what] = bar.add_task(step.what, total=step.total)
        words = f"{step.what}: {step.note}" if step.note else step.what
        bar.update(tasks[step.what], completed=step.done, total=step.total, description=words)  # type: ignore[arg-type]  # a plain int is its own id

    try:
        yield listen
    finally:
        if tasks:
            bar.stop()
