"""Options that name a moment: a time with a zone, or how far it is from now."""

import time
from typing import Annotated

import typer

from notifyctl.cli.options import parse_span
from notifyctl.domain.errors import InvalidMessage, Usage
from notifyctl.domain.message import check_deadline

_FIX = "write 90s, 30m, 2h, 7d, or a time such as 2026-11-24T09:00:00Z"


def _moment(text: str, sign: int) -> int:
    """Epoch ms of a time with a zone, or of now plus `sign` times a duration; raises what Typer shows as usage."""
    if text[-1:] in "smhd" or text.isdecimal():
        try:
            return int(time.time() * 1000) + sign * parse_span(text) * 1000
        except Usage as error:
            raise typer.BadParameter(f"{error.what}; {_FIX}") from None
    try:
        return check_deadline(text)
    except InvalidMessage:
        raise typer.BadParameter(f"{text!r} is no time; {_FIX}") from None


def parse_past(text: str) -> int:
    """Epoch ms of a time with a zone, or of so long ago."""
    return _moment(text, -1)


def _future(text: str) -> int:
    return _moment(text, 1)


Since = Annotated[
    int | None,
    typer.Option(
        "--since", metavar="TIME", parser=parse_past, help="Only from then on: 2h, 7d, or 2026-11-24T09:00:00Z."
    ),
]
Deadline = Annotated[
    int | None,
    typer.Option("--deadline", metavar="TIME", parser=_future, help="May be sent up to then: 2h, or a time."),
]
