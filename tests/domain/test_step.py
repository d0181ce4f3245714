"""The next step for a message without doubt: whom it goes to, what it waits for, how it ends."""

import pytest

from notifyctl.domain.attempt import Finish, Record, Send, State, Wait, Why
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.domain.revision import MessageType, Priority, Purpose
from notifyctl.domain.step import after, first_step, next_step, with_outcome
from situations import (
    ACCEPTED,
    ACCOUNT,
    DAY,
    DOUBT,
    FAULT,
    REJECTED,
    ROUTE,
    SENDER,
    SUPPRESSED,
    THROTTLED,
    call,
    record,
    situation,
)

FRESH = Record("m")
MARKETING = MessageType(Purpose.MARKETING, Priority.BULK, DAY // 1000)


class TestAFreshMessage:
    @pytest.mark.parametrize("priority", Priority)
    def test_goes_to_the_first_provider_of_the_route(self, priority):
        assert next_step(FRESH, situation(0, priority)) == Send("resend", Why.FIRST)

    def test_goes_to_the_first_that_can_carry_it_and_is_rejected_when_none_can(self):
        assert next_step(FRESH, situation(0, route=("ses",))) == Send("ses", Why.FIRST)
        nobody = next_step(FRESH, situation(0, route=(), cannot="ses cannot carry it: html: too big"))
        assert nobody == Finish(State.REJECTED, "ses cannot carry it: html: too big")

    @pytest.mark.parametrize(("now", "sends"), [(DAY - 1, True), (DAY, False), (DAY + 1, False)])
    def test_expires_exactly_at_its_deadline(self, now, sends):
        step = next_step(FRESH, situation(now))
        assert isinstance(step, Send) if sends else step.state is State.EXPIRED

    def test_without_permission_ends_as_no_consent(self):
        assert next_step(FRESH, situation(0, type=MARKETING)) == Finish(State.NO_CONSENT, "no consent store yet")


class TestAJobThatSomebodyElseStarted:
    def test_without_a_record_is_never_sent(self):
        assert first_step(FRESH, situation(0), started_elsewhere=True).state is State.UNKNOWN
        assert first_step(FRESH, situation(0), started_elsewhere=False) == Send("resend", Why.FIRST)

    @pytest.mark.parametrize("state", [state for state in State if state.terminal])
    def test_keeps_the_end_that_is_on_record(self, state):
        ended = record(call("resend", FAULT), state=state, reason="why", provider="resend", provider_id="p-1")
        assert first_step(ended, situation(0), started_elsewhere=True) == Finish(state, "why", "resend", "p-1")


class TestAMessageThatHasEnded:
    @pytest.mark.parametrize("state", [state for state in State if state.terminal])
    def test_sends_nothing_whoever_enqueues_it_again(self, state):
        ended = record(call("resend", FAULT), state=state, reason="why", provider="resend", provider_id="p-1")
        again = situation(10 * DAY, body="another body", type=MARKETING, deadline=20 * DAY)
        assert next_step(ended, again) == Finish(state, "why", "resend", "p-1")

    @pytest.mark.parametrize("state", [State.REJECTED, State.NO_CONSENT, State.EXPIRED])
    def test_at_the_door_is_looked_at_afresh(self, state):
        assert next_step(record(state=state), situation(0)) == Send("resend", Why.FIRST)

    @pytest.mark.parametrize("state", [State.UNKNOWN, State.CANCELLED, State.SUPPRESSED, State.DEAD, State.ACCEPTED])
    def test_in_any_other_way_stays_ended_even_without_an_attempt(self, state):
        assert next_step(record(state=state), situation(0)).state is state


class TestAfterADefiniteFault:
    def test_the_message_goes_to_the_next_provider_at_once(self):
        for at, provider in enumerate(ROUTE[1:], 1):
            failed = record(*(call(name, FAULT, 1000) for name in ROUTE[:at]))
            assert next_step(failed, situation(1000)) == Send(provider, Why.FIRST)

    @pytest.mark.parametrize("priority", Priority)
    def test_at_once_also_when_the_one_that_failed_is_full(self, priority):
        failed = record(call("resend", FAULT, 1000))
        assert next_step(failed, situation(1000, priority, full={"resend": 1500})) == Send("postmark", Why.FIRST)

    def test_when_all_rest_it_waits_for_the_first_to_have_rested(self):
        failed = record(*(call(name, FAULT, at) for at, name in enumerate(ROUTE)))
        assert next_step(failed, situation(4999)) == Wait(5000, State.HELD, "every provider rests for this message")
        assert next_step(failed, situation(5000)) == Send("resend", Why.FIRST)
        assert next_step(failed, situation(5001)) == Send("resend", Why.FIRST)

    def test_five_faults_end_it_as_dead(self):
        four = record(*(call(name, FAULT, at) for at, name in enumerate((*ROUTE, "resend"))))
        assert isinstance(next_step(four, situation(10**6)), Send)
        five = record(*four.attempts, call("postmark", FAULT, 9))
        assert next_step(five, situation(10**6)).state is State.DEAD

    def test_an_outage_of_everybody_holds_it_up_to_its_deadline(self):
        down = Outcome(Kind.FAULT, code="connect")
        out = record(
            *(call(name, down, at) for at in range(1000, 9000, 1000) for name in ("resend", "postmark", "ses"))
        )
        held = next_step(out, situation(9000))
        assert isinstance(held, Wait)
        assert (held.state, held.until) == (State.HELD, 8000 + 900_000)
        assert next_step(out, situation(DAY)).state is State.EXPIRED

    def test_three_at_the_only_provider_end_it_as_dead(self):
        lonely = {"route": ("ses",)}
        two = record(call("ses", FAULT, 1), call("ses", FAULT, 2))
        assert next_step(two, situation(10**6, **lonely)) == Send("ses", Why.FIRST)
        three = record(*two.attempts, call("ses", FAULT, 3))
        assert next_step(three, situation(10**6, **lonely)).state is State.DEAD

    @pytest.mark.parametrize("outcome", [SENDER, ACCOUNT, THROTTLED])
    def test_other_refusals_burn_nothing(self, outcome):
        many = record(*(call(name, outcome, at) for at in range(4) for name in ROUTE))
        assert next_step(many, situation(10**6)) == Send("resend", Why.FIRST)

    @pytest.mark.parametrize("outcome", [SENDER, ACCOUNT])
    def test_a_refused_sender_or_account_moves_the_message_and_rests_that_provider_300_seconds(self, outcome):
        refused = record(call("resend", outcome, 0))
        assert next_step(refused, situation(0)) == Send("postmark", Why.FIRST)
        everywhere = record(*(call(name, outcome, 0) for name in ROUTE))
        assert next_step(everywhere, situation(299_999)) == Wait(
            300_000, State.HELD, "every provider rests for this message"
        )
        assert next_step(everywhere, situation(300_000)) == Send("resend", Why.FIRST)

    @pytest.mark.parametrize("outcome", [None, FAULT, DOUBT, THROTTLED])
    @pytest.mark.parametrize("changes", [{}, {"type": MARKETING}, {"deadline": 0}])
    def test_another_body_in_another_job_ends_that_job_alone(self, outcome, changes):
        tried = record(call("resend", outcome), job="bull:email-critical:m")
        step = next_step(tried, situation(0, body="other", job="bull:email-bulk:m", **changes))
        assert (step.state, step.alone) == (State.REJECTED, True)
        assert not getattr(next_step(tried, situation(0, job="bull:email-bulk:m")), "alone", False)

    def test_another_body_under_the_same_id_is_refused(self):
        failed = record(call("resend", FAULT, 0))
        assert next_step(failed, situation(0, body="other")).state is State.REJECTED
        assert next_step(record(), situation(0, body="other")) == Send("resend", Why.FIRST)


class TestAFullProvider:
    @pytest.mark.parametrize(
        ("priority", "patience"), [(Priority.CRITICAL, 2000), (Priority.STANDARD, 60_000), (Priority.BULK, DAY - 1)]
    )
    def test_is_waited_for_as_long_as_the_priority_allows(self, priority, patience):
        full = {"resend": patience}
        assert next_step(FRESH, situation(0, priority, full=full)) == Wait(
            patience, State.HELD, "resend is at its rate limit"
        )
        assert next_step(FRESH, situation(patience, priority, full=full)) == Send("resend", Why.FIRST)

    @pytest.mark.parametrize(("priority", "patience"), [(Priority.CRITICAL, 2000), (Priority.STANDARD, 60_000)])
    def test_is_left_for_the_next_when_the_wait_would_be_longer(self, priority, patience):
        full = {"resend": patience + 1}
        assert next_step(FRESH, situation(0, priority, full=full)) == Send("postmark", Why.FIRST)

    def test_is_never_left_by_bulk(self):
        held = next_step(FRESH, situation(0, Priority.BULK, full={"resend": DAY // 2}))
        assert (held.until, held.state) == (DAY // 2, State.HELD)

    @pytest.mark.parametrize("priority", Priority)
    def test_nobody_waits_longer_than_the_deadline(self, priority):
        full = dict.fromkeys(ROUTE, 100 * DAY)
        assert next_step(FRESH, situation(0, priority, full=full)).until == DAY


class TestAfterAnAnswer:
    def test_acceptance_ends_it_with_the_providers_id(self):
        accepted = call("ses", ACCEPTED)
        assert after(record(accepted), accepted, situation(0)) == Finish(State.ACCEPTED, "", "ses", "p-1")

    def test_rejection_ends_it_here_and_anywhere(self):
        rejected = call("resend", REJECTED)
        step = after(record(rejected), rejected, situation(0))
        assert (step.state, step.reason) == (State.REJECTED, "resend refused it: 422")

    def test_a_recipient_whom_the_provider_suppresses_ends_it_as_suppressed(self):
        refused = call("postmark", SUPPRESSED)
        assert after(record(refused), refused, situation(0)).state is State.SUPPRESSED

    @pytest.mark.parametrize("outcome", [FAULT, THROTTLED, SENDER, ACCOUNT, DOUBT, None])
    def test_anything_else_is_decided_like_any_other_moment(self, outcome):
        last = call("resend", outcome)
        assert after(record(last), last, situation(0)) == next_step(record(last), situation(0))

    @pytest.mark.parametrize("outcome", [REJECTED, SUPPRESSED])
    def test_a_refused_resend_says_nothing_about_the_first_copy(self, outcome):
        first, resend = call("postmark", DOUBT), call("ses", outcome, 300_000, Why.RESEND)
        assert after(record(first, resend), resend, situation(300_000)).state is State.UNKNOWN

    def test_a_refused_replay_tells_that_its_provider_never_took_the_original(self):
        first, replay = call("resend", DOUBT), call("resend", REJECTED, 30_000, Why.REPLAY)
        assert after(record(first, replay), replay, situation(30_000)).state is State.REJECTED

    def test_but_nothing_about_a_copy_at_another_provider(self):
        attempts = (
            call("postmark", DOUBT), call("resend", DOUBT, 300_000, Why.RESEND),
            call("resend", REJECTED, 330_000, Why.REPLAY),
        )  # fmt: skip
        assert after(record(*attempts), attempts[-1], situation(330_000)).state is State.UNKNOWN

    def test_an_outcome_is_filled_into_its_attempt_alone(self):
        begun = record(call("resend", DOUBT), call("ses", None, 5))
        filled = with_outcome(begun, begun.attempts[1].id, ACCEPTED, 9)
        assert filled.attempts == (begun.attempts[0], begun.attempts[1]._replace(outcome=ACCEPTED, result_at=9))
