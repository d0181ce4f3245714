"""Who is looking: format, colour, how talkative, and whether a question can be asked.

Data goes to stdout, talk (progress, hints, errors) to stderr. Nothing is written that is a secret of this process.
"""

import os
import select
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO, cast

import typer

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.secret import hide

_COLORS = {"critical": "1;31", "error": "31", "warning": "33"}  # bold red, red, yellow
FORMATS = ("table", "short", "json", "jsonl")
_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class Screen:
    """The state of one run; the common options write to it while the arguments are parsed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.format = environ.get("NOTIFYCTL_OUTPUT") or "table"
        self.color = "auto"
        self.quiet = False
        self.verbose = False
        self.no_input = False
        self.verb = ""
        self.gone = False
        self._room: int | None = None  # lines that fit below what was written; None when it may scroll

    @property
    def machine(self) -> bool:
        """True when stdout carries JSON."""
        return self.format in ("json", "jsonl")

    def terminal(self, stream: TextIO) -> bool:
        """True when the stream is a terminal that can do more than print."""
        return stream.isatty() and self.environ.get("TERM") != "dumb"

    def colored(self, stream: TextIO) -> bool:
        """True when colours may be used on the stream."""
        if self.color != "auto":
            return self.color == "always"
        return self.terminal(stream) and not self.environ.get("NO_COLOR")

    def paint(self, word: str, severity: str, stream: TextIO) -> str:
        """The word in the colour of its severity, where colours may be used."""
        color = _COLORS.get(severity) if self.colored(stream) else None
        return f"\x1b[{color}m{word}\x1b[0m" if color else word

    def fit(self, text: str, stream: TextIO) -> str:
        """The text with its long lines broken between words, where the stream is a terminal."""
        if not self.terminal(stream):
            return text
        import textwrap  # deferred: only findings on a terminal need it

        width = os.get_terminal_size(stream.fileno()).columns or 80
        wrapper = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
        lines = []
        for line in text.splitlines():
            wrapper.subsequent_indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
            lines += wrapper.wrap(line)
        return "\n".join(lines)

    @contextmanager
    def framed(self, spare: int) -> Iterator[None]:
        """Keep what the block writes on one screen of a terminal: its first lines stay, and it is said how many do not.

        `spare` lines are left free for what is said beside it.
        """
        self._room = max((os.get_terminal_size(sys.stdout.fileno()).lines or 24) - spare - 2, 1)
        try:
            yield
        finally:
            cut, self._room = -min(self._room, 0), None
        if cut:
            self.write(f"({cut} more lines: a larger window, or without --watch, shows them)")

    def can_ask(self) -> bool:
        """True when a human is there: both ends are terminals, no CI, no --no-input."""
        ends = self.terminal(sys.stdin) and self.terminal(sys.stdout)
        return ends and not self.no_input and not self.environ.get("CI")

    def write(self, text: str) -> None:
        """Put one piece of data and a line end on stdout; a reader who went away is no error."""
        if self._room is not None:
            lines, room = text.split("\n"), max(self._room, 0)
            self._room -= len(lines)
            if not room:
                return
            text = "\n".join(lines[:room])
        if self.gone:
            return
        try:
            sys.stdout.write(hide(text) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self.forget_reader()

    def talk(self, text: str) -> None:
        """Say something on stderr, unless --quiet."""
        if not self.quiet:
            self.shout(clean(text))

    def shout(self, text: str) -> None:
        """Say something on stderr that is said in any case, such as an error; the text must be clean."""
        sys.stderr.write(hide(text) + "\n")
        sys.stderr.flush()

    def reader_left(self) -> bool:
        """True when nobody reads stdout any more."""
        poll = select.poll()
        poll.register(sys.stdout, 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))

    def forget_reader(self) -> None:
        """Write on into nothing, so that the interpreter does not complain at its end."""
        self.gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def of(context: typer.Context) -> Screen:
    """The screen of the running command."""
    return cast(Screen, context.obj)


def check_format(screen: Screen) -> None:
    """Raise `Misconfigured` when NOTIFYCTL_OUTPUT names no format."""
    if screen.format not in FORMATS:
        value, screen.format = screen.format, "table"
        raise Misconfigured(
            "CFG-VALUE", f"unknown format {value!r}", "NOTIFYCTL_OUTPUT", f"use one of {', '.join(FORMATS)}"
        )


def clean(text: str) -> str:
    """The text without control characters, which could reprogram a terminal; tabs and line ends stay."""
    return text.translate(_CONTROL)
