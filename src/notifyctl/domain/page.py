"""What a page of HTML says: its words, its links, and the boxes that people tick."""

import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import NamedTuple

_SILENT = ("script", "style")


class Page(NamedTuple):
    """`boxes` has for each tick box whether it is ticked already; `links` are targets as they are written."""

    words: str
    boxes: tuple[bool, ...]
    links: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """A digest of the words alone: it survives a new layout, and nothing else."""
        return sha256(self.words.encode()).hexdigest()

    def says(self, text: str) -> bool:
        """Whether the words of a text stand on the page, in this order."""
        return plain(text).lower() in self.words.lower()


def read(html: str) -> Page:
    """The page; whatever it holds, nothing is raised."""
    reader = _Reader()
    reader.feed(html.replace("<![", "<! ["))  # a comment to browsers; the parser fails at some of them
    reader.close()
    return Page(plain(" ".join(reader.texts)), tuple(reader.boxes), tuple(reader.links))


def plain(text: str) -> str:
    """The words of a text: without marks of Markdown, with single spaces."""
    return " ".join(re.sub(r"[#*_`>]", " ", text).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.boxes: list[bool] = []
        self.links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._silent += tag in _SILENT
        if tag == "input" and (given.get("type") or "").lower() == "checkbox":
            self.boxes.append("checked" in given)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)
