"""What a load test proves: all of it was accepted, the queue drained, and the mean is surely below 500 ms."""

from collections import Counter

import pytest

from notifyctl.domain.archive import Row
from notifyctl.domain.bench import Bench, Grade, counts, judge, lane, mixed, spread
from notifyctl.domain.revision import Priority

NOW = 1_800_000_000_000


def row(number=0, took=100, state="accepted", wait=10):
    return Row(
        id=f"bench/1/{number}", type="booking.reminder", purpose="service", priority="standard", state=state, reason="",
        ended_at=NOW + 1000, enqueued_at=NOW, claimed_at=NOW + wait, accepted_at=NOW + 900, took_ms=took,
        provider="resend", provider_id="", version=1,
    )  # fmt: skip


def bench(rows, sent=None, seconds=2.0):
    total = lane("all", len(rows) if sent is None else sent, rows)
    return Bench(NOW, "ci", "1", "", "emulator", "production", 2, 0, seconds, {"resend": len(rows)}, total, (total,))


def graded(*took, sent=None, **fields):
    return judge(bench([row(number, ms, **fields) for number, ms in enumerate(took)], sent))


@pytest.mark.parametrize(
    ("took", "grade"),
    [
        (200 * [499], Grade.GOOD),
        (200 * [500], Grade.BAD),
        (199 * [100], Grade.FEW),
        (199 * [900], Grade.FEW),
        (190 * [100] + 10 * [900], Grade.GOOD),  # one in twenty may
        (189 * [100] + 11 * [900], Grade.DOUBTFUL),
        (300 * [400] + 9 * [3700], Grade.DOUBTFUL),  # a mean of 496 with an interval up to 559
    ],
)
def test_the_mean_must_be_below_the_limit_for_sure(took, grade):
    assert graded(*took) is grade


def test_one_that_failed_is_bad_however_fast_the_others_were():
    rows = [row(number) for number in range(300)]
    assert judge(bench(rows)) is Grade.GOOD
    assert judge(bench([*rows, row(300, state="dead")])) is Grade.BAD


def test_one_that_is_still_open_means_that_the_queue_did_not_drain():
    told = bench([row(number) for number in range(300)], sent=301)
    assert (told.drained, told.total.open, judge(told)) == (False, 1, Grade.BAD)


def test_a_few_that_failed_are_bad_too():
    assert judge(bench([row(1, state="expired")])) is Grade.BAD


def test_quantiles_are_measured_values_and_the_mean_has_an_interval():
    told = spread([float(ms) for ms in range(1, 101)])
    assert (told.n, told.mean, told.p50, told.p95, told.p99) == (100, 50.5, 50, 95, 99)
    assert (told.low, told.high) == (44.8, 56.2)  # 50.5 -+ 1.96 * 29.01 / 10
    assert spread([7.0])[1:4] == (7, 7, 7)
    assert spread([]) == (0, None, None, None, None, None, None)


def test_waiting_and_taking_are_told_apart_and_only_of_what_was_accepted():
    told = lane("bulk", 5, [row(0, took=40, wait=7), row(1, took=-1, wait=9), row(2, took=9000, state="dead")])
    assert (told.accepted, told.failed, told.open) == (2, 1, 2)
    assert (told.took.n, told.took.mean, told.wait.n, told.wait.mean) == (1, 40, 2, 8)


def test_what_is_accepted_a_second_has_nothing_to_do_with_what_was_sent():
    assert bench([row(n) for n in range(300)], sent=900, seconds=2.0).per_second == 150
    assert bench([], sent=3, seconds=0).per_second == 0


@pytest.mark.parametrize("total", [3, 4, 10, 200, 1001])
def test_there_are_messages_of_each_lane_evenly_through_each_other(total):
    order = mixed(total)
    assert Counter(order) == counts(total)
    assert min(counts(total).values()) >= 1
    assert sum(counts(total).values()) == total
    half = Counter(order[: total // 2])
    assert all(abs(half[one] - counts(total)[one] / 2) <= 1 for one in Priority)
