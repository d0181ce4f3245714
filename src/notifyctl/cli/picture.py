"""The demo's picture: one frame as lines that fit into 80 columns, in colour where the terminal has it.

Rich is imported only here and only when there is a terminal to draw on.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from notifyctl.cli.telling import phase_words
from notifyctl.operations.demo import LANES, Frame

if TYPE_CHECKING:
    from rich.text import Text

WIDTH = 76
BAR = 40
NAMES = {"resend": "Resend", "postmark": "Postmark", "ses": "Amazon SES"}
COLOURS = {"resend": "cyan", "postmark": "yellow", "ses": "magenta"}
TROUBLE = {"silent": "takes mail, never answers", "refuses": "refuses connections"}
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"


def draw(frame: Frame, speeds: Sequence[int]) -> "Text":
    """The whole picture; `speeds` are the copies that arrived between frames, oldest first."""
    from rich.text import Text

    picture = Text(no_wrap=True)
    _head(picture, frame)
    for name in NAMES:
        _provider(picture, name, frame)
    picture.append(f"\n  mails a moment  {sparkline(speeds)}\n\n", "dim")
    _queue(picture, frame)
    words = phase_words(frame.breaker, frame.now, live=True) or "closed"
    picture.append("  breaker of Resend:  ", "dim").append(f"{words}\n", "dim" if words == "closed" else "bold red")
    for at, text in frame.events[-6:]:
        picture.append(f"\n  {clock(at)}  ", "dim").append(text)
    return picture


def _head(picture: "Text", frame: Frame) -> None:
    title = f"  notifyctl demo  {frame.ended:,} of {frame.total:,} messages have ended"
    picture.append(title, "bold").append(clock(frame.elapsed).rjust(WIDTH - len(title)), "dim")
    done = bar(frame.ended, frame.total, WIDTH - 2)
    picture.append("\n  ").append(done, "green").append("\n\n")


def _provider(picture: "Text", name: str, frame: Frame) -> None:
    copies = frame.copies.get(name, 0)
    trouble = TROUBLE.get(frame.down, "") if name == "resend" else ""
    picture.append(f"  {NAMES[name]:<11}", "bold red" if trouble else "bold")
    picture.append(f"{bar(copies, frame.total, BAR - 12):<{BAR - 12}}", COLOURS[name])
    picture.append(f"{copies:>7,}  ").append(trouble, "red").append("\n")


def _queue(picture: "Text", frame: Frame) -> None:
    picture.append("  waiting:  ", "dim")
    for name in LANES:
        picture.append(f"{name} {frame.waiting[name]:,}   ", "bold" if frame.waiting[name] else "dim")
    picture.append(f"in flight {frame.in_flight}   workers {frame.workers}\n", "dim")


def bar(part: int, whole: int, width: int) -> str:
    """A bar of at most `width` cells, to an eighth of a cell."""
    eighths = round(8 * width * min(part, whole) / whole) if whole else 0
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def sparkline(values: Sequence[int], width: int = 50) -> str:
    """The last values as bars of eight levels; an empty value is a space."""
    recent = values[-width:]
    most = max(recent, default=0) or 1
    return "".join(_LEVELS[(len(_LEVELS) - 1) * value // most] if value else " " for value in recent)


def clock(seconds: float) -> str:
    """Minutes, seconds and tenths."""
    return f"{int(seconds) // 60:02d}:{seconds % 60:04.1f}"
