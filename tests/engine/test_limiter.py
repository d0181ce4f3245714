"""The limiter: what an answer says of a provider's room, and that only news costs a round trip."""

import pytest

from conftest import free_port
from lab import NOON, Lab
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.limit import FIRST, HOLD, READY, UNHEARD, Limit
from notifyctl.domain.outcome import Certainty, Kind, Limits, Outcome
from notifyctl.engine.limiter import Limiter, closure, crowded
from notifyctl.store.attempts import Admission
from notifyctl.store.connect import connect
from notifyctl.store.limits import LimitLook
from notifyctl.store.link import Link
from notifyctl.store.server import Server

ACCEPTED = Outcome(Kind.ACCEPTED)


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


def known(lab: Lab, provider: str = "resend") -> LimitLook:
    return lab.run(lab.store.limits.look(provider))


def limited(limit: int, window: int = 1, remaining: int | None = None) -> Outcome:
    return Outcome(Kind.ACCEPTED, limits=Limits(limit, window, remaining))


def answer(code: str = "ok", gap: float = 50, trial: bool = False, turn: int = 0) -> Admission:
    return Admission(code, NOON, free_at=turn, following=NOON, gap=gap, trial=trial)


def test_a_closure_is_shared_and_its_end_returned(lab: Lab):
    limiter = Limiter(lab.store.limits)
    assert lab.run(limiter.hear("resend", Outcome(Kind.THROTTLED, retry_after_ms=5000))) == NOON + 5000
    assert known(lab).closed_until == NOON + 5000
    assert lab.run(limiter.hear("resend", ACCEPTED)) == 0


def test_a_limit_is_learnt_when_it_is_news(lab: Lab):
    limiter = Limiter(lab.store.limits)
    lab.run(limiter.hear("resend", limited(10, 4)))
    assert known(lab).rate == Limit(10, 4).rate
    lab.redis("DEL", "nf:{bull}:limit:resend")
    lab.run(limiter.hear("resend", limited(10, 4)))
    assert known(lab).rate is None
    lab.run(limiter.hear("resend", limited(3)))
    assert known(lab).rate == Limit(3).rate


def test_a_limit_that_redis_has_forgotten_is_told_again(lab: Lab):
    limiter = Limiter(lab.store.limits)
    lab.run(limiter.hear("resend", limited(3)))
    lab.redis("DEL", "nf:{bull}:limit:resend")
    limiter.admitted("resend", 1, answer(trial=True))
    lab.run(limiter.hear("resend", limited(3)))
    assert known(lab).rate == Limit(3).rate


@pytest.mark.parametrize("nonsense", [limited(0), limited(-1), limited(5, 0)])
def test_nonsense_is_not_learnt(lab: Lab, nonsense: Outcome):
    lab.run(Limiter(lab.store.limits).hear("resend", nonsense))
    assert known(lab).rate is None


def test_a_limit_that_could_not_be_passed_on_is_passed_on_later(lab: Lab):
    limits, living = lab.store.limits, lab.link
    limiter = Limiter(limits)
    nowhere = Server(directory=living.server.directory, host="127.0.0.1", port=free_port())
    limits.scripts.link = Link(connect(nowhere, start=False, name="lab"), nowhere)
    with pytest.raises(Unreachable):
        lab.run(limiter.hear("resend", limited(3)))
    lab.run(limits.scripts.link.redis.aclose())
    limits.scripts.link = living
    lab.run(limiter.hear("resend", limited(3)))
    assert known(lab).rate == Limit(3).rate


def test_while_a_pace_is_tried_good_answers_are_told_now_and_then(lab: Lab):
    limiter = Limiter(lab.store.limits)
    limiter.admitted("ses", 1, answer(trial=True))
    for _ in range(9):
        lab.run(limiter.hear("ses", ACCEPTED))
        lab.now += 3_600_000
    assert known(lab, "ses").pace == FIRST * 2


def test_a_refusal_without_a_known_limit_cuts_the_pace_in_force(lab: Lab):
    limiter = Limiter(lab.store.limits)
    limiter.admitted("postmark", 1, answer(gap=10))
    lab.run(limiter.hear("postmark", Outcome(Kind.THROTTLED)))
    assert known(lab, "postmark").pace == 50


@pytest.mark.parametrize(("remaining", "crowd"), [(None, None), (0, 0), (1, 1), (2, None), (90, None)])
def test_others_use_the_account_when_less_is_left_than_we_ever_leave(remaining: int | None, crowd: int | None):
    """Of 100 calls we leave two."""
    assert crowded(limited(100, 1, remaining), Limit(100)) == crowd


class TestWhatMayBeClaimed:
    def test_is_anything_while_no_limit_is_met(self, lab: Lab):
        limiter = Limiter(lab.store.limits)
        assert limiter.claimable(3, NOON) == float("inf")
        limiter.admitted("resend", 3, answer(gap=0))
        assert limiter.claimable(3, NOON) == float("inf")

    def test_is_a_few_jobs_of_a_lane_whose_provider_has_a_limit(self, lab: Lab):
        limiter = Limiter(lab.store.limits)
        limiter.admitted("resend", 3, answer())
        assert (limiter.claimable(3, NOON), limiter.claimable(2, NOON)) == (READY, float("inf"))

    def test_is_nothing_while_the_turn_is_far_away_but_for_a_try_now_and_then(self, lab: Lab):
        limiter = Limiter(lab.store.limits)
        limiter.admitted("resend", 3, answer("full", turn=NOON + 60_000))
        times = (NOON, NOON + UNHEARD, NOON + UNHEARD + 1, NOON + 60_000 - HOLD)
        assert [limiter.claimable(3, now) for now in times] == [0, 0, READY, READY]
