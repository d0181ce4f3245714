"""Heartbeats that end by themselves, and leases that one worker holds at a time."""

from dataclasses import replace

import pytest

from lab import W1, W2, Lab
from notifyctl.store.workers import Beat

BEAT = Beat(W1, "one", "host", 1, "0.1.0", "demo", 5, 9, 3, 7)
FOREVER = 60.0


def expire(lab: Lab, key: str) -> None:
    """What the server does when the time of a key is over."""
    assert lab.redis("PTTL", key) > 0
    lab.redis("DEL", key)


def test_a_worker_that_beats_is_alive_and_listed(lab: Lab):
    workers = lab.store.workers
    lab.run(workers.beat(BEAT, FOREVER))
    lab.run(workers.beat(replace(BEAT, token=W2, name="another", draining=True), FOREVER))
    assert lab.run(workers.alive({W1, W2, "nf.gone"})) == {W1, W2}
    assert [(beat.name, beat.in_flight, beat.draining) for beat in lab.run(workers.list())] == [
        ("another", 3, True),
        ("one", 3, False),
    ]
    assert lab.run(workers.alive(set())) == set()


def test_a_heartbeat_has_an_end_and_so_has_a_worker_that_leaves(lab: Lab):
    workers = lab.store.workers
    lab.run(workers.beat(BEAT, 15))
    assert 0 < lab.redis("PTTL", "nf:{bull}:worker:" + W1) <= 15_000
    lab.run(workers.leave(W1))
    assert lab.run(workers.alive({W1})) == set()
    assert lab.run(workers.list()) == []


def test_the_list_asks_for_no_other_keys_and_forgets_who_has_not_beaten_for_a_day(lab: Lab):
    workers = lab.store.workers
    lab.run(workers.beat(BEAT, FOREVER))
    expire(lab, "nf:{bull}:worker:" + W1)
    assert lab.run(workers.list()) == []
    lab.run(workers.beat(replace(BEAT, token=W2, beat_at=BEAT.beat_at + 86_400_000), FOREVER))
    assert lab.redis("ZRANGE", "nf:{bull}:workers", 0, -1) == [W2]
    lab.redis("CONFIG", "RESETSTAT")
    assert [beat.token for beat in lab.run(workers.list())] == [W2]
    assert "cmdstat_mget" in lab.redis("INFO", "commandstats")
    assert "cmdstat_scan" not in lab.redis("INFO", "commandstats")


def test_a_worker_hears_with_its_heartbeat_that_it_is_to_drain(lab: Lab):
    workers = lab.store.workers
    assert not lab.run(workers.beat(BEAT, FOREVER))
    lab.run(workers.ask_to_drain([W1], "ada", "a new release"))
    assert lab.run(workers.asked_to_drain([W1, W2])) == {W1}
    assert lab.run(workers.beat(BEAT, FOREVER))
    assert not lab.run(workers.beat(replace(BEAT, token=W2), FOREVER))
    lab.run(workers.leave(W1))
    assert lab.run(workers.asked_to_drain([W1])) == set()


def test_what_a_worker_was_asked_that_died_is_forgotten(lab: Lab):
    lab.run(lab.store.workers.ask_to_drain([W1], "ada", ""))
    assert 0 < lab.redis("PTTL", "nf:{bull}:drain:" + W1) <= 3_600_000


def test_a_lease_is_held_by_one_until_it_ends(lab: Lab):
    workers = lab.store.workers
    assert lab.run(workers.lease("audit", W1, FOREVER))
    assert not lab.run(workers.lease("audit", W2, FOREVER))
    assert lab.run(workers.lease("other", W2, FOREVER))
    assert lab.run(workers.lease("audit", W1, FOREVER))
    expire(lab, "nf:{bull}:lease:audit")
    assert lab.run(workers.lease("audit", W2, FOREVER))
    assert not lab.run(workers.lease("audit", W1, FOREVER))


def test_a_lease_is_let_go_by_its_holder_alone(lab: Lab):
    workers = lab.store.workers
    first = lab.run(workers.lease("report", W1, FOREVER))
    assert lab.run(workers.lease("report", W2, 0)) == 0
    assert not lab.run(workers.lease("report", W2, FOREVER))
    lab.run(workers.lease("report", W1, 0))
    assert lab.run(workers.lease("report", W2, FOREVER)) > first


def test_the_number_of_a_lease_grows_whenever_it_changes_hands(lab: Lab):
    workers = lab.store.workers
    first = lab.run(workers.lease("audit", W1, FOREVER))
    assert lab.run(workers.lease("audit", W1, FOREVER)) == first > 0
    assert lab.run(workers.lease("other", W1, FOREVER)) > 0
    expire(lab, "nf:{bull}:lease:audit")
    second = lab.run(workers.lease("audit", W2, FOREVER))
    expire(lab, "nf:{bull}:lease:audit")
    assert first < second < lab.run(workers.lease("audit", W1, FOREVER))


@pytest.mark.parametrize("prefix", ["bull", "b*ll", "b[u]ll", "b?ll"])
def test_workers_of_another_prefix_are_not_seen(lab: Lab, prefix: str):
    from notifyctl.store.keys import own_base
    from notifyctl.store.workers import Workers

    scripts = lab.store.workers.scripts
    mine, other = (Workers(lab.link, scripts, own_base(name)) for name in (prefix, "buull"))
    lab.run(other.beat(BEAT, FOREVER))
    assert lab.run(mine.list()) == []
    lab.run(mine.beat(BEAT, FOREVER))
    assert len(lab.run(mine.list())) == 1
