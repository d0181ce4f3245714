"""What a month costs, and where it ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.cost import ENOUGH, Bill, bill, carries, cheapest, forecast, room, total
from notifyctl.domain.money import MICRO, micros
from notifyctl.domain.tariff import PRICES, Band, Tariff

ALL = [one for known in PRICES.values() for one in known.values()]
MAILS = st.integers(0, 300_000_000)


def tariff(provider: str, name: str) -> Tariff:
    return PRICES[provider][name]


@pytest.mark.parametrize(
    ("provider", "name", "mails", "fixed", "extra"),
    [
        ("resend", "pro", 5_300, "20", "0"),
        ("resend", "pro", 50_001, "20", "0.90"),  # a begun thousand is charged whole
        ("resend", "scale", 1_000_000, "90", "810"),
        ("postmark", "basic", 12_500, "15", "5.40"),
        ("ses", "a-la-carte", 5_300, "0", "0.53"),
        ("ses", "essentials", 1, "0", "0.00016"),
        ("ses", "essentials", 10_000_001, "0", "1600.00014"),  # the price of the second ten million
        ("ses", "pro", 0, "105", "0"),  # due without a mail, too
    ],
)
def test_a_month_costs(provider, name, mails, fixed, extra):
    assert bill(tariff(provider, name), mails) == Bill(micros(fixed), micros(extra))


def test_a_tariff_that_stops_takes_no_more():
    free = tariff("resend", "free")
    assert bill(free, 3_000) == Bill(0, 0)
    assert bill(free, 3_001) is None


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.provider} {one.name}")
@given(fewer=MAILS, more=st.integers(0, 100_000))
def test_more_mail_never_costs_less(one: Tariff, fewer: int, more: int):
    low, high = bill(one, fewer), bill(one, fewer + more)
    if high is not None:
        assert low is not None
        assert low.total <= high.total


@given(mails=st.integers(0, 400_000), price=st.integers(1, 10**7), included=st.integers(0, 100_000))
def test_no_mail_is_charged_less_than_its_price(mails, price, included):
    one = Tariff("resend", "x", "", "", 0, included, (Band(None, price),), 7)
    beyond = max(mails - included, 0)
    extra = total(one, mails)
    assert beyond * price <= extra * 1000
    assert (extra - 1) * 1000 < (beyond + 6) * price + 1


def test_the_room_of_a_day_is_its_limit_or_what_the_month_has():
    assert [room(tariff(*name)) for name in (("resend", "free"), ("postmark", "free"), ("ses", "pro"))] == [
        *(100, 100, None)
    ]


def test_the_cheapest_is_one_that_carries_the_month_and_its_busiest_day():
    def found(month: int, day: int, provider: str = "resend") -> str | None:
        best = cheapest(PRICES[provider], month, month, day)
        return best and best.name

    assert (found(3_000, 100), found(3_000, 101), found(3_001, 100)) == ("free", "pro", "pro")
    assert (found(13_000, 100, "postmark"), found(13_001, 100, "postmark")) == ("basic", "pro")
    assert found(5_300, 100, "ses") == "essentials"  # a la carte is for those who have it
    assert cheapest({"free": tariff("resend", "free")}, 5_000, 5_000, 1) is None


@given(MAILS, st.integers(0, 1_000_000))
def test_nothing_that_carries_it_is_cheaper(month: int, day: int):
    for known in PRICES.values():
        best = cheapest(known, month, month, day)
        for other in known.values():
            if other.offered and carries(other, month, day):
                assert best is not None
                assert total(best, month) <= total(other, month)


class TestForecast:
    def test_fewer_days_than_a_week_foretell_nothing(self):
        assert forecast([100] * (ENOUGH - 1), 600, 20).mails is None
        assert forecast([], 0, 30).days == 0

    def test_equal_days_go_on_like_that(self):
        told = forecast([100] * 10, 1_000, 20)
        assert (told.mails, told.low, told.high) == (3_000, 3_000, 3_000)

    def test_days_that_differ_widen_the_interval(self):
        calm, wild = forecast([90, 110] * 5, 1_000, 20), forecast([0, 200] * 5, 1_000, 20)
        assert calm.mails == wild.mails == 3_000
        assert wild.high - wild.low > calm.high - calm.low > 0

    @given(st.lists(st.integers(0, 100_000), min_size=ENOUGH, max_size=60), st.integers(0, 31))
    def test_a_month_never_ends_below_what_is_out(self, days, remaining):
        told = forecast(days, sum(days), remaining)
        assert told.mails is not None
        assert sum(days) <= told.low <= told.mails <= told.high

    def test_nine_months_of_ten_and_more_end_within_it(self):
        """95 % where days differ like dice; seeded, so that this is one question and no chance."""
        import random

        dice = random.Random(1)
        within = 0
        for _ in range(400):
            days = [dice.randint(50, 250) for _ in range(30)]
            told = forecast(days[:10], sum(days[:10]), 20)
            within += told.low <= sum(days) <= told.high
        assert within >= 0.93 * 400


def test_a_price_is_no_float():
    for one in ALL:
        assert all(type(band.price) is int for band in one.bands)
    assert type(bill(tariff("ses", "essentials"), 10**9 + 1).total) is int
    assert MICRO == 10**6
