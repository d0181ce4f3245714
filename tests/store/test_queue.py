"""Claim, adopt and enqueue on a real server: order, lanes, shares, pauses, limits, delays, locks."""

import pytest

from lab import LOCK, NOON, W1, W2, Lab
from notifyctl.store.queue import Held


def ids(claim) -> list[str]:
    return [job.id for job in claim.jobs]


class TestEnqueue:
    def test_an_id_that_is_there_already_is_left_alone(self, lab: Lab):
        assert lab.enqueue("a", data=b"1")
        assert not lab.enqueue("a", data=b"2")
        assert lab.hash("a")["data"] == "1"
        assert ids(lab.claim()) == ["a"]
        assert lab.events() == ["added", "waiting", "duplicated", "active"]

    def test_a_paused_lane_gets_no_marker(self, lab: Lab):
        lab.redis("HSET", lab.bases[0] + "meta", "paused", 1)
        lab.enqueue("a")
        lab.enqueue("b", lane=2)
        assert lab.redis("EXISTS", lab.bases[0] + "marker") == 0
        assert lab.redis("EXISTS", lab.bases[1] + "marker") == 1

    def test_delays_that_are_due_in_the_same_millisecond_keep_their_order(self, lab: Lab):
        names = [f"m{number:02}" for number in range(30, 0, -1)]
        for name in names:
            lab.enqueue(name, delay=50)
        lab.enqueue("later", delay=51)
        lab.now += 51
        assert ids(lab.claim(most=40, lanes=(40, 0, 0))) == [*names, "later"]


class TestOrder:
    def test_the_first_lane_goes_first_and_each_is_first_in_first_out(self, lab: Lab):
        for lane, name in ((3, "bulk"), (2, "standard"), (1, "c1"), (1, "c2")):
            lab.enqueue(name, lane)
        assert ids(lab.claim(most=3)) == ["c1", "c2", "standard"]
        assert ids(lab.claim()) == ["bulk"]

    def test_plain_jobs_go_before_prioritized_ones_and_1_is_the_first_priority(self, lab: Lab):
        for name, priority in (("p9", 9), ("p1", 1), ("p1b", 1), ("plain", 0)):
            lab.enqueue(name, priority=priority)
        assert ids(lab.claim()) == ["plain", "p1", "p1b", "p9"]

    def test_a_lane_gives_no_more_than_its_share(self, lab: Lab):
        for number in range(6):
            for lane in (1, 2, 3):
                lab.enqueue(f"{lane}-{number}", lane)
        assert ids(lab.claim(most=6, lanes=(2, 1, 0))) == ["1-0", "1-1", "2-0"]
        assert ids(lab.claim(most=3, lanes=(9, 9, 9))) == ["1-2", "1-3", "1-4"]
        assert lab.claim(most=0).jobs == ()

    def test_a_batch_brings_in_4_mb_and_the_job_that_crossed_the_line(self, lab: Lab):
        for name in ("a", "b", "c", "d"):
            lab.enqueue(name, data=b"x" * 1_900_000)
        assert ids(lab.claim()) == ["a", "b", "c"]


