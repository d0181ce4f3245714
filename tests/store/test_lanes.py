"""A look at the lanes: what others wrote into a job stops nobody from looking."""

import pytest

from lab import NOON, Lab
from notifyctl.store import lanes

ODD = ["", "2026-11-24T09:00:00Z", "NaN", "1e999", "-1"]


def look(lab: Lab) -> lanes.Lane:
    return lab.run(lanes.look(lab.link, lab.store.queue.names, lab.bases))[0]


def test_the_oldest_is_the_job_that_has_waited_longest_wherever_it_waits(lab: Lab):
    lab.enqueue("prioritized", priority=3)
    lab.now += 5
    lab.enqueue("plain")
    found = look(lab)
    assert (found.oldest, found.waiting, found.prioritized, found.priorities) == (NOON, 1, 1, {3: 1})


@pytest.mark.parametrize("time", ODD)
def test_a_job_whose_time_is_none_is_counted_and_has_no_age(lab: Lab, time: str):
    lab.enqueue("odd")
    lab.redis("HSET", lab.bases[0] + "odd", "timestamp", time)
    assert (look(lab).waiting, look(lab).oldest) == (1, 0)
    found = lab.run(lanes.find(lab.link, lab.store.queue.names, lab.bases, "odd", ""))
    assert (found.state, found.enqueued_at) == ("waiting", 0)
