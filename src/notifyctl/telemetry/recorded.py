"""What was recorded beside the figures, a row each, in words for people; the JSON keeps names and values."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from notifyctl.domain.money import dollars, micros

# What a row is of: these values lead it, without their names.
_LEADS = ("month", "provider", "report", "id", "title", "at", "what", "name", "check")
_NAMES = {
    "dollars": "cost", "dollars for 1,000": "cost of 1,000", "days": "days old", "most": "at most", "is": "judged",
}  # fmt: skip
_MONEY = ("dollars", "dollars for 1,000")
_ANSWERS = {"error": "not seen"}  # as on the screen: it must not read like a failure


class Row(NamedTuple):
    """`lead` says what it is of, and may be empty; `rest` are names with what is known, in the order of the JSON."""

    lead: str
    rest: list[tuple[str, str]]


def row(recorded: Mapping[str, Any]) -> Row:
    """A recorded fact for people; what is empty is left out."""
    known = {name: value for name, value in recorded.items() if value not in ("", None)}
    lead = " ".join(str(known[name]) for name in _LEADS if name in known)
    return Row(lead, [_told(name, value) for name, value in known.items() if name not in _LEADS])


def answer(verdict: str) -> str:
    """The verdict of a check."""
    return _ANSWERS.get(verdict, verdict)


def number(value: float | None) -> str:
    """`-` where there is none."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def _told(name: str, value: object) -> tuple[str, str]:
    """Seconds (`..._s`) with their unit, money as a price."""
    seconds = name.endswith("_s") and isinstance(value, int | float)
    text = number(value) if isinstance(value, int | float) else str(value)
    if name in _MONEY:
        text = _price(text)
    plain = name.removesuffix("_s") if seconds else name
    return _NAMES.get(name, plain.replace("_", " ")), f"{text} s" if seconds else text


def _price(text: str) -> str:
    """`$3.77`; words, where it is none, stay."""
    try:
        return dollars(micros(text))
    except ValueError:
        return text
