"""What a message does when the board has shut providers: it goes on, or is held without an attempt."""

import pytest

from notifyctl.domain.attempt import Finish, Look, Send, State, Wait, Why
from notifyctl.domain.revision import Priority
from notifyctl.domain.situation import again_at
from notifyctl.domain.step import next_step
from situations import DAY, DOUBT, FAULT, ROUTE, SECOND, call, record, situation

WINDOW = 300 * SECOND
ALL_SHUT = dict.fromkeys(ROUTE, WINDOW)


@pytest.mark.parametrize("priority", list(Priority))
def test_a_shut_provider_is_not_waited_for(priority):
    assert next_step(record(), situation(0, priority, shut={"resend": 1})) == Send("postmark", Why.FIRST)


@pytest.mark.parametrize("priority", list(Priority))
def test_one_that_is_full_and_shut_is_not_waited_for_either(priority):
    step = next_step(record(), situation(0, priority, full={"resend": 500}, shut={"resend": WINDOW}))
    assert step == Send("postmark", Why.FIRST)


def test_when_all_are_shut_it_is_held_and_looks_again_after_a_lease():
    step = next_step(record(), situation(0, shut=ALL_SHUT))
    assert step == Wait(60 * SECOND, State.HELD, "no provider may be used now")


def test_the_last_look_is_when_the_first_one_opens():
    shut = {**ALL_SHUT, "ses": 20 * SECOND}
    step = next_step(record(), situation(0, shut=shut))
    assert isinstance(step, Wait)
    assert step.until == 20 * SECOND


def test_nobody_spins_while_a_window_is_just_over():
    assert again_at(1, situation(0)) == 5 * SECOND


def test_the_deadline_runs_on_while_it_is_held():
    step = next_step(record(), situation(0, deadline=7 * SECOND, shut=ALL_SHUT))
    assert isinstance(step, Wait)
    assert step.until == 7 * SECOND
    ended = next_step(record(), situation(7 * SECOND, deadline=7 * SECOND, shut=ALL_SHUT))
    assert isinstance(ended, Finish)
    assert ended.state is State.EXPIRED


def test_one_that_rests_for_the_message_and_one_that_is_shut_are_both_waited_for():
    step = next_step(record(call("resend", FAULT)), situation(0, route=("resend", "ses"), shut={"ses": WINDOW}))
    assert isinstance(step, Wait)
    assert step.until == 5 * SECOND


@pytest.mark.parametrize("priority", list(Priority))
def test_a_replay_is_a_call_and_waits_for_its_provider(priority):
    step = next_step(record(call("resend", DOUBT)), situation(30 * SECOND, priority, shut={"resend": WINDOW}))
    assert isinstance(step, Wait)
    assert (step.until, step.state) == (90 * SECOND, State.ATTEMPTING)


def test_a_search_is_no_call():
    doubt = record(call("postmark", DOUBT))
    assert next_step(doubt, situation(30 * SECOND, shut=ALL_SHUT)) == Look("postmark")


def test_a_critical_message_in_doubt_goes_elsewhere_when_its_time_has_come():
    doubt = record(call("resend", DOUBT))
    assert next_step(doubt, situation(WINDOW, shut={"resend": 2 * WINDOW})) == Send("postmark", Why.RESEND)
    assert next_step(doubt, situation(WINDOW)) == Send("resend", Why.REPLAY)


def test_no_resend_goes_to_a_shut_provider():
    doubt = record(call("ses", DOUBT))
    shut = {"ses": 3 * WINDOW, "resend": 2 * WINDOW}
    assert next_step(doubt, situation(WINDOW, shut=shut)) == Send("postmark", Why.RESEND)
    step = next_step(doubt, situation(WINDOW, shut=dict.fromkeys(ROUTE, 2 * WINDOW)))
    assert isinstance(step, Wait)
    assert step.until == WINDOW + 60 * SECOND


def test_bulk_in_doubt_waits_until_its_last_look_and_ends_as_unknown():
    doubt = record(call("resend", DOUBT))
    early = next_step(doubt, situation(899 * SECOND, Priority.BULK, shut={"resend": DAY}))
    late = next_step(doubt, situation(900 * SECOND, Priority.BULK, shut={"resend": DAY}))
    assert isinstance(early, Wait)
    assert isinstance(late, Finish)
    assert late.state is State.UNKNOWN
