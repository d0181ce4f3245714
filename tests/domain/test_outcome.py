"""A call without an answer: whether the body was handed over decides everything."""

import pytest

from notifyctl.domain.outcome import MISTIMED, Broken, Certainty, Kind, Outcome, of_broken, timed


@pytest.mark.parametrize("stage", ["resolve", "connect", "tls", "write"])
def test_a_body_that_surely_never_left_whole_is_a_definite_fault(stage):
    outcome = of_broken(Broken(stage, False, "why"))
    assert (outcome.kind, outcome.ambiguous, outcome.code) == (Kind.FAULT, False, stage)


@pytest.mark.parametrize("stage", ["write", "answer", "timeout"])
def test_whatever_else_went_wrong_leaves_doubt(stage):
    outcome = of_broken(Broken(stage, True, "why"))
    assert (outcome.kind, outcome.certainty) == (Kind.FAULT, Certainty.AMBIGUOUS)


def test_a_call_whose_moment_to_start_had_passed_is_nobodys_fault_and_surely_left_no_copy():
    outcome = of_broken(Broken("late", False, "why"))
    assert (outcome.kind, outcome.ambiguous) == (Kind.THROTTLED, False)


REFUSED = Outcome(Kind.ACCOUNT, code="SignatureDoesNotMatch", http=403)


@pytest.mark.parametrize(
    ("off", "words"),
    [(241.0, "signed 241 s behind the provider's clock"), (-3600.0, "signed 3600 s ahead of the provider's clock")],
)
def test_a_refusal_of_what_was_signed_at_a_wrong_time_says_nothing_of_the_account(off, words):
    judged = timed(REFUSED, off)
    assert (judged.kind, judged.code, judged.http, judged.detail) == (Kind.THROTTLED, MISTIMED, 403, words)
    assert not judged.ambiguous


@pytest.mark.parametrize(("outcome", "off"), [(REFUSED, 240.0), (REFUSED, -240.0), (Outcome(Kind.FAULT), 3600.0)])
def test_what_came_of_a_call_on_time_stays_and_so_does_what_is_no_refusal_of_the_account(outcome, off):
    assert timed(outcome, off) is outcome
