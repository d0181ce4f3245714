"""Decisions on a real server: fenced by the record's version, once whatever is lost, job and record together."""

import json

import pytest

from lab import NOON, W1, Lab, decision, intent, outcome_of
from notifyctl.domain.attempt import Decision, State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.store.decisions import Order, Ordered, decide
from notifyctl.store.queue import Addition

FAULT = Outcome(Kind.FAULT, code="503", http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
OWN = "nf:{bull}:"


def ended(lab: Lab, state: State, outcome: Outcome = FAULT, message: str = "m", lane: int = 1) -> None:
    """A message that failed after one attempt."""
    lab.sending(message, lane=lane)
    end = outcome_of(message, "a1", outcome, state=state, action="fail", value=f"{state}: why", lane=lane)
    assert lab.settle(W1, end)[0].code == "ok"


def order(lab: Lab, message: str = "m", **changes) -> Order:
    """The decision to give a message back, made on what is on record now."""
    record = lab.record(message)
    base = {
        "id": "d1", "lane": 1, "job": message, "message": message, "version": record.version, "verb": "retry",
        "by": "ada", "reason": "mended", "was": record.state, "state": State.QUEUED, "spent": len(record.attempts),
    }  # fmt: skip
    return Order(**{**base, **changes})


def write(lab: Lab, *orders: Order) -> list[Ordered]:
    return lab.run(decide(lab.store.queue, orders))


def totals(lab: Lab) -> dict[str, int]:
    return {state: count for state, count in lab.run(lab.store.attempts.totals())[0].items() if count}


class TestADecision:
    def test_opens_the_record_and_gives_the_job_back(self, lab: Lab):
        ended(lab, State.DEAD)
        lab.now += 1000
        (answer,) = write(lab, order(lab, deadline=NOON + 5))
        record = lab.record("m")
        assert (answer.code, answer.version) == ("ok", record.version)
        assert (record.state, record.reason, record.spent, record.deadline) == (State.QUEUED, "", 1, NOON + 5)
        assert record.decisions == (Decision(lab.now, "d1", "retry", "ada", "mended", State.DEAD),)
        assert lab.place("m") == "wait"
        assert totals(lab) == {}

    def test_is_written_once_when_its_reply_was_lost(self, lab: Lab):
        ended(lab, State.DEAD)
        same = order(lab)
        assert write(lab, same) == write(lab, same)
        assert (len(lab.record("m").decisions), lab.redis("LLEN", lab.bases[0] + "wait")) == (1, 1)

    def test_is_refused_when_somebody_else_decided_first(self, lab: Lab):
        ended(lab, State.DEAD)
        mine, theirs = order(lab), order(lab, id="d2", by="bob")
        assert [answer.code for answer in write(lab, theirs, mine)] == ["ok", "stale"]
        assert [one.by for one in lab.record("m").decisions] == ["bob"]

    def test_that_ends_a_question_is_refused_when_somebody_else_has_ended_it(self, lab: Lab):
        ended(lab, State.UNKNOWN, DOUBT)
        mine = order(lab, lane=0, verb="drop", state=State.CANCELLED)
        theirs = order(lab, id="d2", lane=0, verb="delivered", state=State.DELIVERED)
        assert [answer.code for answer in write(lab, theirs, mine)] == ["ok", "stale"]
        assert lab.record("m").state is State.DELIVERED

    def test_is_refused_of_a_message_under_way_even_on_the_right_version(self, lab: Lab):
        lab.sending("m")
        assert [answer.code for answer in write(lab, order(lab))] == ["stale"]

    def test_changes_nothing_when_the_job_is_not_among_the_failed(self, lab: Lab):
        ended(lab, State.DEAD)
        before = order(lab)
        lab.remove("m")
        assert [answer.code for answer in write(lab, before)] == ["gone"]
        assert (lab.record("m").state, lab.record("m").version) == (State.DEAD, before.version)
        assert totals(lab) == {"dead": 1}

    def test_that_cannot_be_written_stops_no_other(self, lab: Lab):
        ended(lab, State.DEAD)
        ended(lab, State.DEAD, message="n", lane=2)
        orders = [order(lab), order(lab, "n", lane=2)]
        lab.redis("DEL", lab.bases[0] + "failed")
        lab.redis("SET", lab.bases[0] + "failed", "no sorted set")
        assert [answer.code for answer in write(lab, *orders)] == ["broken", "ok"]
        assert lab.record("m").state is State.DEAD

    def test_about_a_message_under_another_job_id_is_known_to_the_audit(self, lab: Lab):
        lab.claimed("job-7")
        lab.admit(W1, intent("m", "a1", job="job-7"))
        end = outcome_of("m", "a1", FAULT, state=State.DEAD, action="fail", value="dead: why", job="job-7")
        lab.settle(W1, end)
        assert lab.redis("HGET", OWN + "jobs", lab.bases[0] + "job-7") is None
        assert write(lab, order(lab, job="job-7"))[0].code == "ok"
        assert lab.redis("HGET", OWN + "jobs", lab.bases[0] + "job-7") == "m"

    def test_without_a_job_only_names_the_end(self, lab: Lab):
        ended(lab, State.UNKNOWN, DOUBT)
        closing = order(lab, lane=0, job="", verb="delivered", state=State.DELIVERED, words="seen at the provider")
        assert write(lab, closing)[0].code == "ok"
        assert (lab.record("m").state, lab.record("m").reason) == (State.DELIVERED, "seen at the provider")
        assert (totals(lab), lab.place("m")) == ({"delivered": 1}, "failed")
        assert lab.run(lab.store.attempts.unknown()) == []

    def test_that_takes_back_another_lists_the_message_again(self, lab: Lab):
        ended(lab, State.UNKNOWN, DOUBT)
        write(lab, order(lab, lane=0, verb="drop", state=State.CANCELLED))
        lab.now += 1
        write(lab, order(lab, id="d2", lane=0, verb="undo", state=State.UNKNOWN, words="why"))
        assert lab.run(lab.store.attempts.unknown()) == [("m", lab.now)]
        assert [one.verb for one in lab.record("m").decisions] == ["drop", "undo"]
        assert totals(lab) == {"unknown": 1}


class TestAnOrderedResend:
    def test_is_marked_on_the_attempt_with_who_decided(self, lab: Lab):
        ended(lab, State.UNKNOWN, DOUBT)
        assert write(lab, order(lab, verb="resend", allowed=1))[0].code == "ok"
        assert (lab.record("m").allowed, lab.record("m").ordered) == (1, True)
        lab.claim(W1)
        again = intent("m", "a2", lab.record("m").version, why=Why.RESEND)
        assert lab.admit(W1, again)[0].code == "ok"
        record = lab.record("m")
        assert [(item.why, item.by) for item in record.attempts] == [(Why.FIRST, ""), (Why.RESEND, "ada")]
        assert (record.ambiguous_resends, record.ordered) == (1, False)

    def test_leaves_other_attempts_unmarked(self, lab: Lab):
        ended(lab, State.DEAD)
        write(lab, order(lab))
        lab.claim(W1)
        lab.admit(W1, intent("m", "a2", lab.record("m").version))
        assert [item.by for item in lab.record("m").attempts] == ["", ""]

    def test_does_not_outlive_an_acceptance_that_comes_late(self, lab: Lab):
        ended(lab, State.UNKNOWN, DOUBT)
        write(lab, order(lab, verb="resend", allowed=1))
        late = outcome_of("m", "a1", Outcome(Kind.ACCEPTED, provider_id="p-1"), state=State.ACCEPTED)
        assert lab.settle("nf.other.1.c", late)[0].code == "late"
        lab.claim(W1)
        again = intent("m", "a2", lab.record("m").version, why=Why.RESEND)
        assert lab.admit(W1, again)[0].code == "stale"


class TestTheJob:
    """As BullMQ's own retry leaves it; `interop` compares the whole."""

    def failed(self, lab: Lab, priority: int = 0, options: str | None = None) -> None:
        lab.run(lab.store.queue.enqueue([Addition(1, "m", "mail", b"{}", 0, priority)]))
        if options:
            lab.redis("HSET", lab.bases[0] + "m", "opts", options)
        lab.claim(W1)
        lab.settle(W1, decision("m", 0, State.REJECTED, "fail", "rejected: why"))

    def test_has_forgotten_its_end_and_kept_what_was_counted(self, lab: Lab):
        self.failed(lab)
        write(lab, order(lab))
        left = lab.hash("m")
        assert not {"finishedOn", "processedOn", "failedReason"} & left.keys()
        assert (left["atm"], left["ats"], json.loads(left["stacktrace"])) == ("1", "1", ["rejected: why"])
        assert (lab.events()[-1], lab.redis("ZCARD", lab.bases[0] + "marker")) == ("waiting", 1)

    def test_with_a_priority_stands_in_line_by_it(self, lab: Lab):
        self.failed(lab, priority=7)
        write(lab, order(lab))
        assert lab.place("m") == "prioritized"

    def test_with_a_priority_waits_plainly_in_a_queue_of_bullmq_5(self, lab: Lab):
        self.failed(lab, priority=7)
        lab.redis("HSET", lab.bases[0] + "meta", "version", "bullmq:5.81.5")
        write(lab, order(lab))
        assert lab.place("m") == "wait"

    @pytest.mark.parametrize(("options", "place"), [('{"lifo":true}', -1), ("{}", 0), ("no JSON", 0)])
    def test_that_goes_first_goes_first_again(self, lab: Lab, options: str, place: int):
        self.failed(lab, options=options)
        lab.enqueue("other")
        write(lab, order(lab))
        assert lab.redis("LINDEX", lab.bases[0] + "wait", place) == "m"

    def test_wakes_nobody_in_a_paused_queue(self, lab: Lab):
        self.failed(lab)
        lab.redis("DEL", lab.bases[0] + "marker")
        lab.redis("HSET", lab.bases[0] + "meta", "paused", 1)
        write(lab, order(lab))
        assert (lab.place("m"), lab.redis("EXISTS", lab.bases[0] + "marker")) == ("wait", 0)
