"""A breach of personal data: who decides, who is called, and within how many hours the regulator is told.

decides = "J. Smith"     # whether the regulator is told, and the people themselves
regulator = "ICO, 0303 123 1113"
within_hours = 72        # UK GDPR, Article 33: at most
record = "where each breach is written down"
first = ["what is done at once"]
rehearsed = 2026-11-24   # leave it out until it was

[[contact]]              # two at least: one is away
name = "J. Smith"
reach = "0113 496 0000"
"""

from datetime import date
from typing import NamedTuple

from notifyctl.domain import register
from notifyctl.domain.register import Sheet

HOURS = 72  # UK GDPR, Article 33
REHEARSE = 365  # days: our policy


class Contact(NamedTuple):
    """A person, and how to reach them at night."""

    name: str
    reach: str


class Breach(NamedTuple):
    """`first` is what is done at once, `rehearsed` None for a plan that nobody has played through."""

    decides: str
    regulator: str
    within_hours: int
    record: str
    first: tuple[str, ...]
    rehearsed: date | None
    contacts: tuple[Contact, ...]

    @property
    def reachable(self) -> int:
        """How many people can be reached, each in a way of their own."""
        return min(len({one.name for one in self.contacts}), len({one.reach for one in self.contacts}))


def read(text: str, where: str) -> Breach:
    """The plan of a TOML text; raises `Misconfigured`."""
    sheet = register.parse(text, where)
    decides, regulator = sheet.text("decides"), sheet.text("regulator")
    hours, record, first = sheet.number("within_hours", 1, HOURS), sheet.text("record"), sheet.texts("first")
    contacts = tuple(_contact(one) for one in sheet.sheets("contact"))
    return sheet.end(Breach(decides, regulator, hours, record, first, sheet.maybe_day("rehearsed"), contacts))


def _contact(sheet: Sheet) -> Contact:
    return sheet.end(Contact(sheet.text("name"), sheet.text("reach")))
