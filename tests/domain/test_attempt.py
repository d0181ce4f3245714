"""What a record says of its attempts: who is suspect, what is harmless, what counts."""

import pytest

from notifyctl.domain.attempt import Attempt, Record, State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1")
FAULT = Outcome(Kind.FAULT, http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS)


def attempt(number: int, outcome: Outcome | None, why: Why = Why.FIRST, provider: str = "resend") -> Attempt:
    return Attempt(f"a{number}", provider, why, number * 1000, "d", "nf.w", outcome)


def record(*attempts: Attempt, state: State = State.ATTEMPTING) -> Record:
    return Record("m", 1, state, attempts)


def test_only_the_first_three_states_are_open():
    assert [state for state in State if not state.terminal] == [State.QUEUED, State.ATTEMPTING, State.HELD]


@pytest.mark.parametrize(
    ("outcome", "unresolved", "harmless"),
    [
        (None, True, False),
        (DOUBT, True, False),
        (Outcome(Kind.THROTTLED, Certainty.AMBIGUOUS), True, False),
        (ACCEPTED, False, False),
        (FAULT, False, True),
        (Outcome(Kind.THROTTLED), False, True),
        (Outcome(Kind.REJECTED), False, True),
        (Outcome(Kind.SENDER), False, True),
        (Outcome(Kind.ACCOUNT), False, True),
    ],
)
def test_an_attempt_is_harmless_only_when_surely_no_copy_left(outcome, unresolved, harmless):
    item = attempt(1, outcome)
    assert (item.unresolved, item.harmless) == (unresolved, harmless)


def test_the_suspect_is_the_latest_unresolved_call_that_may_have_left_a_copy_of_its_own():
    first, replay, resend = attempt(1, DOUBT), attempt(2, None, Why.REPLAY), attempt(3, None, Why.RESEND, "ses")
    assert record().suspect is None
    assert record(attempt(1, FAULT), attempt(2, ACCEPTED)).suspect is None
    assert record(first, replay).suspect is first
    assert record(first, replay, resend).suspect is resend
    assert record(first, attempt(3, FAULT, Why.RESEND)).suspect is first


def test_a_resend_that_surely_left_no_copy_is_not_a_recorded_risk():
    first = attempt(1, DOUBT)
    assert record(first, attempt(2, FAULT, Why.RESEND)).ambiguous_resends == 0
    for outcome in (None, DOUBT, ACCEPTED):
        assert record(first, attempt(2, outcome, Why.RESEND)).ambiguous_resends == 1


def test_only_definite_faults_of_calls_that_are_no_replays_burn_an_attempt():
    harmless = [attempt(1, Outcome(kind)) for kind in (Kind.THROTTLED, Kind.SENDER, Kind.ACCOUNT, Kind.REJECTED)]
    counted = record(
        *harmless, attempt(2, DOUBT), attempt(3, None), attempt(4, FAULT, Why.REPLAY),
        attempt(5, FAULT), attempt(6, FAULT, provider="ses"), attempt(7, FAULT, Why.RESEND),
    )  # fmt: skip
    assert (counted.faults(), counted.faults("resend"), counted.faults("ses"), counted.faults("x")) == (3, 2, 1, 0)


def test_a_provider_that_was_not_reached_burns_no_attempt_but_its_rest_grows():
    unreached = record(*(attempt(number, Outcome(Kind.FAULT, code="connect")) for number in (1, 2, 3)))
    assert (unreached.faults(), unreached.setbacks("resend"), unreached.setbacks("ses")) == (0, 3, 0)


@pytest.mark.parametrize("state", State)
def test_an_ended_message_stays_ended_but_one_that_ended_at_the_door_is_looked_at_afresh(state):
    at_the_door = state in (State.REJECTED, State.NO_CONSENT, State.EXPIRED)
    assert record(state=state).ended == (state.terminal and not at_the_door)
    assert record(attempt(1, FAULT), state=state).ended == state.terminal


def test_the_latest_attempt_at_a_provider_is_found():
    kept = record(attempt(1, FAULT), attempt(2, FAULT, provider="ses"), attempt(3, DOUBT, provider="ses"))
    assert kept.latest("ses").id == "a3"
    assert kept.latest("postmark") is None
