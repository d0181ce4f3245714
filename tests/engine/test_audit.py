"""The audit: what others do to the queues is noticed, and the records of lost jobs end."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from lab import NOON, W1, W2, Lab, intent, outcome_of
from notifyctl.domain.attempt import State
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.engine.audit import Auditor
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Settlement
from notifyctl.store.census import Census, LeaseLost, Trace
from notifyctl.store.workers import Workers

FAULT = Outcome(Kind.FAULT, http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS)
LANE = "bull:email-critical:"


class Watch:
    """An audit that takes no rest, and what it has found."""

    def __init__(self, lab: Lab, tools: Tools) -> None:
        self.lab = lab
        self.tools = tools

    def look(self, times: int = 1) -> None:
        async def passes() -> None:
            for _ in range(times):
                await Auditor(self.tools).audit()
            self.tools.log.flush()

        self.lab.run(passes())

    @property
    def found(self) -> dict[str, int]:
        return self.lab.run(self.lab.store.attempts.findings())

    def where(self, code: str) -> list[str]:
        return self.lab.run(self.lab.store.findings.where(code))


@pytest.fixture
def watch(lab: Lab, tools: Tools) -> Watch:
    """An audit that has seen the queues once."""
    watch = Watch(lab, tools)
    lab.enqueue("first")
    watch.look()
    return watch


def held(lab: Lab, message: str, outcome: Outcome = FAULT, job: str = "") -> None:
    """A message whose first call failed; its job waits for the next."""
    lab.sending(message)
    until = str(lab.now + 5000)
    lab.settle(W1, outcome_of(message, "a1", outcome, state=State.HELD, action="delay", value=until))


def remove(lab: Lab, job: str, prev: str = "wait") -> None:
    """What BullMQ's `job.remove()` does."""
    lab.remove(job)
    lab.redis("XADD", LANE + "events", "*", "event", "removed", "jobId", job, "prev", prev)


def finish(lab: Lab, message: str) -> None:
    job = lab.sending(message)
    accepted = Outcome(Kind.ACCEPTED, provider_id="p-1")
    lab.settle(W1, outcome_of(job.id, "a1", accepted, state=State.ACCEPTED, action="complete", value="{}"))


def test_nothing_is_found_where_nothing_is_wrong(lab: Lab, watch: Watch):
    lab.enqueue("waits")
    lab.enqueue("later", delay=60_000)
    lab.enqueue("urgent", priority=3)
    held(lab, "held")
    finish(lab, "done")
    watch.look(4)
    assert watch.found == {}


class TestALostJob:
    def test_that_somebody_removed_is_named(self, lab: Lab, watch: Watch):
        lab.enqueue("waits")
        remove(lab, "waits")
        watch.look()
        assert watch.found == {"QUE-REMOVED": 1}
        assert watch.where("QUE-REMOVED") == [LANE + "waits"]

    def test_ends_its_record_as_cancelled(self, lab: Lab, watch: Watch):
        held(lab, "held")
        remove(lab, "held", "delayed")
        watch.look()
        record = lab.record("held")
        assert (record.state, record.reason) == (State.CANCELLED, "somebody removed its job from the queue")
        assert lab.run(lab.store.attempts.totals())[0] == {"cancelled": 1}
        assert watch.found == {"QUE-REMOVED": 1}

    def test_of_which_a_copy_may_be_out_ends_as_unknown(self, lab: Lab, watch: Watch):
        held(lab, "doubtful", DOUBT)
        remove(lab, "doubtful", "delayed")
        watch.look()
        record = lab.record("doubtful")
        assert (record.state, record.provider) == (State.UNKNOWN, "resend")
        assert [name for name, _ in lab.run(lab.store.attempts.unknown())] == ["doubtful"]

    def test_that_was_drained_without_a_word_is_found_when_it_stays_away(self, lab: Lab, watch: Watch):
        lab.enqueue("seen")
        watch.look()
        lab.enqueue("between two looks")
        for job in ("seen", "between two looks"):
            lab.remove(job)
        watch.look()
        assert watch.found == {}
        watch.look()
        assert watch.found == {"QUE-VANISHED": 2}
        assert sorted(watch.where("QUE-VANISHED")) == [LANE + "between two looks", LANE + "seen"]

    def test_is_not_judged_while_its_call_may_be_under_way(self, lab: Lab, watch: Watch):
        lab.sending("m")
        watch.look()
        lab.redis("LREM", LANE + "active", 1, "m")
        lab.redis("DEL", LANE + "m", LANE + "m:lock")
        watch.look(3)
        assert lab.record("m").state is State.ATTEMPTING
        lab.now += 60_000
        watch.look()
        assert (lab.record("m").state, watch.found) == (State.UNKNOWN, {"QUE-VANISHED": 1})

    def test_finds_its_record_although_its_id_is_not_the_messages(self, lab: Lab, watch: Watch):
        lab.enqueue("job-17")
        (job, *_) = (one for one in lab.claim().jobs if one.id == "job-17")
        admitted = lab.admit(W1, intent("message", "a1", job="job-17"))
        assert admitted[0].code == "ok"
        fault = outcome_of("message", "a1", FAULT, job=job.id, state=State.HELD, action="delay", value=str(NOON + 9))
        lab.settle(W1, fault)
        watch.look()
        lab.remove("job-17")
        watch.look()
        assert (lab.record("message").state, watch.found) == (State.CANCELLED, {"QUE-VANISHED": 1})
        assert lab.redis("HLEN", "nf:{bull}:jobs") == 0


