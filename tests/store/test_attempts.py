"""Admit and settle on a real server: fences, idempotency, tokens, late news, and a job's place in the same breath."""

import json
from itertools import takewhile
from typing import Any

import pytest
from redis.exceptions import ResponseError

from lab import NOON, W1, W2, Lab, decision, intent, outcome_of
from notifyctl.domain.attempt import State, Why
from notifyctl.domain.limit import FIRST, Limit
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.quota import Rest
from notifyctl.store.limits import News
from notifyctl.store.records import pack_outcome, rank, unpack_outcome

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1")
FAULT = Outcome(Kind.FAULT, code="503", http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
RETURNED = '{"state":"accepted"}'


def accepted(message: str = "m", attempt: str = "a1", **changes: object):
    return outcome_of(message, attempt, ACCEPTED, state=State.ACCEPTED, action="complete", value=RETURNED, **changes)


def in_doubt(lab: Lab, message: str = "m") -> int:
    """A message whose first call left a doubt and whose job waits; returns the version of its record."""
    lab.sending(message)
    due = str(lab.now + 30_000)
    settled = lab.settle(W1, outcome_of(message, "a1", DOUBT, state=State.ATTEMPTING, action="delay", value=due))
    return settled[0].version


def unknown(lab: Lab, message: str = "m") -> None:
    """A message that ended as unknown."""
    version = in_doubt(lab, message)
    lab.now += 30_000
    lab.claim(W1)
    assert lab.settle(W1, decision(message, version, State.UNKNOWN, "fail", "unknown: why"))[0].code == "ok"


class TestAnIntent:
    def test_is_on_record_before_anything_is_sent(self, lab: Lab):
        lab.claimed("m")
        (admission,) = lab.admit(W1, intent("m", "a1"))
        assert (admission.code, admission.now, admission.version) == ("ok", NOON, NOON)
        record = lab.record("m")
        assert (record.version, record.state, record.body, record.job) == (
            NOON,
            State.ATTEMPTING,
            "body",
            lab.bases[0] + "m",
        )
        (attempt,) = record.attempts
        assert (attempt.id, attempt.provider, attempt.why, attempt.intent_at) == ("a1", "resend", Why.FIRST, NOON)
        assert (attempt.digest, attempt.owner, attempt.outcome) == ("digest", W1, None)
        assert lab.run(lab.store.attempts.in_flight()) == 1

    def test_again_is_the_same_yes_and_nothing_more(self, lab: Lab):
        lab.claimed("m")
        first = lab.admit(W1, intent("m", "a1", rate=1.0))
        lab.now += 10
        again = lab.admit(W1, intent("m", "a1", rate=1.0))
        assert (again[0].code, again[0].version) == ("ok", first[0].version)
        assert (again[0].gap, again[0].following) == (first[0].gap, first[0].following) != (0, 0)
        assert len(lab.record("m").attempts) == 1
        assert lab.record("m").attempts[0].intent_at == NOON

    def test_is_refused_without_the_lock(self, lab: Lab):
        lab.enqueue("m")
        assert lab.admit(W1, intent("m", "a1"))[0].code == "lost"
        lab.claim(W1)
        lab.adopt(W2, (1, "m", W1))
        assert lab.admit(W1, intent("m", "a1"))[0].code == "lost"
        assert lab.record("m").attempts == ()
        assert lab.admit(W2, intent("m", "a2"))[0].code == "ok"

    def test_is_refused_when_the_record_has_moved_on(self, lab: Lab):
        version = in_doubt(lab)
        lab.now += 30_000
        lab.claim(W1)
        for wrong in (0, version - 1, version + 1):
            assert lab.admit(W1, intent("m", "a2", wrong))[0].code == "stale"
        assert lab.admit(W1, intent("m", "a2", version))[0].code == "ok"

    def test_is_refused_over_an_accepted_message_whatever_version_it_was_decided_on(self, lab: Lab):
        in_doubt(lab)
        lab.settle(W2, accepted())
        lab.now += 30_000
        lab.claim(W1)
        latest = lab.record("m").version
        assert lab.admit(W1, intent("m", "a2", version=latest, why=Why.RESEND))[0].code == "stale"

    def test_that_begins_a_new_search_forgets_the_looks_of_the_old_one_and_a_replay_is_one(self, lab: Lab):
        version = in_doubt(lab)
        lab.now += 30_000
        lab.claim(W1)
        lab.admit(W1, intent("m", "a2", version, why=Why.REPLAY))
        assert (lab.record("m").looks, lab.record("m").looked_at) == (1, lab.now)
        version = lab.settle(W1, outcome_of("m", "a2", FAULT))[0].version
        version = lab.settle(W1, decision("m", version, None, "keep", looked=True))[0].version
        assert lab.record("m").looks == 2
        lab.admit(W1, intent("m", "a3", version, why=Why.RESEND, provider="ses"))
        assert (lab.record("m").looks, lab.record("m").looked_at) == (0, 0)


class TestOneMessageInTwoJobs:
    @pytest.mark.parametrize("lanes", [(1, 2), (1, 1)])
    def test_is_sent_for_one_of_them(self, lab: Lab, lanes: tuple[int, int]):
        first, second = lanes
        lab.enqueue("job-1", first)
        lab.enqueue("job-2", second)
        assert len(lab.claim(W1).jobs) == 2
        both = [
            intent("m", "a1", lane=first, job="job-1"),
            intent("m", "a2", lane=second, job="job-2"),
        ]
        assert [answer.code for answer in lab.admit(W1, *both)] == ["ok", "stale"]
        lab.settle(W1, accepted(lane=first, job="job-1"))
        record = lab.record("m")
        assert (record.ended, len(record.attempts)) == (True, 1)
        other = decision("m", record.version, State.ACCEPTED, "complete", RETURNED, lane=second, job="job-2")
        assert lab.settle(W1, other)[0].code == "ok"
        assert (lab.place("job-1", first), lab.place("job-2", second)) == ("completed", "completed")
        assert lab.run(lab.store.attempts.totals())[0] == {"accepted": 1}

    def test_cannot_be_ended_otherwise_by_the_second(self, lab: Lab):
        lab.sending("m")
        lab.settle(W1, accepted())
        lab.claimed("other", lane=2)
        late = decision("m", lab.record("m").version, State.EXPIRED, "fail", "expired: why", lane=2, job="other")
        assert lab.settle(W1, late)[0].code == "stale"
        assert (lab.record("m").state, lab.place("other", 2)) == (State.ACCEPTED, "active")


class TestAMessageThatHasEnded:
    def test_is_not_sent_again_when_it_is_enqueued_after_its_job_was_removed(self, lab: Lab):
        lab.sending("m")
        lab.settle(W1, accepted())
        lab.remove("m")
        assert lab.enqueue("m")
        (job,) = lab.claim(W2).jobs
        assert job.starts == 1
        assert lab.admit(W2, intent("m", "b1"))[0].code == "stale"
        assert lab.record("m").ended
        again = decision("m", lab.record("m").version, State.ACCEPTED, "complete", RETURNED)
        assert lab.settle(W2, again)[0].code == "ok"
        assert (lab.place("m"), len(lab.record("m").attempts)) == ("completed", 1)

    def test_is_not_sent_again_when_somebody_retries_its_job(self, lab: Lab):
        unknown(lab)
        lab.retry("m")
        (job,) = lab.claim(W2).jobs
        assert job.starts == 3
        assert lab.admit(W2, intent("m", "b1"))[0].code == "stale"
        record = lab.record("m")
        assert (record.ended, record.state) == (True, State.UNKNOWN)
        assert lab.settle(W2, decision("m", record.version, State.UNKNOWN, "fail", "unknown: why"))[0].code == "ok"
        assert lab.place("m") == "failed"
        assert lab.run(lab.store.attempts.totals())[0] == {"unknown": 1}

    @pytest.mark.parametrize("state", [State.REJECTED, State.NO_CONSENT, State.EXPIRED])
    def test_at_the_door_may_be_sent_after_all(self, lab: Lab, state: State):
        lab.claimed("m")
        lab.settle(W1, decision("m", 0, state, "fail", f"{state}: why"))
        lab.retry("m")
        lab.claim(W1)
        assert lab.admit(W1, intent("m", "a1", lab.record("m").version))[0].code == "ok"
        lab.settle(W1, accepted())
        assert lab.run(lab.store.attempts.totals())[0] == {"accepted": 1, state.value: 0}

    def test_at_the_door_belongs_to_the_job_that_opens_it_again(self, lab: Lab):
        lab.claimed("first")
        lab.claimed("second", lane=2)
        lab.settle(W1, decision("m", 0, State.EXPIRED, "fail", "expired: why", job="first"))
        later = decision("m", lab.record("m").version, State.HELD, "delay", str(lab.now + 5), lane=2, job="second")
        assert lab.settle(W1, later)[0].code == "ok"
        assert lab.record("m").job == lab.store.queue.bases[1] + "second"

    @pytest.mark.parametrize("state", [State.UNKNOWN, State.DEAD, State.CANCELLED, State.SUPPRESSED, State.REJECTED])
    def test_with_an_attempt_is_left_for_accepted_only(self, lab: Lab, state: State):
        lab.sending("m")
        lab.settle(W1, outcome_of("m", "a1", DOUBT, state=state, action="fail", value=f"{state}: why"))
        lab.retry("m")
        lab.claim(W2)
        version = lab.record("m").version
        for other in set(State) - {state, State.ACCEPTED}:
            assert lab.settle(W2, decision("m", version, other, "keep"))[0].code == "stale"
        assert lab.record("m").state is state
        assert lab.settle(W1, accepted())[0].code == "late"
        assert lab.record("m").state is State.ACCEPTED


class TestAnOutcome:
    def test_changes_record_and_job_together(self, lab: Lab):
        lab.sending("m")
        lab.now += 120
        (settled,) = lab.settle(W1, accepted())
        assert (settled.code, settled.version, settled.now) == ("ok", lab.now, lab.now)
        record = lab.record("m")
        assert (record.state, record.provider, record.provider_id) == (State.ACCEPTED, "resend", "p-1")
        assert (record.attempts[0].outcome, record.attempts[0].result_at) == (ACCEPTED, lab.now)
        assert (lab.place("m"), lab.lock("m"), lab.hash("m")["returnvalue"]) == ("completed", None, RETURNED)
        assert lab.hash("m")["atm"] == "1"
        assert lab.run(lab.store.attempts.in_flight()) == 0
        assert lab.run(lab.store.attempts.totals()) == ({"accepted": 1}, {"resend|accepted|definite": 1})

    def test_whoever_goes_on_from_it_must_look_again_when_another_job_has_called_meanwhile(self, lab: Lab):
        job = lab.sending("m")
        known = lab.record("m").version
        kept = outcome_of("m", "a1", DOUBT, state=None, action="keep", version=known)
        assert lab.settle(W1, kept)[0].code == "ok"
        lab.sending("other")
        (another,) = lab.admit(W1, intent("m", "a2", lab.record("m").version, job.lane, job="other"))
        assert another.code == "ok"
        assert lab.settle(W1, kept)[0].code == "stale"  # its reply was lost, and the same call came again
        assert [attempt.outcome for attempt in lab.record("m").attempts] == [DOUBT, None]

    @pytest.mark.parametrize(
        ("outcome", "state", "action", "value", "place"),
        [
            (ACCEPTED, State.ACCEPTED, "complete", RETURNED, "completed"),
            (FAULT, State.DEAD, "fail", "dead: why", "failed"),
            (DOUBT, State.ATTEMPTING, "delay", str(NOON + 30_000), "delayed"),
            (FAULT, None, "keep", "", "active"),
        ],
    )
    def test_told_twice_changes_nothing_the_second_time(self, lab: Lab, outcome, state, action, value, place):
        lab.sending("m")
        told = outcome_of("m", "a1", outcome, state=state, action=action, value=value)
        lab.settle(W1, told)
        before, events, job = lab.record("m"), lab.events(), lab.hash("m")
        totals = lab.run(lab.store.attempts.totals())
        lab.now += 5
        assert lab.settle(W1, told)[0].code in ("ok" if place == "active" else "lost", "late")
        after = lab.record("m")
        assert (after.state, after.attempts, lab.place("m")) == (before.state, before.attempts, place)
        assert (lab.events(), lab.hash("m"), lab.run(lab.store.attempts.totals())) == (events, job, totals)

    def test_of_a_worker_that_lost_the_job_is_dropped_when_it_is_bad_news(self, lab: Lab):
        lab.sending("m", worker=W1)
        lab.adopt(W2, (1, "m", W1))
        for stale in (FAULT, DOUBT, Outcome(Kind.REJECTED)):
            told = outcome_of("m", "a1", stale, state=State.DEAD, action="fail", value="dead: why")
            assert lab.settle(W1, told)[0].code == "lost"
        record = lab.record("m")
        assert (record.state, record.attempts[0].outcome, lab.lock("m")) == (State.ATTEMPTING, None, W2)

    def test_of_a_second_acceptance_is_evidence_and_its_job_is_not_ended_with_it(self, lab: Lab):
        """A worker that was believed dead told of the first one while the resend was under way."""
        lab.sending("m", worker=W1)
        lab.adopt(W2, (1, "m", W1))
        lab.settle(W2, outcome_of("m", "a1", DOUBT, state=None, action="keep"))
        resend = intent("m", "b1", lab.record("m").version, provider="ses", why=Why.RESEND)
        assert lab.admit(W2, resend)[0].code == "ok"
        assert lab.settle(W1, accepted())[0].code == "late"
        copy = {"state": State.ACCEPTED, "provider": "ses", "provider_id": "s-1"}
        second = outcome_of("m", "b1", Outcome(Kind.ACCEPTED, provider_id="s-1"), action="complete", value="{}", **copy)
        assert [lab.settle(W2, second)[0].code for _ in range(2)] == ["stale", "stale"]
        record = lab.record("m")
        assert (record.provider_id, record.attempts[1].outcome.provider_id) == ("p-1", "s-1")
        assert (lab.place("m"), lab.lock("m")) == ("active", W2)

    def test_of_acceptance_is_taken_from_anybody_and_the_job_is_left_to_its_holder(self, lab: Lab):
        lab.sending("m", worker=W1)
        lab.adopt(W2, (1, "m", W1))
        assert lab.settle(W1, accepted())[0].code == "late"
        assert (lab.record("m").state, lab.place("m"), lab.lock("m")) == (State.ACCEPTED, "active", W2)
        assert lab.admit(W2, intent("m", "b1", 1))[0].code == "stale"

    def test_of_acceptance_is_taken_even_after_the_message_ended_as_unknown(self, lab: Lab):
        unknown(lab)
        assert lab.run(lab.store.attempts.unknown()) == [("m", lab.now)]
        assert lab.settle("nf.long.gone", accepted())[0].code == "late"
        record = lab.record("m")
        assert (record.state, record.provider_id, record.attempts[0].outcome) == (State.ACCEPTED, "p-1", ACCEPTED)
        assert lab.run(lab.store.attempts.unknown()) == []
        assert lab.run(lab.store.attempts.totals())[0] == {"accepted": 1, "unknown": 0}
        assert lab.place("m") == "failed"

    def test_is_never_taken_back(self, lab: Lab):
        lab.sending("m")
        lab.settle(W1, outcome_of("m", "a1", ACCEPTED, state=None))
        for other in (FAULT, DOUBT):
            assert (
                lab.settle(W1, outcome_of("m", "a1", other, state=State.DEAD, action="fail", value="x"))[0].code
                == "stale"
            )
        assert lab.record("m").attempts[0].outcome == ACCEPTED
        assert lab.place("m") == "active"

    def test_of_doubt_gives_way_to_acceptance_and_to_nothing_else(self, lab: Lab):
        version = in_doubt(lab)
        lab.now += 30_000
        lab.claim(W1)
        assert lab.settle(W1, outcome_of("m", "a1", FAULT))[0].code == "stale"
        assert (lab.record("m").version, lab.record("m").attempts[0].outcome) == (version, DOUBT)
        assert lab.settle(W1, accepted())[0].code == "ok"
        assert lab.place("m") == "completed"

    def test_for_a_job_that_was_obliterated_is_still_recorded(self, lab: Lab):
        lab.sending("m")
        base = lab.bases[0]
        lab.redis("DEL", base + "m", base + "m:lock", base + "active")
        assert lab.settle(W1, accepted())[0].code == "late"
        assert (lab.record("m").state, lab.redis("EXISTS", base + "m")) == (State.ACCEPTED, 0)


class TestTheTally:
    def test_counts_calls_and_findings_and_tells_when_each_came_up_last(self, lab: Lab):
        for name in ("m", "n"):
            lab.sending(name, f"a-{name}")
            lab.settle(W1, accepted(name, f"a-{name}"))
            lab.now += 10
        lab.claimed("x")
        lab.settle(W1, decision("x", 0, State.REJECTED, "fail", "rejected: flow", finding="QUE-FLOW"))
        kind = "resend|accepted|definite"
        assert lab.run(lab.store.attempts.totals())[1] == {kind: 2}
        assert lab.run(lab.store.attempts.findings()) == {"QUE-FLOW": 1}
        assert lab.run(lab.store.attempts.last()) == {kind: NOON + 10, "QUE-FLOW": NOON + 20}


class TestADecision:
    def test_is_fenced_by_the_version_that_it_was_made_on(self, lab: Lab):
        version = in_doubt(lab)
        lab.now += 30_000
        lab.claim(W1)
        for wrong in (0, version - 1, version + 1):
            assert lab.settle(W1, decision("m", wrong, State.UNKNOWN, "fail", "unknown: why"))[0].code == "stale"
        assert (lab.record("m").state, lab.place("m")) == (State.ATTEMPTING, "active")
        assert lab.settle(W1, decision("m", version, State.UNKNOWN, "fail", "unknown: why"))[0].code == "ok"
        assert lab.hash("m")["failedReason"] == "unknown: why"

    def test_is_the_holders_alone(self, lab: Lab):
        lab.claimed("m", worker=W1)
        lab.adopt(W2, (1, "m", W1))
        assert lab.settle(W1, decision("m", 0, State.EXPIRED, "fail", "expired: why"))[0].code == "lost"
        assert (lab.record("m").version, lab.place("m")) == (0, "active")

    def test_to_wait_delays_the_job_without_burning_an_attempt(self, lab: Lab):
        lab.claimed("m")
        lab.settle(W1, decision("m", 0, State.HELD, "delay", str(NOON + 7000)))
        job = lab.hash("m")
        assert (lab.place("m"), lab.lock("m"), job.get("atm"), job["delay"]) == ("delayed", None, None, "7000")
        assert lab.record("m").state is State.HELD
        assert lab.events()[-1] == "delayed"
        assert lab.claim(W1).next_due == NOON + 7000
        lab.now += 7000
        assert [job.starts for job in lab.claim(W2).jobs] == [2]

    def test_to_look_on_counts_the_look(self, lab: Lab):
        version = in_doubt(lab)
        lab.now += 30_000
        lab.claim(W1)
        lab.settle(W1, decision("m", version, None, "keep", looked=True))
        assert (lab.record("m").looks, lab.record("m").looked_at) == (1, lab.now)
        assert (lab.record("m").state, lab.place("m")) == (State.ATTEMPTING, "active")

    def test_about_a_job_without_a_readable_id_ends_the_job_alone(self, lab: Lab):
        lab.claimed("m")
        assert lab.settle(W1, decision("", 0, None, "fail", "rejected: why", job="m"))[0].code == "ok"
        assert (lab.place("m"), lab.record("m").version) == ("failed", 0)

    def test_to_fail_a_job_that_bullmq_wants_failed_takes_that_order_away(self, lab: Lab):
        lab.claimed("m")
        lab.redis("HSET", lab.bases[0] + "m", "defa", "stalled")
        lab.settle(W1, decision("m", 0, State.UNKNOWN, "fail", "unknown: why"))
        assert "defa" not in lab.hash("m")
        assert lab.events()[-3:] == ["failed", "retries-exhausted", "drained"]

    def test_in_one_batch_each_has_its_own_answer(self, lab: Lab):
        lab.sending("a")
        lab.claimed("b", worker=W2)
        lab.claimed("c")
        answers = lab.settle(
            W1,
            accepted("a"),
            decision("b", 0, State.EXPIRED, "fail", "x"),
            decision("c", 9, State.EXPIRED, "fail", "x"),
        )
        assert [answer.code for answer in answers] == ["ok", "lost", "stale"]

    @pytest.mark.parametrize("key", ["active", "completed", "events", "stalled", "wait"])
    def test_in_a_queue_with_a_broken_key_is_still_recorded_and_stops_no_other_queue(self, lab: Lab, key: str):
        """A job whose id is the name of one of BullMQ's keys overwrites it."""
        lab.sending("a")
        lab.sending("b", "a2", lane=2)
        lab.redis("DEL", lab.bases[0] + key)
        lab.redis("HSET", lab.bases[0] + key, "data", "{}")
        first, second = lab.settle(W1, accepted("a"), accepted("b", attempt="a2", lane=2))
        assert (first.code, "WRONGTYPE" in first.trouble) in [("broken", True), ("ok", False)]
        assert (second.code, lab.place("b", 2)) == ("ok", "completed")
        assert [lab.record(name).state for name in "ab"] == [State.ACCEPTED, State.ACCEPTED]
        assert lab.run(lab.store.attempts.totals())[0] == {"accepted": 2}

    def test_before_one_that_the_server_refuses_is_done_whole(self, lab: Lab):
        lab.sending("a")
        lab.sending("b", "a2")
        own = lab.store.attempts.own
        lab.redis("HSET", f"{own}msg:b", "v", "damaged")
        with pytest.raises(ResponseError):
            lab.settle(W1, accepted("a"), accepted("b", attempt="a2"))
        assert (lab.place("a"), lab.lock("a"), lab.lock("b")) == ("completed", None, W1)
        assert lab.redis("ZRANGE", f"{own}inflight", 0, -1) == ["a2"]


class TestTokens:
    """A generic cell rate: `burst` calls at once, then one each 1/rate seconds."""

    def admitted(self, lab: Lab, number: int, rate: float | None = 10, burst: int = 3, **changes: Any):
        return lab.admit(W1, intent(f"m{number}", f"a{number}", rate=rate, burst=burst, **changes))[0]

    @pytest.fixture
    def queued(self, lab: Lab) -> Lab:
        for number in range(12):
            lab.enqueue(f"m{number}")
        lab.claim(W1, most=20, lanes=(20, 0, 0))
        return lab

    def test_a_burst_passes_and_then_one_call_each_interval(self, queued: Lab):
        assert [self.admitted(queued, number).code for number in range(3)] == ["ok"] * 3
        refused = self.admitted(queued, 3)
        assert (refused.code, refused.free_at) == ("full", NOON + 100)
        queued.now = NOON + 99
        assert self.admitted(queued, 3).code == "full"
        queued.now = NOON + 100
        assert [self.admitted(queued, number).code for number in (3, 4)] == ["ok", "full"]

    def test_an_idle_second_gives_back_a_burst_and_no_more(self, queued: Lab):
        for number in range(3):
            self.admitted(queued, number)
        queued.now += 60_000
        assert [self.admitted(queued, number).code for number in range(3, 7)] == ["ok", "ok", "ok", "full"]

    def test_those_that_are_refused_together_get_times_one_after_the_other(self, queued: Lab):
        batch = [intent(f"m{number}", f"a{number}", rate=10, burst=1) for number in range(5)]
        answers = queued.admit(W1, *batch)
        assert [answer.code for answer in answers] == ["ok", *["full"] * 4]
        assert [answer.free_at - NOON for answer in answers[1:]] == [100, 200, 300, 400]

    def test_a_refused_intent_and_a_repeated_one_take_no_token(self, queued: Lab):
        for _ in range(3):
            assert self.admitted(queued, 0, burst=2).code == "ok"
        assert queued.admit(W1, intent("m1", "x", 7, rate=10, burst=2))[0].code == "stale"
        assert [self.admitted(queued, number, burst=2).code for number in (1, 2)] == ["ok", "full"]
        assert queued.record("m2").version == 0

    def test_no_rate_is_no_limit(self, queued: Lab):
        assert {self.admitted(queued, number, rate=None).code for number in range(12)} == {"ok"}

    def test_every_provider_has_its_own(self, queued: Lab):
        assert [self.admitted(queued, number, burst=1).code for number in (0, 1)] == ["ok", "full"]
        assert queued.admit(W1, intent("m1", "s1", provider="ses", rate=10))[0].code == "ok"

    def test_a_closed_provider_takes_nothing_until_it_opens(self, queued: Lab):
        queued.run(queued.store.limits.note("resend", News(closed=5000)))
        refused = self.admitted(queued, 0, rate=None)
        assert (refused.code, refused.free_at) == ("full", NOON + 5000)
        queued.now += 4999
        assert self.admitted(queued, 0, rate=None).code == "full"
        queued.now += 1
        assert self.admitted(queued, 0, rate=None).code == "ok"

    @pytest.mark.parametrize(("configured", "learnt", "gap"), [(10, 2, 510), (10, 50, 100), (None, 2, 510)])
    def test_a_rate_that_the_provider_told_can_only_slow_down(self, queued: Lab, configured, learnt, gap):
        queued.run(queued.store.limits.note("resend", News(limit=Limit(learnt))))
        assert self.admitted(queued, 0, rate=configured, burst=1).code == "ok"
        assert self.admitted(queued, 1, rate=configured, burst=1).free_at == NOON + gap

    def test_a_part_of_the_burst_is_kept_for_the_higher_priorities(self, queued: Lab):
        """Of nine that may go at once: bulk three, then standard five in all, then critical the rest."""
        names = iter(range(12))

        def most(priority: str) -> int:
            answers = (self.admitted(queued, next(names), burst=9, priority=priority) for _ in range(12))
            return len(list(takewhile(lambda answer: answer.code == "ok", answers)))

        assert [most(priority) for priority in ("bulk", "standard", "critical")] == [3, 2, 4]

    def test_a_lower_priority_has_its_turn_after_those_of_the_higher_ones(self, queued: Lab):
        self.admitted(queued, 0, burst=1)
        critical = [self.admitted(queued, number, burst=1).free_at for number in (1, 2)]
        assert critical == [NOON + 100, NOON + 200]
        bulk = [self.admitted(queued, number, burst=1, priority="bulk").free_at for number in (3, 4)]
        assert bulk == [NOON + 300, NOON + 400]
        queued.now = NOON + 100
        assert self.admitted(queued, 5, burst=1, priority="bulk").code == "full"
        assert self.admitted(queued, 1, burst=1).code == "ok"

    def test_a_batch_serves_the_higher_priorities_first(self, queued: Lab):
        priorities = ("bulk", "standard", "critical", "bulk")
        batch = [intent(f"m{n}", f"a{n}", rate=10, burst=1, priority=priority) for n, priority in enumerate(priorities)]
        assert [answer.code for answer in queued.admit(W1, *batch)] == ["full", "full", "ok", "full"]

    def test_a_turn_far_away_is_told_and_kept_for_nobody(self, queued: Lab):
        queued.run(queued.store.limits.note("resend", News(closed=3600_000)))
        turns = {self.admitted(queued, number, rate=10).free_at for number in range(3)}
        assert turns == {NOON + 3600_000}

    def test_an_answer_tells_the_turn_of_the_next_one_and_how_far_turns_are_apart(self, queued: Lab):
        first, second = (self.admitted(queued, number, burst=1) for number in (0, 1))
        assert (first.following, first.gap, first.trial) == (NOON + 100, 100, False)
        assert (second.following, second.gap, second.trial) == (NOON + 200, 100, False)
        free = self.admitted(queued, 2, rate=None, provider="ses")
        assert (free.following, free.gap) == (0, 0)

    def test_a_pace_is_tried_while_the_provider_has_told_no_limit(self, queued: Lab):
        tried = self.admitted(queued, 0, rate=None, trial=True)
        assert (tried.code, tried.trial, tried.gap) == ("ok", True, 1000 / FIRST)
        queued.run(queued.store.limits.note("resend", News(limit=Limit(50))))
        assert not self.admitted(queued, 1, rate=None, trial=True).trial

    def test_of_a_quota_bulk_leaves_a_part_to_the_others_and_standard_one_to_critical(self, queued: Lab):
        rest = Rest(left=7, standard_leaves=2, bulk_leaves=5, renew=NOON + 60_000)
        queued.run(queued.store.limits.keep_quotas("resend", (), rest))
        names = iter(range(12))

        def most(priority: str) -> int:
            answers = [self.admitted(queued, next(names), rate=None, priority=priority) for _ in range(4)]
            assert {answer.free_at for answer in answers if answer.code == "full"} <= {NOON + 60_000}
            return sum(answer.code == "ok" for answer in answers)

        assert [most(priority) for priority in ("bulk", "standard", "critical")] == [2, 3, 4]


class TestFinishedJobs:
    """How long BullMQ's sets keep a job: its own rule, else the worker's."""

    def finish(self, lab: Lab, job: str, state: State = State.ACCEPTED, **options: object) -> None:
        lab.claimed(job)
        key = lab.bases[0] + job
        lab.redis("HSET", key, "opts", json.dumps({**json.loads(lab.hash(job)["opts"]), **options}))
        action = "complete" if state is State.ACCEPTED else "fail"
        lab.settle(W1, decision(job, 0, state, action, "x"))

    @pytest.mark.parametrize(("name", "state"), [("removeOnComplete", State.ACCEPTED), ("removeOnFail", State.UNKNOWN)])
    def test_a_job_may_ask_to_be_removed_at_once(self, lab: Lab, name: str, state: State):
        for number, rule in enumerate((True, 0, {"count": 0})):
            self.finish(lab, f"j{number}", state, **{name: rule})
            assert (lab.place(f"j{number}"), lab.hash(f"j{number}")) == (None, {})
            assert lab.record(f"j{number}").state is state
        assert lab.events().count("completed" if state is State.ACCEPTED else "failed") == 3

    def test_a_count_keeps_the_latest(self, lab: Lab):
        for number in range(4):
            lab.now += 1
            self.finish(lab, f"j{number}", removeOnComplete=2)
        assert [lab.place(f"j{number}") for number in range(4)] == [None, None, "completed", "completed"]

    def test_an_age_keeps_the_young(self, lab: Lab):
        self.finish(lab, "old", removeOnComplete=False)
        lab.now += 60_001
        self.finish(lab, "new", removeOnComplete={"age": 60})
        assert (lab.place("old"), lab.place("new")) == (None, "completed")

    def test_without_a_rule_of_its_own_the_workers_holds(self, lab: Lab):
        self.finish(lab, "old")
        self.finish(lab, "broken", State.UNKNOWN)
        lab.now += (7 * 86_400 + 1) * 1000
        self.finish(lab, "new")
        assert (lab.place("old"), lab.place("new")) == (None, "completed")
        self.finish(lab, "broken-too", State.UNKNOWN)
        assert lab.place("broken") == "failed"
        lab.now += 40 * 86_400 * 1000
        self.finish(lab, "broken-last", State.UNKNOWN)
        assert (lab.place("broken"), lab.place("broken-last")) == (None, "failed")

    @pytest.mark.parametrize(
        "rule",
        ['{"count":0.5}', '{"count":1.5}', '{"count":[]}', '{"age":1,"limit":0.5}', '{"age":1,"limit":-1}',
         '{"age":NaN}', '{"age":null}', '"x"', "[]", "-1.5", "1e400", "NaN"],
    )  # fmt: skip
    def test_an_odd_rule_stops_neither_its_job_nor_another(self, lab: Lab, rule: str):
        self.finish(lab, "before")
        self.finish(lab, "before-too")
        lab.now += 5000
        for name in ("odd", "good"):
            lab.claimed(name)
        lab.redis("HSET", lab.bases[0] + "odd", "opts", f'{{"removeOnComplete":{rule}}}')
        answers = lab.settle(W1, *(decision(name, 0, State.ACCEPTED, "complete", "x") for name in ("odd", "good")))
        assert [answer.code for answer in answers] == ["ok", "ok"]
        assert (lab.record("odd").state, lab.place("good")) == (State.ACCEPTED, "completed")

    def test_the_record_outlives_its_job(self, lab: Lab):
        lab.sending("m")
        lab.redis("HSET", lab.bases[0] + "m", "opts", '{"removeOnComplete":true}')
        lab.settle(W1, accepted())
        assert (lab.hash("m"), lab.record("m").state) == ({}, State.ACCEPTED)


class TestOutcomesAreStored:
    @pytest.mark.parametrize("outcome", [ACCEPTED, FAULT, DOUBT, Outcome(Kind.REJECTED, suppressed=True, detail="é😀")])
    def test_as_they_are(self, outcome: Outcome):
        assert unpack_outcome(pack_outcome(outcome).decode()) == outcome

    def test_with_acceptance_above_doubt_and_doubt_above_nothing(self):
        assert [rank(item) for item in (ACCEPTED, DOUBT, FAULT)] == ["2", "1", "0"]
        assert rank(Outcome(Kind.ACCEPTED, Certainty.AMBIGUOUS)) == "1"


def test_nothing_is_known_of_a_message_that_never_came(lab: Lab):
    record = lab.record("never")
    assert (record.version, record.state, record.attempts, record.ended) == (0, State.QUEUED, (), False)


class TestAJobWhoseHashIsGone:
    """Somebody deleted its key while we held it; its id is left in `active`."""

    @pytest.mark.parametrize(("state", "action", "value"), [
        (State.ACCEPTED, "complete", "{}"), (State.DEAD, "fail", "dead: why"), (State.HELD, "delay", str(NOON + 5000)),
    ])  # fmt: skip
    def test_is_let_go_of_at_the_end(self, lab: Lab, state: State, action: str, value: str):
        lab.sending("m")
        lab.redis("DEL", lab.bases[0] + "m")
        kind = Kind.ACCEPTED if state is State.ACCEPTED else Kind.FAULT
        (settled,) = lab.settle(W1, outcome_of("m", "a1", Outcome(kind), state=state, action=action, value=value))
        assert (settled.code, lab.record("m").state) == ("ok", state)
        assert (lab.place("m"), lab.lock("m"), lab.redis("EXISTS", lab.bases[0] + "m")) == (None, None, 0)
        assert lab.run(lab.store.attempts.findings()) == {"QUE-GHOST": 1}

    def test_is_kept_while_its_message_goes_on(self, lab: Lab):
        lab.sending("m")
        lab.redis("DEL", lab.bases[0] + "m")
        lab.settle(W1, outcome_of("m", "a1", Outcome(Kind.FAULT), action="keep"))
        assert (lab.place("m"), lab.lock("m"), lab.run(lab.store.attempts.findings())) == ("active", W1, {})


class TestTheMessageOfAJob:
    """Where the job's id is another, it is listed as long as its record is open: else nobody would find the record."""

    def listed(self, lab: Lab) -> dict[str, str]:
        return lab.redis("HGETALL", "nf:{bull}:jobs")

    def test_is_listed_until_it_ends(self, lab: Lab):
        lab.claimed("job-17")
        lab.admit(W1, intent("m", "a1", job="job-17"))
        assert self.listed(lab) == {lab.bases[0] + "job-17": "m"}
        held = outcome_of("m", "a1", Outcome(Kind.FAULT), job="job-17", state=State.HELD, action="delay", value="0")
        lab.settle(W1, held)
        assert self.listed(lab) == {lab.bases[0] + "job-17": "m"}
        lab.claim(W1)
        lab.settle(W1, decision("m", lab.record("m").version, State.EXPIRED, "fail", "expired: why", job="job-17"))
        assert self.listed(lab) == {}

    def test_is_listed_when_it_waits_before_any_call(self, lab: Lab):
        lab.claimed("job-17")
        lab.settle(W1, decision("m", 0, State.HELD, "delay", "0", job="job-17"))
        assert self.listed(lab) == {lab.bases[0] + "job-17": "m"}

    def test_is_not_listed_where_both_have_one_id(self, lab: Lab):
        lab.sending("m")
        held = outcome_of("m", "a1", Outcome(Kind.FAULT), state=State.HELD, action="delay", value=str(NOON + 5000))
        lab.settle(W1, held)
        assert self.listed(lab) == {}
