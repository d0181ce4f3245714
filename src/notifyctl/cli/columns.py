"""How a table fits a terminal: no word is cut, since a place or an id that was cut cannot be looked up.

Columns share the room; where not even the longest words stand side by side, each row becomes a paragraph of its own.
"""

from collections.abc import Iterator, Sequence

from notifyctl.cli.envelope import Table

NARROW = len("2026-11-24 09:00:00Z")  # what is no wider, such as times and numbers, is broken last
GAP = 3  # cells between two columns
EDGE = 2  # cells left and right of all


def widths(table: Table, room: int) -> list[int] | None:
    """How wide each column is where `room` cells are there for all; None where words would be cut."""
    columns = [*zip(table.columns, *table.rows, strict=True)]
    whole = [max(map(len, column)) for column in columns]
    words = [max((len(word) for cell in column for word in cell.split()), default=0) for column in columns]
    left = room - EDGE - GAP * (len(columns) - 1)
    kind = [width if width <= NARROW else word for width, word in zip(whole, words, strict=True)]
    least = next((one for one in (kind, words) if sum(one) <= left), None)
    return least and _shared(least, whole, left)


def _shared(least: Sequence[int], whole: Sequence[int], room: int) -> list[int]:
    """The widths when what is left goes to the narrowest of those that need more, a cell at a time."""
    found = list(least)
    while sum(found) < room and (short := [place for place, width in enumerate(found) if width < whole[place]]):
        found[min(short, key=lambda place: found[place])] += 1
    return found


def paragraphs(table: Table) -> Iterator[str]:
    """Each row as two lines: its first cell, and what the others say."""
    for first, *others in table.rows:
        named = zip(table.columns[1:], others, strict=True)
        rest = "; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell)
        yield f" {first}\n   {rest}" if rest else f" {first}"
