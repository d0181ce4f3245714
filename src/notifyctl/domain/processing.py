"""The record of processing (UK GDPR, Article 30): who decides, what is done with whose data, for how long.

    [controller]
    name = "The Venue Ltd"
    contact = "privacy@venue.example"
    ico = "ZA123456"        # registration with the regulator, and its last day; leave both out until there is one
    ico_expires = 2027-06-30

    [[activity]]
    name = "Booking mail"
    purposes = ["service"]  # service, marketing: the purposes of the types of mail
    basis = "contract"
    people = ["customers"]
    data = ["name", "e-mail address"]
    recipients = ["Resend"] # names of processors.toml
    retention = "13 months"
    security = "..."

Its members follow the ICO's template of the record; a small organisation needs one, too, for what is not occasional.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from notifyctl.domain import register
from notifyctl.domain.processor import Processor
from notifyctl.domain.register import Sheet

BASES = ("consent", "contract", "legal obligation", "vital interests", "public task", "legitimate interests")


class Controller(NamedTuple):
    """Who decides; `ico` is '' and `ico_expires` None where there is no registration."""

    name: str
    contact: str
    ico: str
    ico_expires: date | None


class Activity(NamedTuple):
    """One thing that is done with data."""

    name: str
    purposes: tuple[str, ...]
    basis: str
    people: tuple[str, ...]
    data: tuple[str, ...]
    recipients: tuple[str, ...]
    retention: str
    security: str


class Record(NamedTuple):
    """The whole record."""

    controller: Controller
    activities: tuple[Activity, ...]


def read(text: str, where: str) -> Record:
    """The record of a TOML text; raises `Misconfigured`."""
    sheet = register.parse(text, where)
    controller = _controller(sheet.sheet("controller"))
    return sheet.end(Record(controller, tuple(map(_activity, sheet.sheets("activity")))))


def mismatches(
    record: Record, processors: Sequence[Processor], providers: Collection[str], purposes: Collection[str]
) -> list[str]:
    """Where the record differs from what is done, in words for people.

    Each recipient is a processor of the register; each provider of the route receives something; each purpose of a
    type of mail is that of an activity; and mail for marketing rests on consent or legitimate interests.
    """
    named = {name for activity in record.activities for name in activity.recipients}
    known = {one.name for one in processors}
    silent = [one.name for one in processors if one.provider in providers and one.name not in named]
    covered = {purpose for activity in record.activities for purpose in activity.purposes}
    odd = [one.name for one in record.activities if "marketing" in one.purposes and one.basis not in _MARKETING]
    return [
        *(f"{name} is no processor of processors.toml" for name in sorted(named - known)),
        *(f"no activity names {name}" for name in silent),
        *(f"no activity has the purpose {purpose}" for purpose in purposes if purpose not in covered),
        *(f"{name} is marketing, which rests on consent or legitimate interests" for name in odd),
    ]


_MARKETING = ("consent", "legitimate interests")  # the latter with the soft opt-in of PECR, regulation 22(3)


def _controller(sheet: Sheet) -> Controller:
    number, expires = sheet.maybe("ico"), sheet.maybe_day("ico_expires")
    if bool(number) != bool(expires):
        raise sheet.wrong("ico", "goes with ico_expires", "write both, or neither")
    return sheet.end(Controller(sheet.text("name"), sheet.text("contact"), number, expires))


def _activity(sheet: Sheet) -> Activity:
    purposes = sheet.texts("purposes")
    if not purposes or not set(purposes) <= {"service", "marketing"}:
        raise sheet.wrong("purposes", "are not those of mail", 'write purposes = ["service"] or ["marketing"]')
    return sheet.end(
        Activity(
            sheet.text("name"), purposes, sheet.word("basis", BASES), sheet.texts("people"), sheet.texts("data"),
            sheet.texts("recipients"), sheet.text("retention"), sheet.text("security"),
        )
    )  # fmt: skip
