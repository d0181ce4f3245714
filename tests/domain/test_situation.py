"""When a provider has room for one message: its rest after a refusal, and who waits for a full one how long."""

import pytest

from notifyctl.domain.attempt import Record, Why
from notifyctl.domain.revision import Bounds, Priority
from notifyctl.domain.situation import exhausted, patient, ready_at
from situations import ACCOUNT, DOUBT, FAULT, REJECTED, SENDER, THROTTLED, call, record, situation


@pytest.mark.parametrize(("faults", "rest"), [(1, 5), (2, 30), (3, 120), (4, 300), (5, 900), (6, 900)])
def test_a_provider_rests_longer_after_each_definite_fault(faults, rest):
    failed = record(*(call("resend", FAULT, at) for at in range(1000, 1000 * faults + 1, 1000)))
    assert ready_at(failed, "resend", situation(0)) == faults * 1000 + rest * 1000
    assert ready_at(failed, "postmark", situation(0)) == 0


@pytest.mark.parametrize("outcome", [SENDER, ACCOUNT])
def test_a_provider_that_refused_our_sender_or_account_rests_300_seconds(outcome):
    assert ready_at(record(call("ses", outcome, 1000)), "ses", situation(0)) == 301_000


def test_a_throttled_or_unanswered_call_rests_nobody():
    assert ready_at(record(call("ses", THROTTLED, 1000)), "ses", situation(0)) == 0
    assert ready_at(record(call("ses", None, 1000)), "ses", situation(0)) == 0


def test_a_full_provider_is_ready_when_it_has_room_and_has_rested():
    full = situation(0, full={"resend": 3000})
    assert ready_at(Record("m"), "resend", full) == 3000
    assert ready_at(record(call("resend", FAULT, 1000)), "resend", full) == 6000


@pytest.mark.parametrize(
    ("priority", "patience"),
    [(Priority.CRITICAL, 2000), (Priority.STANDARD, 60_000), (Priority.BULK, 10**9)],
)
def test_patience_depends_on_the_priority(priority, patience):
    for wait, stays in ((0, False), (1, True), (patience, True), (patience + 1, priority is Priority.BULK)):
        full = situation(500, priority, full={"resend": 500 + wait})
        assert patient(Record("m"), "resend", full) == stays


def test_a_provider_that_rests_for_the_message_is_not_waited_for_however_patient():
    failed = record(call("resend", FAULT, 0))
    for priority in Priority:
        full = {"resend": 5500}
        assert not patient(failed, "resend", situation(4999, priority, full=full))
        assert patient(failed, "resend", situation(5000, priority, full=full))


def test_three_definite_faults_exhaust_a_provider_and_nothing_else_does():
    harmless = (call("resend", THROTTLED), call("resend", SENDER), call("resend", REJECTED), call("resend", DOUBT))
    replays = tuple(call("resend", FAULT, at, Why.REPLAY) for at in (1, 2, 3))
    two = record(*harmless, *replays, call("resend", FAULT, 4), call("resend", FAULT, 5), call("ses", FAULT, 6))
    three = record(*two.attempts, call("resend", FAULT, 7))
    assert not exhausted(two, "resend", Bounds())
    assert exhausted(three, "resend", Bounds())
    assert not exhausted(three, "ses", Bounds())