class TestAClaim:
    def test_locks_every_job_for_25_hours_and_counts_its_start(self, lab: Lab):
        lab.enqueue("a", data=b"body")
        (job,) = lab.claim(W1).jobs
        assert (job.lane, job.id, job.starts, job.deferred, job.stalls, job.kind) == (1, "a", 1, "", 0, "")
        assert (job.data, job.timestamp, job.inherited) == (b"body", NOON, False)
        assert lab.lock("a") == W1
        assert LOCK * 1000 - 60_000 < lab.redis("PTTL", lab.bases[0] + "a:lock") <= LOCK * 1000
        assert lab.place("a") == "active"
        assert lab.hash("a")["ats"] == "1"
        assert lab.claim(W2).jobs == ()

    def test_drops_an_id_without_a_job(self, lab: Lab):
        lab.redis("LPUSH", lab.bases[0] + "wait", "ghost")
        lab.enqueue("a")
        assert ids(lab.claim()) == ["a"]
        assert lab.redis("LRANGE", lab.bases[0] + "active", 0, -1) == ["a"]
        assert lab.redis("EXISTS", lab.bases[0] + "ghost") == 0

    def test_tells_of_each_id_without_a_job_but_not_of_the_markers_of_old(self, lab: Lab):
        base = lab.bases[0]
        lab.redis("LPUSH", base + "wait", "0:0", "ghost")
        lab.redis("ZADD", base + "delayed", 1, "late")
        lab.redis("ZADD", base + "prioritized", 1, "urgent")
        assert lab.claim().jobs == ()
        assert lab.run(lab.store.attempts.findings()) == {"QUE-GHOST": 3}
        assert sorted(lab.run(lab.store.findings.where("QUE-GHOST"))) == [
            base + "ghost",
            base + "late",
            base + "urgent",
        ]

    def test_lets_go_of_many_ids_without_a_job_in_several_goes(self, lab: Lab):
        base = lab.bases[0]
        lab.enqueue("a")
        lab.redis("RPUSH", base + "wait", *(f"ghost{number}" for number in range(501)))
        lab.redis("DEL", base + "marker")
        assert lab.claim().jobs == ()
        assert lab.redis("LLEN", base + "wait") == 2
        assert lab.redis("EXISTS", base + "marker") == 1
        assert ids(lab.claim()) == ["a"]

    def test_drops_an_id_that_names_no_job_but_another_key_of_the_queue(self, lab: Lab):
        base = lab.bases[0]
        lab.redis("SET", base + "text", "x")
        lab.redis("LPUSH", base + "wait", "text")
        lab.redis("ZADD", base + "delayed", 1, "text", 2, "ghost")
        lab.enqueue("a")
        assert ids(lab.claim()) == ["a"]
        assert [lab.redis("EXISTS", base + "ghost"), lab.redis("ZCARD", base + "delayed")] == [0, 0]
        lab.redis("LPUSH", base + "active", "text")
        assert lab.adopt(W2, (1, "text", "")) == ()

    @pytest.mark.parametrize("field", ["ats", "priority", "stc", "timestamp"])
    @pytest.mark.parametrize("value", ["", "x", "1.5", "-1", "1e999", "nan"])
    def test_takes_a_job_with_an_odd_field_beside_the_others(self, lab: Lab, field: str, value: str):
        for name, delay in (("now", 0), ("later", 1), ("good", 0)):
            lab.enqueue(name, delay=delay)
            lab.redis("HSET", lab.bases[0] + name, *([] if name == "good" else [field, value]), "x", "y")
        lab.now += 1
        assert sorted(ids(lab.claim(W1))) == ["good", "later", "now"]
        assert len(lab.adopt(W2, *((1, name, W1) for name in ("now", "later", "good")))) == 3

    @pytest.mark.parametrize("key", ["active", "delayed", "events", "marker", "prioritized", "wait"])
    def test_tells_of_a_broken_queue_and_takes_from_the_others(self, lab: Lab, key: str):
        """A job whose id is the name of one of BullMQ's keys overwrites it."""
        lab.enqueue("a")
        lab.enqueue("b", lane=2)
        lab.redis("DEL", lab.bases[0] + key)
        lab.redis("HSET", lab.bases[0] + key, "data", "{}")
        claim = lab.claim()
        assert "b" in ids(claim)
        ((queue, words),) = claim.broken
        assert (queue, words.partition(" ")[0]) == ("email-critical", "WRONGTYPE")

    def test_tells_that_bullmq_wants_a_job_failed_unprocessed(self, lab: Lab):
        lab.enqueue("a")
        lab.redis("HSET", lab.bases[0] + "a", "defa", "job stalled more than allowable limit", "stc", 1)
        (job,) = lab.claim().jobs
        assert (job.deferred, job.stalls) == ("job stalled more than allowable limit", 1)

    def test_tells_a_second_start_and_the_kinds_that_are_not_ours(self, lab: Lab):
        for name, field in (("run", "rjk"), ("child", "parentKey"), ("plain", "x")):
            lab.enqueue(name)
            lab.redis("HSET", lab.bases[0] + name, field, "y", "ats", 1)
        assert [(job.kind, job.starts) for job in lab.claim().jobs] == [("scheduler", 2), ("flow", 2), ("", 2)]


