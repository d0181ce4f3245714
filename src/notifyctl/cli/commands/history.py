"""`history`: who moved what, when and why; people and the tool itself."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import changing, screen
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.options import provider_names
from notifyctl.cli.telling import entry_data, entry_words
from notifyctl.cli.words import many, moment

if TYPE_CHECKING:
    from notifyctl.domain.transition import Entry


def history(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many to list.")] = 20,
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="PROVIDER", help="Only what concerns it.", autocompletion=provider_names),
    ] = None,
) -> Result | Iterable[Result]:
    """List who moved the mail, when and why; newest first.

    What breakers did by themselves is there with its rule and its numbers, what people did with their names and
    reasons. The last 10,000 entries are kept. With -o jsonl each entry is a line of its own.
    """
    from notifyctl.cli.running import with_store
    from notifyctl.operations import history as operation

    chosen = changing.provider(provider) if provider else None
    found = with_store(lambda store: operation.history(store.boards, limit, chosen))
    if screen.of(ctx).format == "jsonl":
        return [Result(entry_data(entry)) for entry in found]
    return _listed(found)


def _listed(found: "Iterable[Entry]") -> Result:
    rows = [(moment(entry.at), entry.by or "notifyctl", *entry_words(entry)) for entry in found]
    first = f"{many(len(rows), 'change')}, newest first." if rows else "Nothing yet."
    lines: list[str | Table] = [first]
    if rows:
        lines.append(Table(("when", "who", "what", "why"), rows))
    data: dict[str, Any] = {"entries": [entry_data(entry) for entry in found]}
    return Result(data, lines)
