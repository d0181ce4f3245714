"""A runbook: markdown that a person reads on a phone and that `runbook run` walks through, step by step.

    # A title
    **When:** what one sees that makes one open this book.
    **You need:**
    - `<PROVIDER>`: the provider that is down, such as `resend`

    ## 1. A numbered heading opens a step
    ```console
    notifyctl failover --to <PROVIDER>
    ```
    **You should see (exit 0 or 3):** what tells that it went well; without codes, exit 0 is expected.
    **If not:** what to do then.
    **If interrupted:** look with `notifyctl status` whether it took effect. Steps that change something have this.

Reading never fails: what is missing or odd is for `runbook_lint` to say.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PLACEHOLDER = re.compile(r"<([A-Z][A-Z_]*)>")
_HEADING = re.compile(r"## +(?:(\d+)\. +)?(.+)")
_FIELD = re.compile(r"\*\*(When|You need|You should see|If not|If interrupted)(?: \(exit ([^)]*)\))?:\*\* *(.*)")
_NEED = re.compile(r"- `<([A-Z][A-Z_]*)>`: (.+?),? such as `([^`]+)`")
_COMMAND = re.compile(r"`(notifyctl(?: [^`]*)?)(?:`|$)")  # one that goes on in the next line is broken, and seen


class Line(NamedTuple):
    """A piece of text and the line of the file that it stands in, counted from 1."""

    text: str
    line: int


class Need(NamedTuple):
    """What must be known before a book can be run: PROVIDER, what it means, a value that may stand there."""

    name: str
    meaning: str
    example: str
    line: int


class Step(NamedTuple):
    """A step: `commands` are the lines of its console block (one, when the book is right), `exits` the codes that
    count as success, `look` the command that shows whether an interrupted step took effect (empty: none)."""

    number: int
    title: str
    line: int
    commands: tuple[Line, ...]
    exits: tuple[int, ...]
    fields: Mapping[str, Line]

    @property
    def command(self) -> str:
        """The one command, with its placeholders."""
        return self.commands[0].text if self.commands else ""

    @property
    def look(self) -> str:
        """The command to look with, or nothing."""
        found = _COMMAND.search(self.text("If interrupted"))
        return found[1] if found else ""

    def text(self, field: str) -> str:
        """The text of a field, such as `If not`; empty when it is not there."""
        return self.fields[field].text if field in self.fields else ""


class Book(NamedTuple):
    """A book; `file` is how complaints name it, `mentions` are the commands in its running text."""

    name: str
    file: str
    title: str
    when: str
    needs: tuple[Need, ...]
    steps: tuple[Step, ...]
    mentions: tuple[Line, ...]
    text: str


class _Part:
    """What is read of the head of a book, or of a step."""

    def __init__(self, number: int, title: str, line: int) -> None:
        self.number, self.title, self.line = number, title, line
        self.commands: list[Line] = []
        self.fields: dict[str, Line] = {}
        self.exits: tuple[int, ...] = (0,)
        self.field = ""

    def read(self, text: str, line: int) -> None:
        """Take one line of running text: it begins a field, continues the one before, or is empty and ends it."""
        if not text.strip():
            self.field = ""
        elif found := _FIELD.match(text):
            self.field, codes, text = found[1], found[2], found[3]
            self.exits = tuple(map(int, re.findall(r"\d+", codes))) if codes else self.exits
            self.fields[self.field] = Line(text, line)
        elif self.field:
            before = self.fields[self.field]
            self.fields[self.field] = before._replace(text=f"{before.text}\n{text}".strip())


def parse(name: str, text: str, file: str = "") -> Book:
    """Read a book; `name` is what it is called by, `file` how complaints name it."""
    parts, needs, mentions, fenced = [_Part(0, "", 1)], [], [], False
    for line, row in enumerate(text.splitlines(), 1):
        if row.startswith("```"):
            fenced = not fenced
        elif fenced:
            parts[-1].commands += [Line(row.strip(), line)] if row.strip() else []
        elif heading := _HEADING.match(row):
            parts.append(_Part(int(heading[1] or 0), heading[2], line))
        else:
            parts[-1].read(row, line)
            mentions += [Line(found, line) for found in _COMMAND.findall(row)]
            needs += [Need(name, meaning, such, line) for name, meaning, such in _NEED.findall(row)]
    head, *rest = parts
    steps = tuple(Step(p.number, p.title, p.line, tuple(p.commands), p.exits, p.fields) for p in rest)
    title = re.search(r"^# +(.+)", text, re.MULTILINE)
    when = head.fields["When"].text if "When" in head.fields else ""
    return Book(name, file or name, title[1] if title else "", when, tuple(needs), steps, tuple(mentions), text)


def fill(words: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The words of a command with values in place of placeholders; a value never becomes several words."""
    return [PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), word) for word in words]


def placeholders(text: str) -> list[str]:
    """The names of the placeholders in a text, each once, in their order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))
