"""Waivers: somebody answers for a failed check, by name, with a reason, until a day that is not far.

A waiver lasts 90 days at most, counted from the day of the check; one that is over, or that reaches further, has no
effect and is itself a failure (check RLS-003).
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from notifyctl.domain.errors import Misconfigured

LONGEST = 90  # days
_KEYS = ("check", "reason", "owner", "expires")


class Waiver(NamedTuple):
    """`check` is an id, `owner` the person who answers for it, `expires` the last day on which it holds."""

    check: str
    reason: str
    owner: str
    expires: date

    def holds(self, today: date) -> bool:
        """Whether it has an effect on that day."""
        return 0 <= (self.expires - today).days <= LONGEST


def read(text: str, where: str) -> list[Waiver]:
    """The waivers of a TOML text with a `[[waiver]]` for each; raises `Misconfigured` naming what is wrong where."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(where, str(error), "write [[waiver]] tables") from None
    strange = set(document) - {"waiver"}
    if strange or not isinstance(document.get("waiver", []), list):
        raise _wrong(where, f"unknown key {min(strange, default='waiver')!r}", "write [[waiver]] tables")
    return [_waiver(one, f"{where}, waiver {number}") for number, one in enumerate(document.get("waiver", []), 1)]


def load(path: Path, checks: Collection[str]) -> list[Waiver]:
    """The waivers of a file, none without one; raises `Misconfigured` as `read`, and for a check that is not there."""
    found = read(path.read_text("utf-8"), path.name) if path.is_file() else []
    for number, one in enumerate(found, 1):
        if one.check not in checks:
            raise _wrong(f"{path.name}, waiver {number}", f"no check is called {one.check}", "name the id of a check")
    return found


def holding(waivers: Sequence[Waiver], today: date) -> Mapping[str, Waiver]:
    """Those that have an effect on that day, by check."""
    return {one.check: one for one in waivers if one.holds(today)}


def _waiver(table: Any, where: str) -> Waiver:
    if not isinstance(table, dict) or set(table) != set(_KEYS):
        raise _wrong(where, "a waiver has exactly check, reason, owner and expires", "write all four")
    texts = [table[key] for key in _KEYS[:3]]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise _wrong(where, "check, reason and owner are texts", "write a name and a reason")
    if type(table["expires"]) is not date:
        raise _wrong(where, f"{table['expires']!r} is no date", "write expires = 2027-01-31, without quotes")
    return Waiver(texts[0].upper(), texts[1], texts[2], table["expires"])


def _wrong(where: str, what: str, fix: str) -> Misconfigured:
    return Misconfigured("CFG-WAIVERS", what, where, fix)