class TestNoLoss:
    def test_is_a_job_that_ended_and_was_removed_by_its_own_rule(self, lab: Lab, watch: Watch):
        lab.enqueue("brief")
        lab.redis("HSET", LANE + "brief", "opts", '{"removeOnComplete":true}')
        watch.look()
        finish_claimed(lab, "brief")
        assert lab.hash("brief") == {}
        watch.look(3)
        assert watch.found == {}

    def test_is_a_finished_job_that_somebody_removes_or_retries(self, lab: Lab, watch: Watch):
        finish(lab, "done")
        finish(lab, "again")
        remove(lab, "done", "completed")
        lab.retry("again")
        watch.look(3)
        assert watch.found == {}

    def test_is_a_job_that_was_removed_and_added_again(self, lab: Lab, watch: Watch):
        lab.enqueue("again")
        remove(lab, "again")
        lab.enqueue("again")
        watch.look(3)
        assert watch.found == {}

    def test_is_what_a_job_without_a_record_does_when_it_ends(self, lab: Lab, watch: Watch):
        """A job that cannot be read at all ends alone."""
        lab.enqueue("unreadable")
        lab.redis("HSET", LANE + "unreadable", "opts", '{"removeOnFail":true}')
        watch.look()
        lab.claim()
        lab.settle(W1, Settlement(1, "unreadable", "", 0, action="fail", value="rejected: it is no JSON"))
        lab.redis("XTRIM", LANE + "events", "MAXLEN", 0)
        watch.look(3)
        assert (lab.hash("unreadable"), watch.found) == ({}, {"QUE-EVENTS-GAP": 1})


def finish_claimed(lab: Lab, message: str) -> None:
    lab.claim()
    lab.admit(W1, intent(message, "a1"))
    accepted = Outcome(Kind.ACCEPTED, provider_id="p-1")
    lab.settle(W1, outcome_of(message, "a1", accepted, state=State.ACCEPTED, action="complete", value="{}"))


def test_an_obliterated_queue_is_noticed_whatever_was_in_it(lab: Lab, watch: Watch):
    held(lab, "held")
    watch.look()
    for key in lab.redis("KEYS", LANE + "*"):
        lab.redis("DEL", key)
    watch.look()
    assert watch.found == {"QUE-OBLITERATED": 1, "QUE-VANISHED": 1}
    assert watch.where("QUE-OBLITERATED") == ["email-critical"]
    assert lab.record("held").state is State.CANCELLED
    lab.enqueue("new")
    watch.look(3)
    assert watch.found == {"QUE-OBLITERATED": 1, "QUE-VANISHED": 2}


