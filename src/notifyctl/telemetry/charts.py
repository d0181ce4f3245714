"""Charts as inline SVG: no script, no font from elsewhere, a title and a description for those who listen.

Each chart says in words what it shows; its figures stand in a table beside it, so nothing is told by colour alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import count
from typing import NamedTuple

WIDTH, LEFT, ROW = 640, 110, 26  # units of the drawing, which is scaled to the page
COLORS = ("#1b6e3c", "#b35c00", "#8a1f2d", "#3d5a80", "#6b4c9a", "#5c5c5c")  # 4.5 to 1 on white at least


class Point(NamedTuple):
    """A value under a name; None where nothing was measured."""

    name: str
    value: float | None


def days(ids: "Ids", title: str, points: Sequence[Point], line: float, unit: str) -> str:
    """A value for each day, 0 upwards, with the limit as a dashed line."""
    values = [point.value for point in points if point.value is not None]
    top = max([*values, line]) * 1.15 or 1.0
    step = (WIDTH - LEFT) / max(len(points), 1)
    columns = (
        _box(LEFT + at * step + step * 0.15, _y(value, top), step * 0.7, _y(0, top) - _y(value, top),
             COLORS[2 if value > line else 0])
        for at, value in ((at, point.value) for at, point in enumerate(points)) if value is not None
    )  # fmt: skip
    limit = f'<line x1="{LEFT}" x2="{WIDTH}" y1="{_y(line, top):.1f}" y2="{_y(line, top):.1f}" class="limit"/>'
    most = max([*values, 0.0])
    high = [_text(LEFT - 6, _y(most, top) + 4, f"{most:.3g} {unit}", "end")] if most > line * 1.3 else []
    texts = (
        *high,
        _text(LEFT - 6, _y(line, top) + 4, f"{line:g} {unit}", "end"), _text(LEFT - 6, _y(0, top) + 4, "0", "end"),
        *(_text(LEFT + (at + 0.5) * step, 176, point.name, "middle") for at, point in _some(points)),
    )  # fmt: skip
    above = sum(value > line for value in values)
    told = f"{len(values)} days with mail, {above} of them above the limit of {line:g} {unit}."
    return _drawing(ids, title, told, 184, [*columns, limit, *texts])


def stacked(ids: "Ids", title: str, rows: Mapping[str, Mapping[str, int]], kinds: Sequence[str]) -> str:
    """One bar a row, all of the same length, divided by kinds."""
    parts, told = [], []
    for at, (name, counts) in enumerate(rows.items()):
        total, x = sum(counts.values()) or 1, float(LEFT)
        parts.append(_text(LEFT - 6, at * ROW + 18, name, "end"))
        for place, kind in enumerate(kinds):
            width = (WIDTH - LEFT) * counts.get(kind, 0) / total
            if width:
                parts.append(_box(x, at * ROW + 4, width, ROW - 8, COLORS[place % len(COLORS)]))
            x += width
        told.append(f"{name}: {', '.join(f'{counts[kind]:,} {kind}' for kind in kinds if counts.get(kind))}.")
    return _drawing(ids, title, " ".join(told), len(rows) * ROW + 24, [*parts, *_legend(kinds, len(rows) * ROW + 16)])


def spans(ids: "Ids", title: str, rows: Mapping[str, Sequence[Point]], line: float, unit: str) -> str:
    """Some values a row as marks on one scale, with the limit as a dashed line."""
    known = [point.value for points in rows.values() for point in points if point.value is not None]
    top = max([*known, line]) * 1.1 or 1.0
    names = list(dict.fromkeys(point.name for points in rows.values() for point in points))
    parts, told = [], []
    for at, (name, points) in enumerate(rows.items()):
        parts.append(_text(LEFT - 6, at * ROW + 18, name, "end"))
        for point in points:
            if point.value is not None:
                place = names.index(point.name)
                inset = min(4 + 3 * place, ROW // 2 - 4)  # a later one is shorter, and hides none below it
                color = COLORS[place % len(COLORS)]
                parts.append(_box(_x(point.value, top) - 3, at * ROW + inset, 6, ROW - 2 * inset, color))
        values = (f"{one.name} {'not measured' if one.value is None else f'{one.value:g} {unit}'}" for one in points)
        told.append(f"{name}: {', '.join(values)}.")
    high = len(rows) * ROW
    limit = f'<line x1="{_x(line, top):.1f}" x2="{_x(line, top):.1f}" y1="0" y2="{high}" class="limit"/>'
    mark = _text(min(_x(line, top), WIDTH - 30), high + 14, f"{line:g} {unit}", "middle")
    return _drawing(ids, title, " ".join(told), high + 44, [*parts, limit, mark, *_legend(names, high + 36)])


class Ids:
    """Numbers the titles of one page, by which readers of screens find them."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def next(self) -> str:
        """A name that no other chart of the page has."""
        return f"chart-{next(self._numbers)}"


def _drawing(ids: Ids, title: str, told: str, height: float, parts: Iterable[str]) -> str:
    name = ids.next()
    return (
        f'<svg role="img" aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {WIDTH} {height:g}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(told)}</desc>'
        f"{''.join(parts)}</svg>"
    )


def _box(x: float, y: float, width: float, height: float, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _legend(names: Sequence[str], y: float) -> Iterable[str]:
    step = (WIDTH - LEFT) / max(len(names), 1)
    for at, name in enumerate(names):
        yield _box(LEFT + at * step, y - 9, 9, 9, COLORS[at % len(COLORS)])
        yield _text(LEFT + at * step + 13, y, name, "start")


def _some(points: Sequence[Point]) -> list[tuple[int, Point]]:
    """So many names as have room below the columns."""
    every = max(len(points) // 7, 1)
    return [(at, point) for at, point in enumerate(points) if at % every == 0]


def _y(value: float, top: float) -> float:
    return 160 - 150 * value / top


def _x(value: float, top: float) -> float:
    return LEFT + (WIDTH - LEFT) * value / top