class TestAPerson:
    def test_who_pauses_a_lane_stops_it_due_jobs_included_and_no_other(self, lab: Lab):
        lab.enqueue("a")
        lab.enqueue("late", delay=10)
        lab.enqueue("other", lane=2)
        lab.redis("HSET", lab.bases[0] + "meta", "paused", 1)
        lab.now += 100
        claim = lab.claim()
        assert (ids(claim), claim.next_due) == (["other"], 0)
        assert (lab.place("a"), lab.place("late")) == ("wait", "delayed")
        lab.redis("HDEL", lab.bases[0] + "meta", "paused")
        assert ids(lab.claim()) == ["a", "late"]

    def test_who_limits_concurrency_is_heard_and_foreign_jobs_count(self, lab: Lab):
        lab.redis("HSET", lab.bases[0] + "meta", "concurrency", 2)
        lab.redis("LPUSH", lab.bases[0] + "active", "foreign")
        for name in ("a", "b"):
            lab.enqueue(name)
        assert ids(lab.claim()) == ["a"]
        assert lab.claim().jobs == ()

    def test_who_limits_the_rate_is_heard_and_the_end_of_the_window_is_told(self, lab: Lab):
        lab.redis("HSET", lab.bases[0] + "meta", "max", 2, "duration", 60_000)
        for name in ("a", "b", "c"):
            lab.enqueue(name)
        assert ids(lab.claim()) == ["a", "b"]
        claim = lab.claim()
        assert claim.jobs == ()
        assert lab.now < claim.next_due <= lab.now + 60_000


class TestDelayedJobs:
    @pytest.mark.parametrize(("early", "there"), [(1, []), (0, ["a"]), (-1, ["a"])])
    def test_come_exactly_when_they_are_due(self, lab: Lab, early: int, there: list[str]):
        lab.enqueue("a", delay=5000)
        lab.now += 5000 - early
        assert ids(lab.claim()) == there

    def test_tell_when_the_first_of_all_lanes_is_due(self, lab: Lab):
        lab.enqueue("a", delay=5000)
        lab.enqueue("b", lane=2, delay=3000)
        assert lab.claim().next_due == NOON + 3000

    def test_come_back_to_the_priority_that_they_had(self, lab: Lab):
        lab.enqueue("p2", delay=5, priority=2)
        lab.enqueue("p1", delay=6, priority=1)
        lab.enqueue("plain", delay=7)
        lab.now += 10
        assert ids(lab.claim()) == ["plain", "p1", "p2"]


class TestAdoption:
    def test_takes_a_job_whose_lock_is_the_one_that_was_seen(self, lab: Lab):
        lab.claimed("a", worker=W1)
        (job,) = lab.adopt(W2, (1, "a", W1))
        assert (job.id, job.starts, job.inherited, job.data) == ("a", 1, True, b"{}")
        assert lab.lock("a") == W2

    def test_leaves_a_job_that_changed_hands_meanwhile(self, lab: Lab):
        lab.claimed("a", worker=W1)
        assert lab.adopt(W2, (1, "a", "nf.somebody.else")) == ()
        assert lab.adopt(W2, (1, "a", "")) == ()
        assert lab.lock("a") == W1

    def test_takes_a_job_that_lost_its_lock_but_does_not_call_it_inherited(self, lab: Lab):
        lab.claimed("a", worker=W1)
        lab.redis("DEL", lab.bases[0] + "a:lock")
        (job,) = lab.adopt(W2, (1, "a", ""))
        assert (job.inherited, lab.lock("a")) == (False, W2)

    def test_can_be_won_by_one_only(self, lab: Lab):
        lab.claimed("a", worker=W1)
        assert len(lab.adopt("nf.w3", (1, "a", W1))) == 1
        assert lab.adopt("nf.w4", (1, "a", W1)) == ()

    def test_never_touches_what_is_not_active(self, lab: Lab):
        lab.enqueue("a")
        assert lab.adopt(W2, (1, "a", "")) == ()
        assert (lab.place("a"), lab.lock("a")) == ("wait", None)

    def test_the_active_jobs_of_every_lane_are_shown_with_their_locks(self, lab: Lab):
        lab.claimed("a", lane=1, worker=W1)
        lab.claimed("b", lane=3, worker=W2)
        lab.redis("LPUSH", lab.bases[1] + "active", "loose")
        assert lab.run(lab.store.queue.active()) == [Held(1, "a", W1), Held(2, "loose", ""), Held(3, "b", W2)]
