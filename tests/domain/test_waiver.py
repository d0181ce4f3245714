"""Waivers: read from TOML, holding for a while."""

from datetime import date, timedelta

import pytest

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.waiver import Waiver, holding, read

DAY = date(2026, 11, 24)
ONE = '[[waiver]]\ncheck = "rds-007"\nreason = "managed"\nowner = "J. Smith"\nexpires = 2027-01-31\n'


def test_a_waiver_is_read_as_it_is_written() -> None:
    assert read(ONE, "waivers.toml") == [Waiver("RDS-007", "managed", "J. Smith", date(2027, 1, 31))]
    assert read("", "waivers.toml") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[waiver]", "line 1"),
        ('[[waivers]]\ncheck = "RDS-007"', "'waivers'"),
        ("waiver = 1", "'waiver'"),
        (ONE.replace("owner", "by"), "exactly"),
        (ONE.replace('"managed"', '" "'), "texts"),
        (ONE.replace("2027-01-31", '"2027-01-31"'), "no date"),
        (ONE.replace("2027-01-31", "2027-01-31T00:00:00Z"), "no date"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, words: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(text, "waivers.toml")
    assert words in caught.value.what
    assert caught.value.where.startswith("waivers.toml")


def test_only_those_that_hold_have_an_effect() -> None:
    days = (-1, 0, 90, 91)
    waivers = [Waiver(f"RDS-00{number}", "why", "who", DAY + timedelta(day)) for number, day in enumerate(days)]
    assert set(holding(waivers, DAY)) == {"RDS-001", "RDS-002"}