def test_an_obliterated_queue_is_noticed_although_as_many_jobs_came_since(lab: Lab, watch: Watch):
    lab.enqueue("second")
    watch.look()
    for key in lab.redis("KEYS", LANE + "*"):
        lab.redis("DEL", key)
    for name in ("first", "second", "third"):
        lab.enqueue(name)
    watch.look(2)
    assert watch.found == {"QUE-OBLITERATED": 1}


def test_an_id_without_a_job_is_a_ghost_and_leaves_active(lab: Lab, watch: Watch):
    lab.redis("RPUSH", LANE + "wait", "ghost", "0:marker of old")
    lab.redis("LPUSH", LANE + "active", "stuck")
    watch.look(3)
    assert watch.found == {"QUE-GHOST": 2}
    assert lab.redis("LRANGE", LANE + "active", 0, -1) == []
    lab.claim()
    assert lab.redis("EXISTS", LANE + "wait") == 0
    assert watch.found == {"QUE-GHOST": 2}


def test_a_job_in_no_list_is_an_orphan_until_it_is_put_back(lab: Lab, watch: Watch):
    lab.enqueue("adrift")
    watch.look()
    lab.redis("LREM", LANE + "wait", 1, "adrift")
    watch.look()
    assert watch.found == {}
    watch.look(2)
    assert (watch.found, watch.where("QUE-ORPHAN")) == ({"QUE-ORPHAN": 1}, [LANE + "adrift"])
    lab.redis("LPUSH", LANE + "wait", "adrift")
    watch.look(2)
    assert watch.found == {"QUE-ORPHAN": 1}


def test_a_resume_by_bullmq_5_that_would_lose_jobs_is_foreseen(lab: Lab, watch: Watch):
    lab.enqueue("parked")
    lab.redis("HSET", LANE + "meta", "paused", 1)
    lab.redis("RENAME", LANE + "wait", LANE + "paused")
    watch.look()
    assert watch.found == {}
    lab.redis("HSET", LANE + "late", "name", "x", "data", "{}")
    lab.redis("LPUSH", LANE + "wait", "late")
    watch.look(2)
    assert (watch.found, watch.where("QUE-PAUSE-MIXED")) == ({"QUE-PAUSE-MIXED": 1}, ["email-critical"])


def test_an_id_that_is_no_text_is_told_as_well_as_any(lab: Lab, watch: Watch):
    """No client of BullMQ writes one; somebody with a script may."""
    lab.redis("RPUSH", LANE + "wait", b"ghost \xff")
    lab.redis("ZADD", "nf:{bull}:census:" + LANE, 0, b"vanished \xff", 0, b"adrift \xff")
    lab.redis("HSET", LANE.encode() + b"adrift \xff", "name", "x")
    lab.redis("XADD", LANE + "events", "*", "event", "removed", "jobId", b"removed \xff", "prev", "wait")
    lab.redis("RPUSH", "bull:email-bulk:wait", "ghost of a later lane")
    watch.look(3)
    assert watch.found == {"QUE-GHOST": 2, "QUE-ORPHAN": 1, "QUE-REMOVED": 1, "QUE-VANISHED": 1}
    assert watch.where("QUE-VANISHED") == [LANE + "vanished \N{REPLACEMENT CHARACTER}"]
    assert lab.redis("ZCARD", "nf:{bull}:census:" + LANE) == 2  # `first`, and the one adrift


class TestAForeignWorker:
    def test_is_seen_by_the_name_of_its_connection_and_by_its_locks(self, lab: Lab, watch: Watch):
        queue = base64.b64encode(b"email-critical").decode()
        theirs = f"bull:{queue}:w:node"
        lab.redis("CLIENT", "SETNAME", theirs)
        lab.claimed("taken", worker="9ab1c2d3:4")
        watch.look(2)
        assert watch.found == {"QUE-FOREIGN-WORKER": 3}  # `first` was claimed with it
        assert theirs in watch.where("QUE-FOREIGN-WORKER")

    def test_is_none_of_ours_nor_a_listener(self, lab: Lab, watch: Watch):
        queue = base64.b64encode(b"email-critical").decode()
        lab.claimed("ours", worker=W2)
        for name in (f"bull:{queue}:w:{W2}", f"bull:{queue}:qe", f"other:{queue}", "bull:"):
            lab.redis("CLIENT", "SETNAME", name)
            watch.look()
        assert watch.found == {}


