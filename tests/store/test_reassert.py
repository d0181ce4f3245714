"""Reassert: what a server has lost is written again as it was, and nothing that it has is changed."""

import pytest

from lab import NOON, W1, W2, Lab, decision, intent, outcome_of
from notifyctl.domain.attempt import State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.store.attempts import Deed, Settlement

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1")
FAULT = Outcome(Kind.FAULT, code="503", http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")


def deed(message: str = "m", attempt: str = "a1", at: int = NOON, **changes: object) -> Deed:
    return Deed(intent(message, attempt, **changes), at)


def accepted(message: str = "m", attempt: str = "a1", **changes: object) -> Settlement:
    return outcome_of(message, attempt, ACCEPTED, state=State.ACCEPTED, action="complete", value="{}", **changes)


def reassert(lab: Lab, *deeds: tuple[Deed | None, Settlement | None], worker: str = W1) -> tuple[int, int]:
    """How many intents and how many outcomes were lost; the outcomes are settled again."""
    intents, outcomes = lab.run(lab.store.attempts.reassert(worker, deeds))
    if outcomes:
        lab.settle(worker, *outcomes)
    return intents, len(outcomes)


def in_flight(lab: Lab) -> int:
    return lab.run(lab.store.attempts.in_flight())


def totals(lab: Lab) -> dict[str, int]:
    return {name: count for name, count in lab.run(lab.store.attempts.totals())[0].items() if count}


class TestALostIntent:
    def test_is_written_again_with_its_own_time_owner_and_digest(self, lab: Lab):
        lab.claimed("m")
        lab.now += 5000
        assert reassert(lab, (deed(), None)) == (1, 0)
        record = lab.record("m")
        assert (record.state, record.version, record.body, record.job) == (
            State.ATTEMPTING,
            lab.now,
            "body",
            lab.bases[0] + "m",
        )
        (attempt,) = record.attempts
        assert (attempt.intent_at, attempt.owner, attempt.digest, attempt.why) == (NOON, W1, "digest", Why.FIRST)
        assert attempt.outcome is None
        assert in_flight(lab) == 1

    def test_stops_whoever_decided_without_it(self, lab: Lab):
        lab.claimed("m", worker=W2)
        reassert(lab, (deed(), None))
        assert lab.admit(W2, intent("m", "b1", version=0))[0].code == "stale"
        assert lab.record("m").suspect

    def test_takes_its_place_in_time(self, lab: Lab):
        lab.sending("m", "a2")
        reassert(lab, (deed(attempt="a3", at=NOON + 9), None), (deed(attempt="a1", at=NOON - 9), None))
        assert [item.id for item in lab.record("m").attempts] == ["a1", "a2", "a3"]

    @pytest.mark.parametrize(("why", "looks"), [(Why.REPLAY, 1), (Why.RESEND, 0)])
    def test_begins_a_search_or_counts_as_a_look(self, lab: Lab, why: Why, looks: int):
        lab.sending("m")
        version = lab.settle(W1, outcome_of("m", "a1", DOUBT))[0].version
        lab.settle(W1, decision("m", version, None, "keep", looked=True))
        reassert(lab, (deed(attempt="a2", at=NOON + 50, why=why), None))
        record = lab.record("m")
        assert (record.looks, record.looked_at) == (looks, NOON + 50 if looks else 0)

    def test_reopens_what_ended_at_the_door_and_no_other_end(self, lab: Lab):
        for message, state in (("door", State.EXPIRED), ("gone", State.UNKNOWN)):
            lab.claimed(message)
            lab.settle(W1, decision(message, 0, state, "fail", f"{state}: why"))
            reassert(lab, (deed(message, f"a-{message}"), None))
        assert (lab.record("door").state, lab.record("gone").state) == (State.ATTEMPTING, State.UNKNOWN)
        assert totals(lab) == {"unknown": 1}


class TestALostOutcome:
    def test_comes_back_with_the_end_of_its_job_when_that_is_still_ours(self, lab: Lab):
        lab.claimed("m")
        assert reassert(lab, (deed(), accepted())) == (1, 1)
        record = lab.record("m")
        assert (record.state, record.provider_id, record.attempts[0].outcome) == (State.ACCEPTED, "p-1", ACCEPTED)
        assert (lab.place("m"), totals(lab), in_flight(lab)) == ("completed", {"accepted": 1}, 0)

    @pytest.mark.parametrize(
        ("outcome", "state"), [(ACCEPTED, State.ACCEPTED), (FAULT, State.DEAD), (DOUBT, State.UNKNOWN)]
    )
    def test_comes_back_alone_when_the_claim_was_lost_too(self, lab: Lab, outcome: Outcome, state: State):
        lab.enqueue("m")
        told = outcome_of("m", "a1", outcome, state=state, action="fail", value="why")
        assert reassert(lab, (deed(), told)) == (1, 1)
        record = lab.record("m")
        assert (record.state, record.attempts[0].outcome, record.ended) == (state, outcome, True)
        assert (lab.place("m"), totals(lab), in_flight(lab)) == ("wait", {state.value: 1}, 0)

    def test_of_another_workers_call_comes_back_too(self, lab: Lab):
        lab.sending("m")
        assert reassert(lab, (None, accepted()), worker=W2) == (0, 1)
        assert lab.record("m").state is State.ACCEPTED

    def test_is_told_in_order_when_a_doubt_was_cleared_up(self, lab: Lab):
        lab.claimed("m")
        assert reassert(lab, (deed(), outcome_of("m", "a1", DOUBT)), (None, accepted())) == (1, 2)
        assert (lab.record("m").state, lab.place("m")) == (State.ACCEPTED, "completed")


class TestWhatIsThere:
    def test_is_not_touched(self, lab: Lab):
        lab.sending("done")
        lab.settle(W1, accepted("done"))
        lab.sending("open", "a2")
        before = snapshot(lab)
        known = ((deed("done"), accepted("done")), (deed("open", "a2"), None))
        assert reassert(lab, *known) == (0, 0)
        assert snapshot(lab) == before

    def test_is_there_after_the_first_time(self, lab: Lab):
        lab.enqueue("m")
        reassert(lab, (deed(), accepted()))
        before = snapshot(lab)
        assert reassert(lab, (deed(), accepted())) == (0, 0)
        assert snapshot(lab) == before

    @pytest.mark.parametrize("newer", [ACCEPTED, DOUBT])
    def test_is_not_overwritten_by_less(self, lab: Lab, newer: Outcome):
        lab.sending("m")
        lab.settle(W1, outcome_of("m", "a1", newer))
        assert reassert(lab, (deed(), outcome_of("m", "a1", FAULT))) == (0, 0)
        assert lab.record("m").attempts[0].outcome == newer

    def test_may_be_improved_by_evidence(self, lab: Lab):
        lab.sending("m")
        lab.settle(W1, outcome_of("m", "a1", DOUBT))
        assert reassert(lab, (deed(), accepted())) == (0, 1)
        assert lab.record("m").state is State.ACCEPTED


class TestAnOutcomeWhoseIntentNobodyKnowsAnyMore:
    @pytest.mark.parametrize("outcome", [ACCEPTED, DOUBT])
    def test_makes_the_attempt_known(self, lab: Lab, outcome: Outcome):
        lab.claimed("m")
        assert lab.settle(W1, outcome_of("m", "a1", outcome))[0].code == "ok"
        (attempt,) = lab.record("m").attempts
        assert (attempt.provider, attempt.outcome) == ("resend", outcome)

    def test_is_nothing_when_surely_no_copy_left(self, lab: Lab):
        lab.claimed("m")
        assert lab.settle(W1, outcome_of("m", "a1", FAULT))[0].code == "ok"
        assert lab.record("m").attempts == ()


def snapshot(lab: Lab) -> dict[str, object]:
    """Every key with its value in the server's own form."""
    keys = sorted(lab.redis("KEYS", "*"))

    async def dump() -> list[bytes]:
        return [await lab.link.redis.dump(key) for key in keys]

    return dict(zip(keys, lab.run(dump()), strict=True))
