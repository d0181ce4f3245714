"""Printing a result: for a machine one JSON document, for a human lines and tables.

Rich is imported only to draw a table on a terminal; everything else is plain text.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout

from notifyctl.cli import columns
from notifyctl.cli.envelope import Line, Markdown, Marked, Result, Table, Verbatim, envelope
from notifyctl.cli.screen import Screen, clean
from notifyctl.domain.finding import Finding


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
    if result.aside and screen.format == "table":
        words = [part for part in result.lines if not isinstance(part, Verbatim)]
        with redirect_stdout(sys.stderr):
            _print_lines(result._replace(lines=words, aside=False), screen)
        result = Result({}, [part for part in result.lines if isinstance(part, Verbatim)])
    for part in _summary(result.lines) if screen.format == "short" else result.lines:
        _print_part(part, screen)
    for finding in () if result.told else result.findings:
        _mark(Marked(finding.severity, finding.severity, told(finding).removeprefix(finding.severity)), screen)
    for command in result.next:
        screen.talk(f"next: {command}")


def _summary(lines: Sequence[Line]) -> Sequence[Line]:
    return [one.partition("\n")[0] if isinstance(one, Markdown) else one for one in lines[:1]]


def _mark(line: Marked, screen: Screen) -> None:
    stands = " " * len(line.word) if line.text.startswith("  ") else line.word
    whole = screen.fit(clean(f"{stands}{line.text}"), sys.stdout)
    screen.write(screen.paint(line.word, line.severity, sys.stdout) + whole[len(line.word) :])


def _print_part(part: Line, screen: Screen) -> None:
    if isinstance(part, Marked):
        _mark(part, screen)
    elif isinstance(part, Markdown) and screen.terminal(sys.stdout):
        _lay_out(part, screen)
    elif isinstance(part, str):
        screen.write(
            clean(part) if isinstance(part, Verbatim) or part.startswith("{") else screen.fit(clean(part), sys.stdout)
        )
    elif screen.terminal(sys.stdout):
        _draw(part, screen)
    else:
        screen.write(clean("\n".join(aligned(part.columns, *part.rows))))


def _lay_out(text: Markdown, screen: Screen) -> None:
    from rich.console import Console
    from rich.markdown import Markdown as Page

    console = Console(no_color=not screen.colored(sys.stdout), highlight=False)
    with console.capture() as captured:
        console.print(Page(clean(text), hyperlinks=False))
    screen.write("\n".join(line.rstrip() for line in captured.get().splitlines()))


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
    widths = columns.widths(table, console.width)
    if widths is None:
        screen.write("\n".join(screen.fit(clean(text), sys.stdout) for text in columns.paragraphs(table)))
        return
    drawn = Drawn(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, width in zip(table.columns, widths, strict=True):
        drawn.add_column(name, width=width)
    for row in table.rows:
        drawn.add_row(*(Text(clean(cell)) for cell in row))
    with console.capture() as captured:
        console.print(drawn)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    screen.write("\n".join(line for line in lines if line))
