"""The deployments of an installation, one line each, in a file that people read and git keeps:

    ## [1.4.0] - 2026-11-30

    - 14:05Z by ada: Reminders come from the new template

The file is in the form of Keep a Changelog, newest first. Whatever else stands in it, release notes for example, stays
as it is. A heading that is no version is such a thing; a line of a deployment below one is refused. A version is one
word, so that a change of the configuration alone may have one (`config-12`).
"""

import re
from datetime import UTC, date, datetime, time
from typing import NamedTuple, Never

from notifyctl.domain.errors import Refused

HEAD = "# Changelog\n\nDeployments, newest first.\n"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,59}")
_SECTION = re.compile(r"## \[?([^\]\s]+)\]? - (\d{4}-\d\d-\d\d)\s*")
_LINE = re.compile(r"- (\d\d:\d\d)Z by ([^:]+): (.+)")
_MEANT = re.compile(r"## (?:\[|v?\d|.* - \d{4}-)")  # a heading that is meant to be one of a version
_LATER = re.compile(r"## (?:\[?[^\]\s]+\]? - )?\[?unreleased\]?\s*", re.IGNORECASE)  # with its version, or without


class Deployment(NamedTuple):
    """What was deployed when (UTC, to the minute), by whom, and why."""

    version: str
    at: datetime
    by: str
    reason: str

    @property
    def heading(self) -> str:
        """The heading of its section."""
        return f"## [{self.version}] - {self.at:%Y-%m-%d}"

    @property
    def line(self) -> str:
        """Its line."""
        return f"- {self.at:%H:%M}Z by {self.by}: {self.reason}"


def read(text: str, where: str) -> list[Deployment]:
    """The deployments of a file, newest first; raises `Refused` (CHG-FORM) at a line that cannot be read, with its
    number."""
    found: list[Deployment] = []
    section: tuple[str, date] | None = None
    other = False  # below a heading of something else
    for number, line in enumerate(text.splitlines(), 1):
        place = f"{where}:{number}"
        if line.startswith("## "):
            section, other = _section(line, place), not _LATER.fullmatch(line)
        elif told := _LINE.fullmatch(line.rstrip()):
            if section:
                found.append(Deployment(section[0], _moment(section[1], told[1], place), told[2], told[3]))
            elif other:
                _malformed(place, line)
    return sorted(found, key=lambda one: one.at, reverse=True)


def _section(line: str, where: str) -> tuple[str, date] | None:
    told = _SECTION.fullmatch(line)
    if _LATER.fullmatch(line) or not (told or _MEANT.match(line)):
        return None
    try:
        return (told[1], date.fromisoformat(told[2])) if told else _malformed(where, line)
    except ValueError:
        return _malformed(where, line)


def _moment(day: date, clock: str, where: str) -> datetime:
    try:
        return datetime.combine(day, time.fromisoformat(clock), UTC)
    except ValueError:
        return _malformed(where, clock)


def _malformed(where: str, text: str) -> Never:
    raise Refused("CHG-FORM", f"{text[:80]!r} is no deployment", where, "write: ## [1.4.0] - 2026-11-30")


def added(text: str, new: Deployment, where: str) -> str:
    """The text with a deployment at its place, or of a new file; raises `Refused`.

    Policy: what was deployed last is not deployed again: that line was written twice, by a job that ran twice. A
    version that comes back later, after another one, is a deployment like any other.
    """
    if not _VERSION.fullmatch(new.version):
        raise Refused(
            "CHG-FORM", f"{new.version[:80]!r} is no version", "VERSION", "write one word: 1.4.0 or config-12"
        )
    if len(new.line.splitlines()) != 1 or not (told := _LINE.fullmatch(new.line)) or told[2] != new.by:
        raise Refused("CHG-FORM", "who and why are one line", "--reason", "write one sentence")
    known = read(text, where)
    if known and known[0].at > new.at:
        raise Refused("CHG-FORM", f"{known[0].version} stands there as deployed later than now", where, "see the clock")
    if known and known[0].version == new.version:
        raise Refused("CHG-TWICE", f"{new.version} was deployed last, at {known[0].at:%Y-%m-%d %H:%M}Z", where)
    return _inserted((text or HEAD).splitlines(), new)


def _inserted(lines: list[str], new: Deployment) -> str:
    """Below its heading where there is one; else above the first section that is not still to come."""
    same = [n for n, line in enumerate(lines) if (told := _SECTION.fullmatch(line)) and told[1] == new.version
            and told[2] == f"{new.at:%Y-%m-%d}"]  # fmt: skip
    if same:
        place = same[0] + 1 + (lines[same[0] + 1 :][:1] == [""])
        return "\n".join([*lines[:place], new.line, *lines[place:]]) + "\n"
    first = next((n for n, line in enumerate(lines) if _SECTION.fullmatch(line)), len(lines))
    before, after = lines[:first], lines[first:]
    gap = [""] if before and before[-1] else []
    return "\n".join([*before, *gap, new.heading, "", new.line, *([""] if after else []), *after]) + "\n"
