"""The price lists, and what a configuration says instead."""

import pytest

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.money import micros
from notifyctl.domain.revision import PROVIDERS, Revision
from notifyctl.domain.revision import overlay as revised
from notifyctl.domain.tariff import PRICES, Band, overlay

ALL = [one for known in PRICES.values() for one in known.values()]


@pytest.mark.parametrize("tariff", ALL, ids=lambda one: f"{one.provider} {one.name}")
class TestEachListedTariff:
    def test_says_where_its_numbers_are_from_and_when_they_were_read(self, tariff):
        assert tariff.source
        assert tariff.read[:4].isdigit()

    def test_has_bands_that_go_up_without_end(self, tariff):
        ends = [band.upto for band in tariff.bands]
        assert ends[:-1] == sorted(set(ends[:-1]))
        assert ends[-1:] in ([], [None])


def test_there_is_a_list_for_each_provider():
    assert tuple(PRICES) == PROVIDERS


def test_numbers_of_the_own_contract_go_before_the_list():
    found = overlay(PRICES, {"resend": {"pro": {"fixed": "18.00", "overage": "0.7"}}}, "f: prices")
    changed = found["resend"]["pro"]
    assert (changed.fixed, changed.bands, changed.included) == (micros("18"), (Band(None, 700_000),), 50_000)
    assert changed.source == "your configuration"
    assert (found["resend"]["free"], found["ses"]) == (PRICES["resend"]["free"], PRICES["ses"])


def test_a_contract_that_no_list_knows_is_added():
    told = {
        "fixed": 40,
        "included": 9_000,
        "overage": "stop",
        "daily": 500,
        "source": "our contract",
        "read": "2026-11",
    }
    one = overlay(PRICES, {"postmark": {"ours": told}}, "f: prices")["postmark"]["ours"]
    assert (one.fixed, one.included, one.stops, one.daily) == (micros("40"), 9_000, True, 500)
    assert (one.source, one.read, one.provider) == ("our contract", "2026-11", "postmark")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"resent": {}}, "f: prices"),
        ({"resend": {"pro": {"fix": "1"}}}, "f: prices.resend.pro"),
        ({"resend": {"pro": 5}}, "f: prices.resend.pro"),
        ({"resend": {"pro": {"fixed": 0.1}}}, "f: prices.resend.pro.fixed"),
        ({"resend": {"pro": {"fixed": True}}}, "f: prices.resend.pro.fixed"),
        ({"resend": {"pro": {"overage": "free"}}}, "f: prices.resend.pro.overage"),
        ({"resend": {"pro": {"included": -1}}}, "f: prices.resend.pro.included"),
        ({"resend": {"pro": {"block": 0}}}, "f: prices.resend.pro.block"),
        ({"resend": {"pro": {"source": 5}}}, "f: prices.resend.pro.source"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(document, place):
    with pytest.raises(Misconfigured) as raised:
        overlay(PRICES, document, "f: prices")
    assert raised.value.where == place


def test_a_configuration_tells_the_plans_and_the_prices_of_its_accounts():
    told = revised(Revision(), {"providers": {"ses": {"plan": "ours"}}, "prices": {"ses": {"ours": {}}}}, "f")
    assert told.providers["ses"].plan == "ours"
    assert told.prices is not None
    assert told.prices["ses"]["ours"].stops
    assert (Revision().prices, Revision().providers["ses"].plan) == (None, "")


def test_a_plan_that_no_list_knows_is_refused():
    with pytest.raises(Misconfigured) as raised:
        revised(Revision(), {"providers": {"resend": {"plan": "prof"}}}, "f")
    assert raised.value.where == "f: providers.resend.plan"
    assert "free, pro, scale" in raised.value.fix
