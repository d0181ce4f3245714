"""Registers: what an organisation keeps about its mail, as TOML in git, reviewed like code.

A register is read strictly: a key that is missing, empty, of another type or unknown raises `Misconfigured` that
names the file, the place and the fix. Nothing is guessed.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from notifyctl.domain.errors import Misconfigured

_Kind = TypeVar("_Kind")


class Sheet:
    """One table of a register; `where` names it for people. Ask for each key, then `end`."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._table = table
        self._known: set[str] = set()
        self.where = where

    def has(self, key: str) -> bool:
        """Whether a key that may be left out is there."""
        self._known.add(key)
        return key in self._table

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value: str = self._take(key, _is_text, f'write {key} = "..."')
        return value.strip()

    def maybe(self, key: str) -> str:
        """A text, '' where it is not given."""
        return self.text(key) if self.has(key) and self._table[key] != "" else ""

    def word(self, key: str, words: Sequence[str]) -> str:
        """One of these words."""
        value: str = self._take(key, lambda value: value in words, f"use one of {', '.join(words)}")
        return value

    def number(self, key: str, low: int, high: int) -> int:
        """A whole number in a range."""
        fix = f"write a number from {low} to {high}"
        value: int = self._take(key, lambda value: type(value) is int and low <= value <= high, fix)
        return value

    def day(self, key: str) -> date:
        """A day without a time."""
        fix = f"write {key} = 2027-01-31, without quotes"
        value: date = self._take(key, lambda value: type(value) is date, fix)
        return value

    def maybe_day(self, key: str) -> date | None:
        """A day; None where it is not given."""
        return self.day(key) if self.has(key) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts that are not empty; it may be empty itself."""
        return tuple(self._take(key, _are_texts, f'write {key} = ["...", "..."]'))

    def sheet(self, key: str) -> "Sheet":
        """The table `[key]`."""
        return Sheet(self._take(key, lambda value: isinstance(value, dict), f"write [{key}]"), f"{self.where}: {key}")

    def sheets(self, key: str) -> "list[Sheet]":
        """The tables `[[key]]`; none where there are none."""
        if not self.has(key):
            return []
        tables = self._take(key, _are_tables, f"write [[{key}]]")
        return [Sheet(table, f"{self.where}: {key} {number}") for number, table in enumerate(tables, 1)]

    def end(self, made: _Kind) -> _Kind:
        """What was made of the table; raises `Misconfigured` for a key that nobody asked for."""
        strange = sorted(set(self._table) - self._known)
        if strange:
            raise self.wrong(strange[0], "is unknown", f"known: {', '.join(sorted(self._known))}")
        return made

    def wrong(self, key: str, what: str, fix: str) -> Misconfigured:
        """The error about a key."""
        return Misconfigured("CFG-REGISTER", f"{key} {what}", self.where, fix)

    def _take(self, key: str, fits: Callable[[Any], bool], fix: str) -> Any:
        if not self.has(key):
            raise self.wrong(key, "is missing", fix)
        if not fits(self._table[key]):
            raise self.wrong(key, "cannot be used", fix)
        return self._table[key]


def parse(text: str, where: str) -> Sheet:
    """The whole of a register; raises `Misconfigured` where it is no TOML."""
    try:
        return Sheet(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("CFG-REGISTER", f"no valid TOML: {error}", where, "correct the line") from None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)
