"""Printing a result: for a machine one JSON document, for a human lines and tables.

Rich is imported only to draw a table on a terminal; everything else is plain text.
"""

import json
import sys
from collections.abc import Iterable, Sequence

from notifyctl.cli.envelope import Result, Table, Verbatim, envelope
from notifyctl.cli.screen import Screen, clean
from notifyctl.domain.finding import Finding

_NARROW = len("2026-11-24 09:00:00Z")


def present(result: Result | Iterable[Result], screen: Screen) -> int:
    """Print one result, or each one of a watch, and return the exit code of the last."""
    if isinstance(result, Result):
        return _print(result, screen)
    last, before = Result({}), None
    for last in result:
        if screen.gone:
            break
        before = _tick(last, before, screen)
    if screen.format == "json":
        _print(last, screen)
    return last.exit


def _tick(result: Result, before: object, screen: Screen) -> object:
    """Print one look of a watch: always as JSON lines, redrawn on a terminal, elsewhere only a change."""
    picture = (result.lines, result.findings, result.word)
    if screen.format == "jsonl":
        _print(result, screen)
    elif screen.format != "json" and screen.terminal(sys.stdout):
        sys.stdout.write("\x1b[H\x1b[2J")
        with screen.framed(spare=len(result.next)):
            _print(result, screen)
    elif screen.format != "json" and picture != before:
        _print(result, screen)
    return picture


def _print(result: Result, screen: Screen) -> int:
    if screen.machine:
        screen.write(document(result, screen))
    elif not (screen.quiet and result.silent):
        _print_lines(result, screen)
    return result.exit


def document(result: Result, screen: Screen) -> str:
    """The envelope as JSON: indented for `json`, one line for `jsonl`; ASCII where stdout is not UTF-8."""
    wide = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    indent = 2 if screen.format == "json" else None
    return json.dumps(envelope(result, screen.verb), indent=indent, ensure_ascii=not wide, default=str)


def _print_lines(result: Result, screen: Screen) -> None:
    for part in result.lines[:1] if screen.format == "short" else result.lines:
        _print_part(part, screen)
    for finding in result.findings:
        severity = screen.paint(finding.severity, finding.severity, sys.stdout)
        screen.write(severity + screen.fit(clean(told(finding)), sys.stdout).removeprefix(finding.severity))
    for command in result.next:
        screen.talk(f"next: {command}")


def _print_part(part: str | Table, screen: Screen) -> None:
    if isinstance(part, str):
        screen.write(
            clean(part) if isinstance(part, Verbatim) or part.startswith("{") else screen.fit(clean(part), sys.stdout)
        )
    elif screen.terminal(sys.stdout):
        _draw(part, screen)
    else:
        screen.write(clean("\n".join(aligned(part.columns, *part.rows))))


def told(finding: Finding) -> str:
    """A finding as text: what, where, and what to do about it."""
    place = f" {finding.subject}:" if finding.subject else ""
    hint = f"\n  {finding.hint}" if finding.hint else ""
    return f"{finding.severity} {finding.code}{place} {finding.message}{hint}"


def aligned(*rows: Sequence[str]) -> list[str]:
    """The rows as lines whose columns stand under each other, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _draw(table: Table, screen: Screen) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    console = Console(no_color=not screen.colored(sys.stdout), highlight=False)
    drawn = Drawn(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, whole in zip(table.columns, _whole(table, console.width), strict=True):
        drawn.add_column(name, overflow="fold", no_wrap=whole)
    for row in table.rows:
        drawn.add_row(*(Text(clean(cell)) for cell in row))
    with console.capture() as captured:
        console.print(drawn)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    screen.write("\n".join(line for line in lines if line))


def _whole(table: Table, room: int) -> list[bool]:
    """Which columns are not broken: narrow ones, such as times and numbers, where that leaves room for the others."""
    widths = [max(map(len, column)) for column in zip(table.columns, *table.rows, strict=True)]
    least = sum(width if width <= _NARROW else _NARROW // 2 for width in widths) + 3 * len(widths)
    return [width <= _NARROW and least <= room for width in widths]
