"""Rates: the interval is Wilson's, and what cannot be told is never within."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.rate import Judged, Rate, told

RATES = st.integers(0, 10**6).flatmap(lambda of: st.builds(Rate, st.integers(0, of), st.just(of)))


def solved(count: int, of: int, upper: bool) -> float:
    """A bound by bisection of what it is defined by: |count/of - p| = z * sqrt(p (1 - p) / of)."""
    part = count / of
    near, far = (part, 1.0) if upper else (part, 0.0)
    for _ in range(200):
        p = (near + far) / 2
        inside = abs(part - p) < 1.959964 * (p * (1 - p) / of) ** 0.5
        near, far = (p, far) if inside else (near, p)
    return near


@given(
    st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(1, of - 1) if of > 1 else st.just(1), st.just(of)))
)
def test_the_interval_solves_its_equation(pair):
    count, of = pair
    if count < of:
        low, high = Rate(count, of).interval
        assert abs(low - solved(count, of, False)) < 1e-9
        assert abs(high - solved(count, of, True)) < 1e-9


@given(RATES)
def test_the_rate_lies_in_its_interval(rate):
    low, high = rate.interval
    assert 0 <= low <= (rate.part or 0) <= high <= 1


@given(RATES, st.floats(0.0001, 0.9))
def test_nothing_is_both_above_and_within(rate, limit):
    judged = rate.judged(limit)
    if judged is Judged.WITHIN:
        assert rate.part <= limit
    if judged is Judged.ABOVE:
        assert rate.part > limit
        assert rate.cases >= 3


@pytest.mark.parametrize(
    ("rate", "judged"),
    [
        (Rate(0, 0), Judged.TOO_FEW), (Rate(0, 764), Judged.TOO_FEW), (Rate(0, 765), Judged.WITHIN),
        (Rate(1, 20), Judged.TOO_FEW), (Rate(2, 2), Judged.TOO_FEW), (Rate(3, 20), Judged.ABOVE),
        (Rate(3, 1204), Judged.TOO_FEW), (Rate(5, 5300), Judged.WITHIN), (Rate(80, 5300), Judged.ABOVE),
    ],
)  # fmt: skip
def test_half_a_percent(rate, judged):
    assert rate.judged(0.005) is judged


def test_it_is_shown_with_all_that_belongs_to_it():
    assert told(Rate(3, 1204)) == "3/1,204 = 0.25 %, 95 % 0.08-0.73 %"
    assert told(Rate(0, 0)) == "0/0: nothing to count"
