"""The limiter: what an answer says of a provider's room, and that only news costs a round trip."""

import pytest

from conftest import free_port
from lab import NOON, Lab
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.outcome import Certainty, Kind, Limits, Outcome
from notifyctl.engine.limiter import Limiter, closure
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.server import Server


@pytest.mark.parametrize(
    ("outcome", "closed"),
    [
        (Outcome(Kind.THROTTLED, retry_after_ms=5000), 5000),
        (Outcome(Kind.THROTTLED), 1000),
        (Outcome(Kind.THROTTLED, retry_after_ms=0), 1000),
        (Outcome(Kind.THROTTLED, Certainty.AMBIGUOUS, retry_after_ms=5000), None),
        (Outcome(Kind.THROTTLED, code="late"), None),
        (Outcome(Kind.ACCEPTED), None),
        (Outcome(Kind.FAULT, retry_after_ms=5000), None),
        (Outcome(Kind.REJECTED), None),
    ],
)
def test_only_a_definite_throttling_closes_a_provider(outcome: Outcome, closed: int | None):
    assert closure(outcome) == closed


def learnt(lab: Lab) -> str | None:
    return lab.redis("HGET", "nf:{bull}:limit:resend", "rate")


def limited(limit: int, window: int = 1) -> Outcome:
    return Outcome(Kind.ACCEPTED, limits=Limits(limit, window))


def test_a_closure_is_shared_and_its_end_returned(lab: Lab):
    limiter = Limiter(lab.store.limits)
    assert lab.run(limiter.hear("resend", Outcome(Kind.THROTTLED, retry_after_ms=5000))) == NOON + 5000
    assert lab.run(lab.store.limits.closed_until("resend")) == NOON + 5000
    assert lab.run(limiter.hear("resend", Outcome(Kind.ACCEPTED))) == 0


def test_a_rate_is_learnt_when_it_is_news(lab: Lab):
    limiter = Limiter(lab.store.limits)
    lab.run(limiter.hear("resend", limited(10, 4)))
    assert learnt(lab) == "2.5"
    lab.redis("DEL", "nf:{bull}:limit:resend")
    lab.run(limiter.hear("resend", limited(10, 4)))
    assert learnt(lab) is None
    lab.run(limiter.hear("resend", limited(3)))
    assert learnt(lab) == "3.0"


@pytest.mark.parametrize("nonsense", [limited(0), limited(-1), limited(5, 0)])
def test_nonsense_is_not_learnt(lab: Lab, nonsense: Outcome):
    lab.run(Limiter(lab.store.limits).hear("resend", nonsense))
    assert learnt(lab) is None


def test_a_rate_that_could_not_be_passed_on_is_passed_on_later(lab: Lab):
    limits, living = lab.store.limits, lab.link
    limiter = Limiter(limits)
    nowhere = Server(directory=living.server.directory, host="127.0.0.1", port=free_port())
    limits.scripts.link = Link(connect(nowhere, start=False, name="lab"), nowhere)
    with pytest.raises(Unreachable):
        lab.run(limiter.hear("resend", limited(3)))
    lab.run(limits.scripts.link.redis.aclose())
    limits.scripts.link = living
    lab.run(limiter.hear("resend", limited(3)))
    assert learnt(lab) == "3.0"
