"""How people complain about what is done with their data: the page with the form, another way, and who answers.

page = "https://venue.example/complaints"
also = "privacy@venue.example, or a letter"
owner = "J. Smith"
acknowledge_days = 30    # Data Protection Act 2018, section 164A: at most
record = "where each complaint is written down"
"""

from typing import NamedTuple

from notifyctl.domain import register

DAYS = 30  # Data Protection Act 2018, section 164A


class Procedure(NamedTuple):
    """`page` is the address of the form, `also` another way to complain."""

    page: str
    also: str
    owner: str
    acknowledge_days: int
    record: str


def read(text: str, where: str) -> Procedure:
    """The procedure of a TOML text; raises `Misconfigured`."""
    sheet = register.parse(text, where)
    page, also, owner = (sheet.text(key) for key in ("page", "also", "owner"))
    days = sheet.number("acknowledge_days", 1, DAYS)
    return sheet.end(Procedure(page, also, owner, days, sheet.text("record")))
