"""Quotas: how fast they go, when they end, and what is kept for whom."""

import pytest

from notifyctl.domain.quota import AHEAD, FRESH, MEMORY, RENEW, Quota, Rest, Watched, rest, watch

MINUTE = 60_000


def quota(used: int, limit: int = 1000, resets_at: int = 0) -> Quota:
    return Quota("daily", limit, used, resets_at)


def test_the_speed_is_that_of_the_last_minutes():
    first = watch(quota(100), 0, None)
    assert (first.speed, first.ends_at) == (0, None)
    later = watch(quota(160), 2 * MINUTE, watch(quota(120), MINUTE, first))
    assert later.speed == pytest.approx(60 / (2 * MINUTE))
    assert later.ends_at == 2 * MINUTE + 840 * 2 * MINUTE // 60


def test_what_was_long_ago_is_forgotten():
    old = watch(quota(900), MEMORY, watch(quota(0), 0, None))
    now = watch(quota(900), MEMORY + MINUTE, old)
    assert (now.used_before, now.before) == (900, MEMORY)
    assert now.speed == 0


@pytest.mark.parametrize("change", [quota(10), quota(100, limit=2000)])
def test_a_quota_that_began_anew_or_was_changed_is_measured_afresh(change: Quota):
    before = watch(quota(100), MINUTE, watch(quota(50), 0, None))
    assert watch(change, 2 * MINUTE, before).speed == 0


def test_an_end_after_the_renewal_or_far_ahead_is_none():
    def ends(resets_at: int, used: int = 500) -> int | None:
        return Watched(quota(used, resets_at=resets_at), MINUTE, used - 50, 0).ends_at

    end = 11 * MINUTE  # 500 are left, 50 go each minute
    assert (ends(end), ends(end + 1), ends(0)) == (None, end, end)
    slow = Watched(quota(500, limit=10**9), MINUTE, 499, 0)
    assert slow.ends_at is None
    assert (10**9 - 500) * MINUTE > AHEAD


def test_a_used_up_one_has_ended():
    assert watch(quota(1000), 7, None).ends_at == 7
    assert quota(1200).left == 0


def test_a_person_is_told_of_an_end_and_of_a_rest_that_bulk_leaves_while_it_is_news():
    calm, little = watch(quota(899), 0, None), watch(quota(900), 0, None)
    assert (calm.telling(1), little.telling(1)) == (False, True)
    assert (little.telling(FRESH - 1), little.telling(FRESH)) == (True, False)
    assert Watched(quota(500), MINUTE, 100, 0).telling(MINUTE)


def test_the_rest_is_that_of_the_quota_that_binds_first():
    day, month = Quota("daily", 100, 60, 5000), Quota("monthly", 3000, 2980)
    assert rest((), 0) is None
    assert rest((day,), 1000) == Rest(40, 2, 10, 5000)
    assert rest((day, month), 1000) == Rest(20, 60, 300, 1000 + RENEW)


def test_each_priority_is_bound_by_the_quota_that_ends_first_for_it():
    """The month stops bulk alone, the day standard, too."""
    day, month = Quota("daily", 100, 98), Quota("monthly", 50_000, 45_020)
    told = rest((day, month), 1000)
    assert told is not None
    assert (told.left, told.left - told.standard_leaves, told.left - told.bulk_leaves) == (2, 0, -20)


@pytest.mark.parametrize(("resets_at", "renew"), [(500, 1001), (5000, 5000), (10**9, 1000 + RENEW), (0, 1000 + RENEW)])
def test_it_is_asked_about_again_when_it_may_have_been_renewed(resets_at: int, renew: int):
    told = rest((quota(0, resets_at=resets_at),), 1000)
    assert told is not None
    assert told.renew == renew


def test_a_burst_alone_does_not_foretell_the_end_of_a_quota_that_is_hardly_used():
    burst = Watched(Quota("monthly", 100_000, 600), MINUTE, 0, 0)
    assert burst.ends_at is None
    assert Watched(Quota("monthly", 100_000, 50_600), MINUTE, 50_000, 0).ends_at is not None
    assert Watched(Quota("daily", 20_000, 600), MINUTE, 0, 0).ends_at is not None  # within the hour
