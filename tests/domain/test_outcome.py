"""A call without an answer: whether the body was handed over decides everything."""

import pytest

from notifyctl.domain.outcome import Broken, Certainty, Kind, of_broken


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
