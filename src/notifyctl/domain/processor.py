"""Processors: who handles personal data for us, under which agreement, where, and how the transfer is covered.

[[processor]]
name = "Resend"
provider = "resend"     # of the route; leave it out for others
does = "sends e-mail"
country = "US"
safeguard = "UK Addendum to the SCC"   # how a transfer out of the UK is covered; leave it out for "GB"
agreement = "https://..."
signed = 2026-11-24     # leave it out until it is
reviewed = 2026-11-24
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from notifyctl.domain import register
from notifyctl.domain.register import Sheet
from notifyctl.domain.revision import PROVIDERS

REVIEW = 365  # days after which an agreement is looked at again: our policy, not a number of the law
HOME = "GB"


class Processor(NamedTuple):
    """One processor. `provider` is '' unless it is one of the route; `country` is an ISO code of two letters."""

    name: str
    provider: str
    does: str
    country: str
    safeguard: str
    agreement: str
    signed: date | None
    reviewed: date | None
    selectors: tuple[str, ...]

    @property
    def uncovered(self) -> bool:
        """Whether data leave the UK without a safeguard."""
        return self.country != HOME and not self.safeguard

    def due(self, today: date) -> bool:
        """Whether nobody has looked at the agreement for a year."""
        return self.reviewed is None or (today - self.reviewed).days > REVIEW


def read(text: str, where: str) -> tuple[Processor, ...]:
    """The processors of a TOML text; raises `Misconfigured`."""
    sheet = register.parse(text, where)
    return sheet.end(tuple(map(_processor, sheet.sheets("processor"))))


def missing(processors: Sequence[Processor], providers: Collection[str]) -> list[str]:
    """The providers that no processor stands for."""
    there = {one.provider for one in processors}
    return [name for name in providers if name not in there]


def _processor(sheet: Sheet) -> Processor:
    country = sheet.text("country")
    if len(country) != 2 or not country.isupper():
        raise sheet.wrong("country", "is no code of two letters", 'write country = "US"')
    return sheet.end(
        Processor(
            sheet.text("name"),
            sheet.word("provider", PROVIDERS) if sheet.maybe("provider") else "",
            sheet.text("does"),
            country,
            sheet.maybe("safeguard"),
            sheet.text("agreement"),
            sheet.maybe_day("signed"),
            sheet.maybe_day("reviewed"),
            sheet.texts("selectors") if sheet.has("selectors") else (),
        )
    )
