"""What an outcome counts in a breaker, and what a probe tells."""

import pytest

from notifyctl.domain.breaker import Probed, Yielded
from notifyctl.domain.outcome import Broken, Certainty, Kind, Outcome, of_broken
from notifyctl.domain.tally import Weight, verdict, weight

DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
BUSY = Outcome(Kind.THROTTLED, Certainty.AMBIGUOUS, code="concurrent")


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (Outcome(Kind.FAULT, http=503), Weight.FAULT),
        (DOUBT, Weight.FAULT),
        (Outcome(Kind.ACCEPTED), Weight.ACCEPTED),
        (Outcome(Kind.ACCOUNT), Weight.ACCOUNT),
        (Outcome(Kind.SENDER), Weight.SENDER),
        (Outcome(Kind.THROTTLED), Weight.NOTHING),
        (Outcome(Kind.REJECTED), Weight.NOTHING),
        (BUSY, Weight.NOTHING),
        (of_broken(Broken("late", False, "")), Weight.NOTHING),
        (Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="abandoned"), Weight.NOTHING),
    ],
)
def test_faults_and_acceptances_count_and_what_says_nothing_of_the_provider_does_not(outcome, counts):
    assert weight(outcome) is counts


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome(Kind.ACCEPTED), Probed("p", True)),
        (Outcome(Kind.FAULT, code="x"), Probed("p", False, "x")),
        (DOUBT, Probed("p", False, "timeout")),
        (Outcome(Kind.THROTTLED, http=429), Probed("p", False, "429")),
        (Outcome(Kind.ACCOUNT, code="key"), Probed("p", False, "key")),
        (Outcome(Kind.REJECTED), Yielded("p")),
        (Outcome(Kind.SENDER), Yielded("p")),
        (BUSY, Yielded("p")),
        (of_broken(Broken("late", False, "")), Yielded("p")),
    ],
)
def test_a_probe_goes_well_or_not_or_tells_nothing(outcome, told):
    got = verdict("p", outcome)
    assert type(got) is type(told)
    assert got[:2] == told[:2]
