"""What a command hands back, and the one JSON document that is made of it."""

import os
import pwd
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from notifyctl.domain.exits import NAMES
from notifyctl.domain.finding import Finding

ACTOR = "NOTIFYCTL_ACTOR"  # names who runs a command; no setting
NOTHING = ("ok", "nothing to do")


class Verbatim(str):
    """Text for another program, such as a difference of files: a narrow terminal does not break its lines."""

    __slots__ = ()


class Markdown(str):
    """A page of Markdown: laid out on a terminal, as it is elsewhere."""

    __slots__ = ()


class Table(NamedTuple):
    """Rows of text under column names; drawn with lines on a terminal, aligned by spaces elsewhere."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


class Marked(NamedTuple):
    """A line that begins with a word in the colour of its severity; '' is no colour. A text that begins with two spaces
    or more stands in a column of its own."""

    word: str
    severity: str
    text: str


Line = str | Table | Marked


class Result(NamedTuple):
    """The answer of a command.

    `data` is for machines and may only grow; `lines` is for humans and free to change: its first
    line is the summary that `-o short` prints. `outcome` defaults to the name of the exit code; a
    command that changed something says `done`, so that `--quiet` prints it. `next` are commands. `told` says that the
    lines tell the findings already; `aside` that only what is verbatim is for stdout, where a program reads it.
    """

    data: Mapping[str, Any]
    lines: Sequence[Line] = ()
    exit: int = 0
    outcome: str = ""
    findings: Sequence[Finding] = ()
    next: Sequence[str] = ()
    told: bool = False
    aside: bool = False

    @property
    def word(self) -> str:
        """The outcome, or the name of the exit code."""
        return self.outcome or NAMES.get(self.exit, "bug")

    @property
    def silent(self) -> bool:
        """True when nothing was done and nothing is wrong."""
        return self.exit == 0 and self.word in NOTHING


def envelope(result: Result, verb: str) -> dict[str, Any]:
    """The document of a result: always the same nine keys, in this order."""
    return {
        "schema": "/".join((".".join(("notifyctl", *verb.split())), "1")),
        "ok": result.exit == 0,
        "outcome": result.word,
        "exit": result.exit,
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "actor": actor(os.environ),
        "data": dict(result.data),
        "findings": [finding._asdict() for finding in result.findings],
        "next": list(result.next),
    }


def actor(environ: Mapping[str, str]) -> str:
    """Who ran the command: NOTIFYCTL_ACTOR, else the CI job, else the login name."""
    for name in (ACTOR, "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "CI_JOB_ID", "SUDO_USER", "LOGNAME", "USER"):
        if environ.get(name):
            return environ[name]
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number without a name
        return f"uid {os.getuid()}"