def test_events_that_were_trimmed_unread_are_a_gap(lab: Lab, watch: Watch):
    for number in range(3):
        lab.enqueue(f"m{number}")
    lab.redis("XTRIM", LANE + "events", "MAXLEN", 2)
    watch.look(2)
    assert watch.found == {"QUE-EVENTS-GAP": 1}


def test_one_that_overslept_its_lease_writes_nothing(lab: Lab, tools: Tools, watch: Watch):
    late = lab.run(tools.workers.lease("audit", W1, 60))
    lab.redis("DEL", "nf:{bull}:lease:audit")
    assert lab.run(tools.workers.lease("audit", W2, 60)) > late
    before = lab.redis("HGETALL", "nf:{bull}:audit:" + LANE)

    async def overslept() -> None:
        with pytest.raises(LeaseLost):
            await tools.census.begin(LANE, late)
        for call in (tools.census.tail, tools.census.mark):
            with pytest.raises(LeaseLost):
                await call(LANE, late, 9)

    lab.run(overslept())
    watch.look()
    assert lab.redis("HGETALL", "nf:{bull}:audit:" + LANE) == before


class Overtaken(Census):
    """A census whose worker is slow: another one takes the lease before the first part is judged."""

    async def missing(self, base: str, number: int) -> AsyncIterator[list[Trace]]:
        async for traces in super().missing(base, number):
            workers = Workers(self.link, self.scripts, self.own)
            await self.link.redis.delete(self.own + "lease:audit")
            assert await workers.lease("audit", W2, 60)
            yield traces


def test_one_whose_lease_was_taken_leaves_the_judgement_to_the_other(lab: Lab, tools: Tools, watch: Watch):
    held(lab, "held")
    watch.look()
    lab.remove("held")
    census = tools.census
    slow = replace(tools, census=Overtaken(census.link, census.scripts, census.own))
    Watch(lab, slow).look()
    assert (lab.record("held").state, watch.found) == (State.HELD, {})
    Watch(lab, replace(tools, token=W2)).look()
    assert (lab.record("held").state, watch.found) == (State.CANCELLED, {"QUE-VANISHED": 1})


def test_many_lost_jobs_cost_few_round_trips(lab: Lab, watch: Watch):
    names = [f"m{number}" for number in range(100)]
    for name in names:
        held(lab, name)
    watch.look()
    for name in names:
        lab.remove(name)
    before = reads(lab)
    watch.look()
    assert reads(lab) - before < len(names)
    assert {lab.record(name).state for name in names} == {State.CANCELLED}


def reads(lab: Lab) -> int:
    """How often the server has read from a connection."""
    told = lab.redis("INFO", "stats")
    return int(told["total_reads_processed"])


def test_a_pass_that_did_not_see_every_job_does_not_count(lab: Lab, tools: Tools, watch: Watch):
    """Redis went away in the middle: what it had not seen until then is not missed."""
    lab.enqueue("adrift")
    watch.look()
    lab.redis("LREM", LANE + "wait", 1, "adrift")
    lease = lab.run(tools.workers.lease("audit", W1, 60))
    for _ in range(3):
        lab.run(tools.census.begin(LANE, lease))
    watch.look()
    assert watch.found == {}
    watch.look()
    assert watch.found == {"QUE-ORPHAN": 1}


def test_a_broken_queue_stops_no_other(lab: Lab, watch: Watch):
    lab.redis("DEL", LANE + "wait")
    lab.redis("HSET", LANE + "wait", "data", "{}")
    lab.redis("RPUSH", "bull:email-bulk:wait", "ghost")
    watch.look()
    assert watch.found["QUE-GHOST"] == 1


def test_the_next_pass_comes_no_sooner_than_its_cost_allows(lab: Lab, tools: Tools):
    async def story() -> None:
        auditor = Auditor(tools)
        await auditor.audit()
        await auditor.audit()

    lab.run(story())
    assert lab.redis("HGET", "nf:{bull}:audit:" + LANE, "pass") == "1"
