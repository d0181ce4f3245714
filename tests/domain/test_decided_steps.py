"""The steps of a message that a person gave another chance, or of which one ordered a resend."""

import pytest

from notifyctl.domain.attempt import Finish, Look, Send, State, Wait, Why
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.domain.reconcile import REPLAY_MS
from notifyctl.domain.revision import MessageType, Priority, Purpose
from notifyctl.domain.step import after, first_step, next_step
from situations import ACCEPTED, DAY, DOUBT, FAULT, REJECTED, call, record, situation

QUIET = 20_000
HOUR = 3_600_000
FIVE = tuple(call(name, FAULT, at) for at, name in enumerate(("resend", "postmark", "ses", "resend", "postmark")))


def ordered(*attempts, **changes):
    """An unknown message of which a person orders one resend."""
    base = record(*attempts, state=State.QUEUED, spent=len(attempts))
    return base._replace(allowed=base.ambiguous_resends + 1)._replace(**changes)


class TestAnotherChance:
    def test_counts_its_attempts_afresh(self):
        spent = record(*FIVE)
        assert next_step(spent, situation(HOUR)).state is State.DEAD
        assert next_step(spent._replace(spent=5), situation(HOUR)) == Send("resend", Why.FIRST)

    def test_ends_like_the_first_one(self):
        again = record(*FIVE, *(call(item.provider, FAULT, 10 + item.intent_at) for item in FIVE), spent=5)
        step = next_step(again, situation(HOUR))
        assert (step.state, step.reason) == (State.DEAD, "5 attempts failed, each surely without a copy")

    def test_still_lets_a_provider_rest_that_has_just_failed(self):
        assert next_step(record(call("resend", FAULT), spent=1), situation(4999)) == Send("postmark", Why.FIRST)


@pytest.mark.parametrize("priority", [Priority.CRITICAL, Priority.STANDARD])
class TestAnOrderedResend:
    @pytest.mark.parametrize("provider", ["postmark", "ses"])
    def test_goes_out_once_the_old_call_can_no_longer_leave(self, provider, priority):
        doubt = ordered(call(provider, DOUBT))
        assert isinstance(next_step(doubt, situation(QUIET - 1, priority)), Wait)
        assert next_step(doubt, situation(QUIET, priority)) == Send(provider, Why.RESEND)

    def test_prefers_another_provider_to_the_one_that_was_asked_with_the_same_key(self, priority):
        doubt = ordered(call("resend", DOUBT))
        assert next_step(doubt, situation(QUIET, priority)) == Send("postmark", Why.RESEND)

    def test_goes_through_that_one_when_there_is_no_other(self, priority):
        doubt = ordered(call("resend", DOUBT))
        alone = situation(REPLAY_MS + HOUR, priority, route=("resend",), deadline=10 * DAY)
        assert next_step(doubt, alone) == Send("resend", Why.RESEND)

    def test_is_made_once_and_no_more(self, priority):
        doubt = ordered(call("ses", DOUBT))
        twice = doubt._replace(attempts=(*doubt.attempts, call("ses", DOUBT, QUIET, Why.RESEND)))
        steps = [next_step(twice, situation(now, priority)) for now in (2 * QUIET, HOUR, 5 * HOUR)]
        assert not [step for step in steps if isinstance(step, Send)]
        assert steps[-1].state is State.UNKNOWN

    def test_comes_on_top_of_those_that_the_engine_made_by_itself(self, priority):
        doubt = ordered(call("ses", DOUBT), call("ses", DOUBT, 1, Why.RESEND))
        assert doubt.allowed == 2
        assert next_step(doubt, situation(HOUR, priority)) == Send("ses", Why.RESEND)

    def test_of_one_that_surely_left_no_copy_is_made_again_elsewhere(self, priority):
        doubt = ordered(call("ses", DOUBT))
        failed = doubt._replace(attempts=(*doubt.attempts, call("ses", FAULT, QUIET, Why.RESEND)))
        assert next_step(failed, situation(QUIET + 1, priority)) == Send("resend", Why.RESEND)

    def test_is_not_made_after_the_deadline_which_leaves_it_unknown(self, priority):
        step = next_step(ordered(call("ses", DOUBT)), situation(DAY, priority))
        assert (step.state, step.reason[:23]) == (State.UNKNOWN, "the deadline has passed")

    def test_is_not_made_with_another_text(self, priority):
        step = next_step(ordered(call("ses", DOUBT), body="old", job="k"), situation(HOUR, priority, job="k"))
        assert step.state is State.UNKNOWN

    def test_is_not_made_without_permission(self, priority):
        kind = MessageType(Purpose.MARKETING, priority, DAY)
        assert next_step(ordered(call("ses", DOUBT)), situation(HOUR, type=kind)).state is State.UNKNOWN

    def test_that_is_refused_leaves_the_message_unknown(self, priority):
        refused = call("postmark", REJECTED, QUIET, Why.RESEND)
        doubt = ordered(call("ses", DOUBT))
        told = doubt._replace(attempts=(*doubt.attempts, refused))
        assert after(told, refused, situation(HOUR, priority)).state is State.UNKNOWN

    def test_that_is_taken_ends_it_as_accepted(self, priority):
        taken = call("postmark", ACCEPTED, QUIET, Why.RESEND)
        doubt = ordered(call("ses", DOUBT))
        told = doubt._replace(attempts=(*doubt.attempts, taken))
        assert after(told, taken, situation(HOUR, priority)).state is State.ACCEPTED


def test_bulk_is_never_sent_again_whoever_orders_it():
    doubt = ordered(call("ses", DOUBT))
    steps = [next_step(doubt, situation(now, Priority.BULK)) for now in (QUIET, HOUR, 5 * HOUR)]
    assert not [step for step in steps if isinstance(step, Send | Look)]
    assert steps[-1].state is State.UNKNOWN


class TestAMessageThatAnotherWorkerMayHaveSent:
    """Nothing is on record of its call; only the person's order says that a copy may be out."""

    def test_is_sent_as_a_resend(self):
        step = first_step(ordered(), situation(HOUR), started_elsewhere=True)
        assert step == Send("resend", Why.RESEND)

    def test_is_not_sent_without_an_order(self):
        assert first_step(record(), situation(HOUR), started_elsewhere=True).state is State.UNKNOWN

    @pytest.mark.parametrize(
        "changes", [{"now": DAY}, {"route": ()}, {"type": MessageType(Purpose.MARKETING, Priority.CRITICAL, DAY)}]
    )
    def test_stays_unknown_when_it_cannot_be_sent(self, changes):
        step = first_step(ordered(), situation(HOUR)._replace(**changes), started_elsewhere=True)
        assert isinstance(step, Finish)
        assert step.state is State.UNKNOWN

    def test_stays_unknown_when_every_attempt_fails_or_is_refused(self):
        failed = ordered()._replace(attempts=FIVE)
        assert next_step(failed, situation(HOUR)).state is State.UNKNOWN
        refused = call("resend", Outcome(Kind.REJECTED, code="422"), HOUR, Why.RESEND)
        assert after(ordered()._replace(attempts=(refused,)), refused, situation(HOUR)).state is State.UNKNOWN

    def test_is_not_ordered_any_more_when_the_resend_was_made(self):
        made = ordered()._replace(attempts=(call("ses", DOUBT, HOUR, Why.RESEND),))
        assert not made.ordered
        assert next_step(made, situation(HOUR + 4 * HOUR)).state is State.UNKNOWN
