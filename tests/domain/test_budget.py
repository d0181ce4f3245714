"""What one more call for a message costs a provider."""

import pytest

from notifyctl.domain.attempt import Why
from notifyctl.domain.budget import cost
from situations import ACCEPTED, DOUBT, FAULT, THROTTLED, call, record


@pytest.mark.parametrize(
    ("attempts", "why", "tokens"),
    [
        ((), Why.FIRST, 0),
        ((call("postmark", FAULT),), Why.FIRST, 0),
        ((call("resend", THROTTLED), call("resend", ACCEPTED)), Why.FIRST, 0),
        ((call("resend", FAULT),), Why.FIRST, 5),
        ((call("resend", FAULT), call("resend", DOUBT, 1)), Why.RESEND, 10),
        ((call("resend", DOUBT),), Why.REPLAY, 0),
    ],
)
def test_only_going_back_to_a_provider_that_failed_costs(attempts, why, tokens):
    assert cost(record(*attempts), "resend", why) == tokens
