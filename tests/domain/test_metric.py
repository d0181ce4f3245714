"""Histograms that can be added up, and are wrong by 2 % at most."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.metric import LAST, bucket, latency, merged, middle, quantile

TIMES = st.floats(0.001, 60)


@given(TIMES)
def test_a_bucket_stands_for_a_time_within_two_percent(seconds):
    assert abs(middle(bucket(seconds)) - seconds * 1000) <= seconds * 1000 * 0.02 + 1e-6


@given(st.lists(TIMES, min_size=1), st.lists(TIMES))
def test_merging_is_the_same_as_measuring_together(one, two):
    first, second = (Counter(map(bucket, times)) for times in (one, two))
    assert merged([first, second]) == merged([second, first]) == Counter(map(bucket, [*one, *two]))


@given(st.lists(TIMES, min_size=1))
def test_quantiles_are_those_of_the_times(times):
    histogram, ranked = Counter(map(bucket, times)), sorted(times)
    for part in (0.5, 0.95, 0.99):
        exact = ranked[max(-(-int(part * 100) * len(times) // 100), 1) - 1] * 1000
        found = quantile(histogram, part)
        assert found is not None
        assert abs(found - exact) <= exact * 0.021 + 1e-6


def test_of_nothing_nothing_is_told():
    assert latency({})[1:] == (None, None, None, None)
    assert quantile({}, 0.5) is None


def test_nonsense_has_a_bucket_too():
    assert (bucket(-1), bucket(0), bucket(0.001), bucket(1e12)) == (0, 0, 0, LAST)


def test_a_mean_and_its_count():
    told = latency({bucket(0.1): 1, bucket(0.3): 1})
    assert told.calls == 2
    assert told.mean is not None
    assert abs(told.mean - 200) < 4
