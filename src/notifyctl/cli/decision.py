"""The decision of a person on what waits for review, as it is typed."""

from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.domain.errors import Usage

if TYPE_CHECKING:
    from notifyctl.domain.review import Decision

WORDS = "resend, delivered, drop, ignore"
Decide = Annotated[str | None, typer.Option("--decide", metavar="WORD", help=f"One of {WORDS}.", show_default=False)]


def decision_of(word: str) -> "Decision":
    """The decision; raises `Usage` for any other word."""
    from notifyctl.domain.review import Decision

    if word not in tuple(Decision):
        raise Usage("CLI-USAGE", f"{word!r} is no decision", "--decide", f"use one of {WORDS}")
    return Decision(word)
