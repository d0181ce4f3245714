"""The flags of one message, and the job data that they make."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from notifyctl.domain.errors import Usage


def _flag(flag: str, words: str, metavar: str = "TEXT") -> Any:
    return typer.Option(flag, metavar=metavar, help=words, show_default=False)


Id = Annotated[str | None, _flag("--id", "Names the business event, unique for ever.")]
Type = Annotated[str | None, _flag("--type", "What it is, such as booking.confirmation.")]
To = Annotated[str | None, _flag("--to", "The recipient's address.", "ADDRESS")]
Name = Annotated[str | None, _flag("--name", "The recipient's name.")]
Subject = Annotated[str | None, _flag("--subject", "The subject.")]
Html = Annotated[str | None, _flag("--html", "A file with the HTML body; - is stdin.", "FILE")]
Text = Annotated[str | None, _flag("--text", "The plain text body.")]
ReplyTo = Annotated[str | None, _flag("--reply-to", "Where answers go.", "ADDRESS")]
Customer = Annotated[str | None, _flag("--customer", "Your id of the customer.", "ID")]
Metadata = Annotated[list[str] | None, _flag("--metadata", "Kept at the provider; repeatable.", "KEY=VALUE")]
Header = Annotated[list[str] | None, _flag("--header", "A header of the mail; repeatable.", "NAME=VALUE")]
Deadline = Annotated[str | None, _flag("--deadline", "Not sent after this time, such as 2026-11-24T09:00:00Z.", "TIME")]


NAMES = (
    *("id", "type", "to", "name", "subject", "html", "text", "reply_to", "customer", "metadata", "header"),
    "deadline",
)


def check(flags: Mapping[str, Any]) -> None:
    """Raise `Usage` when a flag that every message needs is missing; `flags` holds those that were given."""
    missing = [f"--{name}" for name in ("id", "type", "to", "subject") if name not in flags]
    if not missing and not {"html", "text"} & flags.keys():
        missing = ["--html or --text"]
    if missing:
        fix = "give a FILE (- is stdin), or the flags of one message: --id --type --to --subject --text"
        raise Usage("CLI-USAGE", f"{', '.join(missing)} is missing", "", fix)


def fields(flags: Mapping[str, Any]) -> dict[str, object]:
    """The fields of the job data; reads the file of --html. Raises `Usage`."""
    plain = {name: flags.get(name) for name in ("id", "type", "subject", "text", "reply_to", "customer", "deadline")}
    to = {"email": flags["to"], **({"name": flags["name"]} if "name" in flags else {})}
    html = _body(flags["html"]) if "html" in flags else None
    headers, metadata = (_pairs(f"--{name}", flags.get(name)) for name in ("header", "metadata"))
    return {**plain, "to": to, "html": html, "headers": headers, "metadata": metadata}


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """A file to read, `-` for stdin. Raises `Usage` when it cannot be opened."""
    if path == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed below; an error of the reader is not one of opening
    except OSError as error:
        raise Usage("CLI-USAGE", f"cannot read {path!r}: {error.strerror}", "FILE", "name a readable file") from None
    with file:
        yield file


def _pairs(flag: str, given: Sequence[str] | None) -> dict[str, str] | None:
    split = [item.partition("=") for item in given or ()]
    if not all(name and sign for name, sign, _ in split):
        raise Usage("CLI-USAGE", "a pair needs a name and `=`", flag, f"write {flag} NAME=VALUE")
    return {name: value for name, _, value in split} or None


def _body(path: str) -> str:
    with opened(path) as file:
        try:
            return file.read().decode()
        except UnicodeDecodeError as error:
            raise Usage("CLI-USAGE", f"{path!r} is not UTF-8 at byte {error.start}", "--html", "save it so") from None
