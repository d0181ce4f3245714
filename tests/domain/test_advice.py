"""The cheapest routing that keeps the reserve."""

from hypothesis import given, settings
from hypothesis import strategies as st

from notifyctl.domain.advice import Account, Gap, advise, cost, gaps
from notifyctl.domain.cost import Traffic, bill
from notifyctl.domain.money import micros
from notifyctl.domain.tariff import PRICES


def account(provider: str, name: str, granted: int | None = None) -> Account:
    return Account(provider, PRICES[provider][name], PRICES[provider], granted)


def route(*names: str) -> list[Account]:
    return [account(*name.split()) for name in names]


def told(routing) -> list[str]:
    return [f"{leg.account.provider} {leg.tariff.name}" for leg in routing]


DAY = Traffic(5_300, 5_300, 2_000)
BIG = Traffic(120_000, 120_000, 12_000)


def test_at_the_volume_of_one_venue_there_is_nothing_to_gain():
    advice = advise(route("resend pro", "postmark basic", "ses essentials"), DAY)
    assert (advice.worth, advice.saves, advice.cost) == (False, 0, micros("35"))
    assert told(advice.best) == told(advice.present)


def test_with_much_mail_the_provider_without_a_fixed_price_goes_first():
    advice = advise(route("resend pro", "postmark basic", "ses essentials"), BIG)
    assert told(advice.best) == ["ses essentials", "resend pro", "postmark basic"]  # the others keep their order
    assert (advice.cost, advice.best_cost) == (micros("98"), micros("54.20"))
    assert advice.worth


def test_a_standby_that_could_not_carry_the_busiest_day_is_put_on_a_plan_that_can_though_it_costs_more():
    advice = advise(route("resend pro", "postmark free", "ses essentials"), DAY)
    assert advice.gaps == [Gap("postmark", "day", 100, 2_000)]
    assert told(advice.best) == ["resend pro", "postmark basic", "ses essentials"]
    assert (advice.worth, advice.saves) == (True, -micros("15"))


def test_no_provider_is_taken_out_to_save_its_price():
    advice = advise(route("resend pro", "postmark platform"), DAY)
    assert told(advice.best) == ["resend pro", "postmark basic"]


def test_what_amazon_has_granted_counts_whatever_the_plan():
    sandbox = [account("resend", "pro"), account("ses", "essentials", granted=200)]
    advice = advise(sandbox, DAY)
    assert (advice.gaps, advice.best) == ([Gap("ses", "day", 200, 2_000)], None)
    assert not advice.worth


def test_a_plan_that_is_not_offered_any_more_is_kept_and_never_advised():
    assert told(advise(route("ses a-la-carte", "resend pro"), BIG).best)[0] == "ses a-la-carte"
    assert told(advise(route("ses pro", "resend pro"), BIG).best)[0] == "ses essentials"


def test_the_first_must_carry_the_upper_end_of_the_month():
    advice = advise(route("resend free", "ses essentials"), Traffic(2_900, 3_100, 100))
    assert advice.gaps == [Gap("resend", "month", 3_000, 3_100)]
    assert told(advice.best) == ["ses essentials", "resend free"]


TRAFFIC = st.tuples(st.integers(0, 2_000_000), st.integers(0, 500_000), st.integers(0, 200_000)).map(
    lambda three: Traffic(three[0], three[0] + three[1], three[2])
)
ACCOUNTS = st.tuples(
    *(
        st.tuples(st.sampled_from(list(known.values())), st.none() | st.integers(0, 300_000))
        for known in PRICES.values()
    )
).map(lambda three: [Account(one.provider, one, PRICES[one.provider], granted) for one, granted in three])
ROUTES = ACCOUNTS.flatmap(st.permutations).flatmap(lambda route: st.integers(1, 3).map(lambda size: route[:size]))


@settings(max_examples=150, deadline=None)
@given(ROUTES, TRAFFIC)
def test_advice_keeps_the_reserve_and_is_never_dearer_than_a_present_that_keeps_it(present, traffic):
    advice = advise(present, traffic)
    if advice.best is None:
        assert advice.gaps
        return
    assert not gaps(advice.best, traffic)
    assert sorted(leg.account.provider for leg in advice.best) == sorted(one.provider for one in present)
    for place, leg in enumerate(advice.best):
        room = min([leg.account.granted or 10**9 if leg.account.granted != 0 else 0, leg.tariff.daily or 10**9])
        assert room >= traffic.peak_day
        assert bill(leg.tariff, traffic.most if not place else traffic.peak_day) is not None
    if not advice.gaps:
        assert advice.cost is not None
        assert advice.best_cost is not None
        assert advice.best_cost <= advice.cost
        assert advice.worth == (advice.best_cost < advice.cost)


@settings(max_examples=100, deadline=None)
@given(ROUTES, TRAFFIC, st.integers(0, 100_000))
def test_more_mail_is_never_advised_to_cost_less(present, traffic, more):
    low = advise(present, traffic)
    high = advise(present, traffic._replace(mails=traffic.mails + more, most=traffic.most + more))
    if high.best is not None:
        assert low.best is not None
        assert (low.best_cost or 0) <= (high.best_cost or 0)


def test_a_month_costs_the_mail_of_the_first_and_the_fixed_price_of_the_others():
    present = advise(route("ses essentials", "resend pro", "postmark basic"), DAY).present
    assert cost(present, DAY) == micros("0.848") + micros("20") + micros("15")
