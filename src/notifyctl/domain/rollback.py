"""The way back from a release: to what, how, who decides, and when it was last rehearsed.

previous = "1.0.0"      # a version of CHANGELOG.md that is not the newest
how = "deploy the image of 1.0.0; state of N and N-1 is compatible"
stop = "notifyctl pause queue"
owner = "J. Smith"
rehearsed = 2026-11-24  # leave it out until it was
"""

import re
from datetime import date
from typing import NamedTuple

from notifyctl.domain import register

REHEARSE = 90  # days: our policy
_RELEASE = re.compile(r"^## \[?(?!unreleased\b)v?([A-Za-z0-9][\w.+-]*)\]?(.*)$", re.MULTILINE | re.IGNORECASE)
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


class Rollback(NamedTuple):
    """`rehearsed` is None for a way that nobody has gone."""

    previous: str
    how: str
    stop: str
    owner: str
    rehearsed: date | None


class Release(NamedTuple):
    """One version of a changelog: whether it has a day (or says that it has none), and what it says."""

    version: str
    dated: bool
    text: str


def read(text: str, where: str) -> Rollback:
    """The plan of a TOML text; raises `Misconfigured`."""
    sheet = register.parse(text, where)
    previous, how, stop, owner = (sheet.text(key) for key in ("previous", "how", "stop", "owner"))
    return sheet.end(Rollback(previous, how, stop, owner, sheet.maybe_day("rehearsed")))


def releases(changelog: str) -> list[Release]:
    """The versions of a changelog with `## 1.2.0 - 2026-11-24` above each, newest first; what is unreleased is none."""
    heads = list(_RELEASE.finditer(changelog))
    ends = [*(head.start() for head in heads[1:]), len(changelog)]
    return [
        Release(head[1], bool(_DAY.search(head[2]) or "unreleased" in head[2].lower()), changelog[head.end() : end])
        for head, end in zip(heads, ends, strict=True)
    ]
