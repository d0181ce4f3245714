"""What may leave Redis, and when the daily move is due."""

import pytest

from notifyctl.domain.archive import Archived
from notifyctl.domain.attempt import Attempt, Record, State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.retention import EVERY_MS, LATE_MS, LastMove, due, late, may_leave

NOON = 1_795_510_800_000
FAULT, DOUBT = Outcome(Kind.FAULT), Outcome(Kind.FAULT, Certainty.AMBIGUOUS)
ACCEPTED = Outcome(Kind.ACCEPTED)


def record(state: State, *outcomes: Outcome | None) -> Record:
    calls = (Attempt(f"a{at}", "resend", Why.FIRST, NOON, "", "", one) for at, one in enumerate(outcomes))
    return Record("m", 1, state, tuple(calls))


@pytest.mark.parametrize(
    ("state", "outcomes", "leaves"),
    [
        (State.ACCEPTED, (ACCEPTED,), True),
        (State.ACCEPTED, (DOUBT, ACCEPTED), True),  # a copy too many may be out, and that is recorded
        (State.BOUNCED, (DOUBT, ACCEPTED), True),
        (State.ACCEPTED, (None, ACCEPTED), False),
        (State.DEAD, (FAULT, FAULT), True),
        (State.DEAD, (FAULT, DOUBT), False),
        (State.REJECTED, (), True),
        (State.SUPPRESSED, (FAULT,), True),
        (State.CANCELLED, (DOUBT,), False),
        (State.UNKNOWN, (), False),
        (State.UNKNOWN, (DOUBT,), False),
        (State.QUEUED, (), False),
        (State.ATTEMPTING, (None,), False),
        (State.HELD, (FAULT,), False),
    ],
)
def test_what_may_leave(state: State, outcomes: tuple[Outcome | None, ...], leaves: bool):
    assert may_leave(record(state, *outcomes)) is leaves


def test_what_is_archived_has_left():
    assert not may_leave(record(State.ACCEPTED)._replace(archived=Archived("2026-11", "host")))


def test_the_move_is_daily_and_not_put_off_by_a_clock_that_was_set_back():
    last = LastMove(NOON, "one", 3)
    assert due(LastMove(), NOON)
    assert not due(last, NOON)
    assert not due(last, NOON + EVERY_MS - 1)
    assert due(last, NOON + EVERY_MS)
    assert due(last, NOON - 1)


def test_it_is_late_three_days_after_the_last_one_or_after_the_first_try():
    assert not late(LastMove(), NOON)
    assert not late(LastMove(tried=NOON), NOON + LATE_MS - 1)
    assert late(LastMove(tried=NOON), NOON + LATE_MS)
    assert not late(LastMove(NOON), NOON + LATE_MS - 1)
    assert late(LastMove(NOON), NOON + LATE_MS)
