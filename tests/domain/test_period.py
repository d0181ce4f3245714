"""Periods: they follow each other without a gap, and each is due once."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.errors import Usage
from notifyctl.domain.period import CATCH_UP, Cycle, Period, containing, due, local, parse

CYCLES = st.sampled_from(list(Cycle))
MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1)).map(
    lambda at: int(at.replace(tzinfo=UTC).timestamp() * 1000)
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@given(CYCLES, MOMENTS)
def test_every_moment_lies_in_one_period_and_the_next_begins_where_it_ends(cycle, moment):
    one = containing(cycle, moment)
    assert one.holds(moment)
    assert not one.next.holds(moment)
    assert not one.last.holds(moment)
    assert one.last.end == one.start
    assert one.next.last == one


@given(CYCLES, MOMENTS)
def test_a_name_is_read_back(cycle, moment):
    one = containing(cycle, moment)
    assert parse(cycle, one.name) == one


@given(CYCLES, MOMENTS)
def test_its_months_fill_it(cycle, moment):
    one = containing(cycle, moment)
    months = [parse(Cycle.MONTHLY, name) for name in one.months]
    assert (months[0].start, months[-1].end, len(months)) == (one.start, one.end, cycle.months)
    assert all(first.next == second for first, second in pairwise(months))


@given(CYCLES, st.lists(MOMENTS, min_size=1, max_size=12), MOMENTS)
def test_whenever_it_runs_each_period_is_reported_once_and_only_when_it_is_over(cycle, runs, since):
    """Whatever the clock says at each run: late, or set back."""
    reported: list[Period] = []
    for now in runs:
        found = due(cycle, now, [one.name for one in reported], since)
        assert found == sorted(found)
        assert all(one.end <= now for one in found)
        reported += found
    assert len(set(reported)) == len(reported)


@given(CYCLES, MOMENTS, st.integers(0, 10**11))
def test_nothing_between_the_first_evidence_and_now_is_left_out(cycle, since, later):
    now = since + later
    found = due(cycle, now, (), since)
    assert all(first.next == second for first, second in pairwise(found))
    assert [one.next for one in found[-1:]] == [containing(cycle, now)][: len(found)]
    over = containing(cycle, since).end <= now
    assert bool(found) is over
    assert len(found) == CATCH_UP or not over or found[0] == containing(cycle, since)


@given(CYCLES, MOMENTS)
def test_without_evidence_nothing_is_due(cycle, now):
    assert due(cycle, now, (), None) == []


@given(CYCLES, MOMENTS)
def test_lost_evidence_makes_nobody_silent(cycle, now):
    last = containing(cycle, now).last
    assert due(cycle, now, [last.last.name], None) == [last]


def test_a_skipped_month_is_caught_up_first():
    found = due(Cycle.MONTHLY, at("2026-11-01T00:00:00Z"), ["2026-08"], at("2026-08-20T10:00:00Z"))
    assert [one.name for one in found] == ["2026-09", "2026-10"]


def test_a_second_before_its_end_a_month_is_not_due():
    assert due(Cycle.MONTHLY, at("2026-10-31T23:59:59Z"), ["2026-09"], at("2026-09-01T00:00:00Z")) == []


def test_the_month_in_which_clocks_change_has_744_hours_all_the_same():
    october = Period(Cycle.MONTHLY, 2026, 10)
    assert october.end - october.start == 744 * 3_600_000
    assert (local(at("2026-10-25T00:30:00Z")), local(at("2026-10-25T01:30:00Z"))) == (
        "2026-10-25 01:30 BST", "2026-10-25 01:30 GMT",
    )  # fmt: skip


def test_a_zone_that_nobody_knows_is_utc():
    assert local(0, "Nowhere/At_All") == "1970-01-01 00:00 UTC"


@pytest.mark.parametrize(
    ("cycle", "text"),
    [(Cycle.MONTHLY, "2026-13"), (Cycle.MONTHLY, "2026-Q4"), (Cycle.QUARTERLY, "2026-10"), (Cycle.BIANNUAL, "2026-H3"),
     (Cycle.MONTHLY, "٢٠٢٦-10"), (Cycle.QUARTERLY, "2026-Q0"), (Cycle.MONTHLY, "last")],
)  # fmt: skip
def test_another_name_is_none(cycle, text):
    with pytest.raises(Usage):
        parse(cycle, text)
