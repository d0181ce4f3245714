"""One text of the catalogue of codes."""

from typing import NamedTuple


class Entry(NamedTuple):
    """`title` in a few words, `meaning`: what was found and why it matters, `fix`: what to do now."""

    title: str
    meaning: str
    fix: str
