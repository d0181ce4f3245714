"""Attestations: what nobody can measure from one host, and a person answers for instead.

    [[attestation]]
    check = "NET-005"
    what = "Redis stands in a subnet without a route to the internet"
    by = "J. Smith"
    on = 2026-11-24
    evidence = "https://wiki.venue.example/network/2026-11"
    expires = 2027-05-31

An attestation holds for a year at most after the day on which it was made. It is shown as attested, never as passed.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from notifyctl.domain import register
from notifyctl.domain.register import Sheet

LONGEST = 366  # days: our policy


class Attestation(NamedTuple):
    """`by` is the person, `evidence` says where what they looked at is kept, `expires` is the last day it holds."""

    check: str
    what: str
    by: str
    on: date
    evidence: str
    expires: date

    def holds(self, today: date) -> bool:
        """Whether it counts on that day: made by then, not over, and not for longer than a year."""
        return self.on <= today <= self.expires and (self.expires - self.on).days <= LONGEST


def read(text: str, where: str, checks: Collection[str]) -> tuple[Attestation, ...]:
    """The attestations of a TOML text; raises `Misconfigured`, also for a check that nobody can attest."""
    sheet = register.parse(text, where)
    found = sheet.end(tuple((one, _attestation(one)) for one in sheet.sheets("attestation")))
    for at, attestation in found:
        if attestation.check not in checks:
            raise at.wrong("check", "cannot be attested", f"use one of {', '.join(checks)}")
    return tuple(attestation for _, attestation in found)


def holding(attestations: Sequence[Attestation], today: date) -> Mapping[str, Attestation]:
    """Those that count on that day, by check."""
    return {one.check: one for one in attestations if one.holds(today)}


def _attestation(sheet: Sheet) -> Attestation:
    identity, what, by, evidence = (sheet.text(key) for key in ("check", "what", "by", "evidence"))
    return sheet.end(Attestation(identity, what, by, sheet.day("on"), evidence, sheet.day("expires")))
