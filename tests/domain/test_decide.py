"""What a person may decide about a message that has ended, and what never."""

import pytest

from notifyctl.domain.archive import Archived
from notifyctl.domain.attempt import Record, State
from notifyctl.domain.decide import Case, close, resend, retry
from notifyctl.domain.revision import MessageType, Priority, Purpose
from situations import DAY, DOUBT, FAULT, REJECTED, call, record

KEY = "bull:email-critical:m"
FAILED = call("resend", FAULT)
TAKEN = (State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED)


def case(state: State, *attempts, priority=Priority.CRITICAL, purpose=Purpose.SERVICE, **changes) -> Case:
    """A message of today whose job is there and whose text was not changed."""
    known = record(*attempts, state=state, job=KEY, version=3)
    kind = MessageType(purpose, priority, DAY // 1000)
    return Case(known, KEY, "body", kind, now=1000, deadline=DAY)._replace(**changes)


class TestARetry:
    def test_of_a_dead_message_is_another_chance(self):
        assert retry(case(State.DEAD, FAILED)).verb == "retry"

    def test_of_one_that_expired_after_attempts_needs_another_deadline(self):
        late = case(State.EXPIRED, FAILED, now=DAY)
        assert retry(late).code == "RTY-LATE"
        assert retry(late._replace(now=DAY - 1)).verb == "retry"
        assert retry(late._replace(lengthened=DAY + 1)).verb == "retry"
        assert retry(late._replace(lengthened=DAY)).code == "RTY-LATE"

    def test_keeps_to_a_deadline_that_a_person_gave_before(self):
        before = case(State.EXPIRED, FAILED, now=DAY)
        assert retry(before._replace(record=before.record._replace(deadline=DAY + 1))).verb == "retry"

    @pytest.mark.parametrize("state", [State.REJECTED, State.EXPIRED])
    def test_of_one_that_ended_at_the_door_is_a_look_afresh(self, state):
        assert retry(case(state)).verb == "look"

    @pytest.mark.parametrize("state", TAKEN)
    def test_of_one_that_is_out_is_refused(self, state):
        assert retry(case(state, FAILED)).code == "RTY-OUT"

    def test_of_one_that_may_be_out_is_refused_and_names_the_other_verb(self):
        verdict = retry(case(State.UNKNOWN, call("ses", DOUBT)))
        assert (verdict.verb, verdict.code, verdict.fix) == ("", "RTY-UNKNOWN", "notifyctl message resend m")

    @pytest.mark.parametrize("state", [State.QUEUED, State.ATTEMPTING, State.HELD])
    def test_of_one_under_way_has_nothing_to_do(self, state):
        assert retry(case(state)).code == "RTY-OPEN"

    @pytest.mark.parametrize("state", [State.SUPPRESSED, State.NO_CONSENT, State.CANCELLED])
    def test_of_one_that_was_not_to_be_sent_is_refused(self, state):
        assert retry(case(state)).code == "RTY-FINAL"

    def test_of_one_that_a_provider_refused_is_refused(self):
        assert retry(case(State.REJECTED, call("resend", REJECTED))).code == "RTY-FINAL"

    @pytest.mark.parametrize("state", [State.DEAD, State.EXPIRED, State.REJECTED])
    def test_of_one_that_is_archived_is_refused(self, state):
        archived = case(state)._replace(record=record(state=state)._replace(archived=Archived("2026-11", "host")))
        assert retry(archived).code == "RTY-ARCHIVED"
        assert resend(archived).code == "RTY-ARCHIVED"
        assert close(archived.record, "drop").code == "RTY-ARCHIVED"


WRONG = {
    "RTY-GONE": {"job": ""},
    "RTY-UNRECORDED": {"record": Record("m", state=State.DEAD)},
    "RTY-OTHER-JOB": {"job": "bull:email-critical:other"},
    "RTY-UNREADABLE": {"type": None, "unreadable": "MSG-TYPE: unknown"},
    "RTY-EDITED": {"body": "another"},
    "RTY-LATE": {"now": DAY},
}


class TestWhateverIsDecided:
    @pytest.mark.parametrize("code", WRONG)
    def test_a_dead_message_is_left_alone_when(self, code):
        assert retry(case(State.DEAD, FAILED, **WRONG[code])).code == code

    @pytest.mark.parametrize("code", [code for code in WRONG if code != "RTY-UNRECORDED"])
    def test_an_unknown_message_is_left_alone_when(self, code):
        assert resend(case(State.UNKNOWN, call("ses", DOUBT), **WRONG[code])).code == code

    def test_nobody_is_written_to_without_permission(self):
        assert retry(case(State.DEAD, FAILED, purpose=Purpose.MARKETING)).code == "RTY-PERMISSION"


class TestAResend:
    @pytest.mark.parametrize("priority", [Priority.CRITICAL, Priority.STANDARD])
    def test_of_an_unknown_message_risks_a_second_copy(self, priority):
        verdict = resend(case(State.UNKNOWN, call("ses", DOUBT), priority=priority))
        assert (verdict.verb, verdict.reason) == ("resend", "a copy may be out: this may be a second one")

    @pytest.mark.parametrize(
        ("priority", "purpose"), [(Priority.BULK, Purpose.SERVICE), (Priority.CRITICAL, Purpose.MARKETING)]
    )
    def test_of_unknown_bulk_or_marketing_mail_is_refused_whatever_holds(self, priority, purpose):
        doubt = case(State.UNKNOWN, call("ses", DOUBT), priority=priority, purpose=purpose)
        verdict = resend(doubt._replace(lengthened=10 * DAY))
        assert verdict.code == "RTY-BULK"
        assert "look it up at ses" in verdict.fix

    def test_of_a_dead_message_is_a_retry_also_of_bulk(self):
        assert resend(case(State.DEAD, FAILED, priority=Priority.BULK)).verb == "retry"

    def test_of_one_that_is_out_is_refused(self):
        assert resend(case(State.ACCEPTED, FAILED)).code == "RTY-OUT"


class TestTheQuestionIsClosed:
    @pytest.mark.parametrize("verb", ["delivered", "drop", "ignore"])
    def test_of_an_unknown_message(self, verb):
        assert close(record(state=State.UNKNOWN), verb).verb == verb

    def test_of_a_dead_one_but_not_as_delivered(self):
        assert close(record(state=State.DEAD), "drop").verb == "drop"
        assert close(record(state=State.DEAD), "delivered").code == "RTY-FINAL"

    def test_of_no_other(self):
        assert close(record(state=State.ACCEPTED), "drop").code == "RTY-OPEN"
