"""Money is whole micro-dollars: read, told, divided."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.money import MICRO, dollars, exact, micros, share

AMOUNTS = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("text", "amount"), [("20", 20 * MICRO), ("16.50", 16_500_000), ("0.00016", 160), ("0", 0), ("0.000001", 1)]
)
def test_an_amount_is_read_exactly(text: str, amount: int):
    assert micros(text) == amount


@pytest.mark.parametrize("text", ["", "-1", "1,5", "0.0000001", "1e3", "ten", ".5", "\u0661", " 1"])
def test_anything_else_is_no_amount(text: str):
    with pytest.raises(ValueError, match="no amount"):
        micros(text)


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        *((20 * MICRO, "$20.00"), (1_234_565_000, "$1,234.57"), (160, "$0.00016"), (6604, "$0.006604"), (0, "$0.00")),
        *((-43_800_000, "-$43.80"), (10_000, "$0.01")),
    ],
)
def test_people_read_cents_and_less_only_below_a_cent(amount: int, told: str):
    assert dollars(amount) == told


@given(AMOUNTS)
def test_machines_lose_nothing(amount: int):
    assert Fraction(exact(amount)) == Fraction(amount, MICRO)


@given(st.integers(0, 10**15), st.integers(1, 10**7))
def test_a_share_is_off_by_half_a_micro_dollar_at_most(amount: int, count: int):
    assert abs(Fraction(amount, count) - share(amount, count)) <= Fraction(1, 2)
