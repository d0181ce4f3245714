"""A limit and how we stay below it: never more in any window, room for who matters, and the numbers themselves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.limit import (
    ASKING,
    CUT,
    FAST,
    FIRST,
    HOLD,
    KEPT,
    LEAST,
    LONGEST,
    MOST,
    PARTS,
    READY,
    SLOW,
    UNHEARD,
    Limit,
    asking,
    claimable,
)
from notifyctl.domain.revision import Priority

LIMITS = st.builds(Limit, st.integers(1, 1000), st.sampled_from((0.5, 1, 2, 10, 60)))


@given(LIMITS)
def test_what_is_planned_is_less_than_what_is_allowed_and_not_much_less(limit: Limit):
    assert 1 <= limit.planned <= limit.calls
    assert limit.span == pytest.approx(1.02 * limit.window)
    assert limit.planned >= 0.98 * limit.calls - 0.5
    assert limit.burst <= max(limit.calls, 2)


@given(st.builds(Limit, st.floats(KEPT, 1e15), st.floats(1e-3, 1e300)))
def test_of_a_vast_limit_a_few_calls_are_on_record_and_none_too_many_is_planned_for(limit: Limit):
    recorded = limit.recorded
    assert recorded.planned <= KEPT
    assert recorded.span <= 1.02 * LONGEST
    windows = math.ceil(min(limit.window, LONGEST) / recorded.window * (1 - 1e-9))
    assert recorded.planned * windows <= limit.calls


@given(LIMITS)
def test_a_limit_as_providers_have_it_is_recorded_as_it_is(limit: Limit):
    assert limit.recorded == limit


def test_less_than_one_call_a_second_is_one_in_a_longer_window():
    assert (Limit(0.5).planned, Limit(0.5).span) == (1, 2.04)


def test_the_figure_of_fifty_a_second_leaves_time():
    """10,000 mails at 50 a second: 200 s are allowed, and 1.1 times that are the promise."""
    assert 10_000 / Limit(50).rate < 1.05 * 200


def test_each_priority_finds_a_token_before_the_next_lower_one():
    assert PARTS[Priority.CRITICAL] == 1
    assert [*PARTS.values()] == sorted(set(PARTS.values()), reverse=True)


def test_the_numbers_of_a_tried_pace():
    assert (FIRST, MOST, LEAST) == (20, 1000, 0.5)
    assert (FAST, SLOW, CUT) == ((2.0, 400), (1.05, 1000), (0.5, 0.9, 1000))
    steps = math.ceil(math.log(MOST / FIRST, FAST[0]))
    assert steps * FAST[1] <= 2400  # ms until a provider without a limit is met at full speed


@pytest.mark.parametrize(("gap", "most"), [(0, math.inf), (0.5, 400), (20, 10), (ASKING, 1), (5000, 1)])
def test_few_ask_at_a_time_so_turns_are_near(gap: float, most: float):
    assert asking(gap) == most


class TestWhatMayBeClaimed:
    def test_is_anything_without_a_limit(self):
        assert claimable(0, 0, 0, 0, 1000) == math.inf

    @pytest.mark.parametrize(("waiting", "more"), [(0, READY), (1, READY - 1), (READY, 0), (100, 0)])
    def test_is_what_fills_the_line_when_there_is_one(self, waiting: int, more: int):
        assert claimable(50, waiting, 0, 0, 1000) == more

    def test_is_more_where_the_provider_takes_more_in_the_same_time(self):
        assert claimable(1, 0, 0, 0, 1000) == ASKING

    def test_is_nothing_while_the_turn_is_far_away(self):
        turn = 100_000
        assert claimable(50, 0, turn, 0, 1) == 0
        assert claimable(50, 0, turn, turn - HOLD - 1, turn - HOLD - 1) == 0
        assert claimable(50, 0, turn, 0, turn - HOLD) == READY

    def test_is_a_try_when_nothing_was_heard_for_long(self):
        assert [claimable(50, 0, 10**6, 0, heard) for heard in (UNHEARD, UNHEARD + 1)] == [0, READY]
