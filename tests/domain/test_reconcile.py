"""A message in doubt: when it is looked for, when it is sent once more, and when it ends as unknown.

Every boundary is met at -1, 0 and +1 ms. The intent of the suspect call is at 0 unless said otherwise.
"""

import pytest

from notifyctl.domain.attempt import Look, Send, State, Wait, Why
from notifyctl.domain.revision import MessageType, Priority, Purpose
from notifyctl.domain.step import next_step
from situations import DAY, DOUBT, FAULT, SENDER, THROTTLED, call, record, situation

QUIET = 20_000  # 5 s to begin and 15 s for the call
REPLAY = Send("resend", Why.REPLAY)
UNRESOLVED = pytest.mark.parametrize("outcome", [DOUBT, None], ids=["ambiguous", "unanswered"])


def resend(provider: str) -> Send:
    return Send(provider, Why.RESEND)


def looked(*attempts, looks: int, at: int):
    return record(*attempts, looks=looks, looked_at=at)


@UNRESOLVED
@pytest.mark.parametrize("priority", Priority)
@pytest.mark.parametrize("provider", ["resend", "postmark", "ses"])
class TestWhileTheOldCallMayStillBeLeaving:
    def test_nothing_is_done(self, provider, priority, outcome):
        doubt = record(call(provider, outcome))
        for now in (0, 1, QUIET - 1):
            step = next_step(doubt, situation(now, priority))
            assert isinstance(step, Wait)
            assert (step.state, step.until >= QUIET) == (State.ATTEMPTING, True)

    def test_not_even_at_the_deadline(self, provider, priority, outcome):
        step = next_step(record(call(provider, outcome)), situation(QUIET - 1, priority, deadline=1))
        assert step == Wait(QUIET, State.ATTEMPTING, "waiting for reconciliation")


@UNRESOLVED
@pytest.mark.parametrize("priority", Priority)
@pytest.mark.parametrize(("provider", "search"), [("resend", REPLAY), ("postmark", Look("postmark"))])
class TestTheSearch:
    def test_begins_when_the_call_is_30_seconds_old(self, provider, search, priority, outcome):
        doubt = record(call(provider, outcome))
        assert next_step(doubt, situation(29_999, priority)).until == 30_000
        assert next_step(doubt, situation(30_000, priority)) == search
        assert next_step(doubt, situation(30_001, priority)) == search

    def test_goes_on_at_2_minutes(self, provider, search, priority, outcome):
        doubt = looked(call(provider, outcome), looks=1, at=30_000)
        assert next_step(doubt, situation(119_999, priority)).until == 120_000
        assert next_step(doubt, situation(120_000, priority)) == search

    def test_two_searches_are_as_far_apart_as_planned_even_when_the_first_was_late(
        self, provider, search, priority, outcome
    ):
        doubt = looked(call(provider, outcome), looks=1, at=100_000)
        assert next_step(doubt, situation(189_999, priority)).until == 190_000
        assert next_step(doubt, situation(190_000, priority)) == search


class TestWithoutEvidence:
    @pytest.mark.parametrize(
        ("provider", "looks", "copy"),
        [("resend", 3, resend("postmark")), ("postmark", 3, resend("postmark")), ("ses", 0, resend("ses"))],
    )
    def test_a_critical_message_is_sent_once_more_after_5_minutes(self, provider, looks, copy):
        doubt = looked(call(provider, DOUBT), looks=looks, at=300_000 if looks else 0)
        assert next_step(doubt, situation(300_000)) == copy
        early = looked(call(provider, DOUBT), looks=max(looks - 1, 0), at=120_000 if looks else 0)
        assert next_step(early, situation(299_999)).until == 300_000

    def test_or_after_half_of_its_time_when_that_is_shorter(self):
        doubt = looked(call("postmark", DOUBT), looks=2, at=120_000)
        assert next_step(doubt, situation(149_999, deadline=300_000)) == Wait(
            150_000, State.ATTEMPTING, "waiting for reconciliation"
        )
        assert next_step(doubt, situation(150_000, deadline=300_000)) == resend("postmark")

    @pytest.mark.parametrize(("provider", "search"), [("resend", REPLAY), ("postmark", Look("postmark"))])
    @pytest.mark.parametrize(("deadline", "due"), [(50_000, 25_000), (40_000, 20_000), (30_000, 20_000)])
    def test_a_very_short_time_is_used_too_and_never_without_one_search(self, provider, search, deadline, due):
        doubt = record(call(provider, DOUBT))
        assert next_step(doubt, situation(1, deadline=deadline)).until == due
        assert next_step(doubt, situation(due, deadline=deadline)) == search
        searched = looked(call(provider, DOUBT), looks=1, at=due)
        assert next_step(searched, situation(due, deadline=deadline)).why is Why.RESEND

    @pytest.mark.parametrize(("provider", "looks"), [("resend", 4), ("postmark", 4), ("ses", 0)])
    def test_a_standard_message_is_sent_once_more_after_15_minutes(self, provider, looks):
        doubt = looked(call(provider, DOUBT), looks=looks, at=900_000 if looks else 0)
        assert next_step(doubt, situation(900_000, Priority.STANDARD)).why is Why.RESEND
        early = looked(call(provider, DOUBT), looks=max(looks - 1, 0), at=300_000 if looks else 0)
        assert next_step(early, situation(899_999, Priority.STANDARD)).until == 900_000

    @pytest.mark.parametrize(
        ("provider", "looks", "end"), [("resend", 4, 900_000), ("postmark", 4, 900_000), ("ses", 0, 300_000)]
    )
    def test_bulk_is_never_sent_again_and_ends_as_unknown_after_the_search(self, provider, looks, end):
        doubt = looked(call(provider, DOUBT), looks=looks, at=end if looks else 0)
        assert next_step(doubt, situation(end, Priority.BULK)).state is State.UNKNOWN
        early = looked(call(provider, DOUBT), looks=max(looks - 1, 0), at=300_000 if looks else 0)
        assert next_step(early, situation(end - 1, Priority.BULK)).until == end

    def test_ses_waits_5_minutes_for_an_event_even_when_half_of_the_time_is_less(self):
        doubt = record(call("ses", DOUBT))
        assert next_step(doubt, situation(299_999, deadline=400_000)).until == 300_000
        assert next_step(doubt, situation(300_000, deadline=400_000)) == resend("ses")

    @pytest.mark.parametrize("priority", Priority)
    @pytest.mark.parametrize("now", [DAY, DAY + 1])
    def test_at_the_deadline_it_is_unknown_and_never_expired(self, priority, now):
        step = next_step(record(call("resend", DOUBT, DAY - 50_000)), situation(now, priority))
        assert (step.state, step.provider) == (State.UNKNOWN, "resend")
        assert "a copy may be out" in step.reason

    @pytest.mark.parametrize(("priority", "provider"), [(Priority.CRITICAL, "ses"), (Priority.STANDARD, "postmark")])
    def test_no_wait_is_longer_than_the_deadline(self, priority, provider):
        doubt = looked(call(provider, DOUBT), looks=2, at=120_000)
        assert next_step(doubt, situation(200_000, priority, deadline=200_001)).until == 200_001

    def test_without_permission_it_is_unknown_and_nothing_more_is_sent(self):
        marketing = MessageType(Purpose.MARKETING, Priority.BULK, DAY // 1000)
        for now in (0, 30_000, DAY):
            assert next_step(record(call("resend", DOUBT)), situation(now, type=marketing)).state is State.UNKNOWN


class TestTheReplay:
    def test_is_made_for_23_hours(self):
        doubt, late = record(call("resend", DOUBT)), {"deadline": 3 * DAY, "priority": Priority.STANDARD}
        last = 23 * 3600 * 1000
        assert next_step(doubt, situation(last - 1, **late)) == REPLAY
        assert next_step(doubt, situation(last, **late)) == resend("postmark")

    def test_is_not_made_with_another_body_and_no_further_copy_is_either(self):
        doubt = record(call("resend", DOUBT))
        assert next_step(doubt, situation(30_000, body="other")).until == 300_000
        assert next_step(doubt, situation(300_000, body="other")).state is State.UNKNOWN

    def test_waits_for_room_at_its_provider_and_never_goes_to_another(self):
        doubt = record(call("resend", DOUBT))
        assert next_step(doubt, situation(30_000, full={"resend": 45_000})).until == 45_000
        assert next_step(doubt, situation(45_000, full={"resend": 45_000})) == REPLAY

    def test_that_nobody_answered_keeps_everything_quiet_until_it_cannot_be_leaving_any_more(self):
        doubt = looked(call("resend", DOUBT), call("resend", None, 300_000, Why.REPLAY), looks=3, at=300_000)
        assert next_step(doubt, situation(319_999)) == Wait(320_000, State.ATTEMPTING, "waiting for reconciliation")
        assert next_step(doubt, situation(320_000)) == resend("postmark")

    def test_that_was_refused_with_a_fault_leaves_the_original_in_doubt(self):
        doubt = looked(call("resend", DOUBT), call("resend", FAULT, 300_000, Why.REPLAY), looks=3, at=300_000)
        assert next_step(doubt, situation(300_000)) == resend("postmark")


class TestTheResend:
    def test_happens_once_and_then_the_doubt_about_it_is_searched_and_ends_as_unknown(self):
        twice = (call("postmark", DOUBT), call("postmark", DOUBT, 300_000, Why.RESEND))
        assert next_step(record(*twice), situation(330_000)) == Look("postmark")
        assert next_step(looked(*twice, looks=3, at=600_000), situation(600_000)).state is State.UNKNOWN

    def test_that_surely_left_no_copy_is_made_again_elsewhere_at_once(self):
        failed = looked(call("postmark", DOUBT), call("postmark", FAULT, 300_000, Why.RESEND), looks=3, at=300_000)
        assert next_step(failed, situation(300_000)) == resend("resend")

    def test_goes_to_another_provider_when_the_same_one_rests_or_is_full(self):
        doubt = looked(call("ses", DOUBT), looks=0, at=0)
        assert next_step(doubt, situation(300_000, full={"ses": 300_001})) == resend("resend")
        rests = record(call("ses", DOUBT), call("ses", SENDER, 299_000, Why.RESEND))
        assert next_step(rests, situation(300_000)) == resend("resend")

    def test_waits_for_the_first_that_is_ready(self):
        full = {"resend": 310_000, "postmark": 305_000, "ses": 400_000}
        assert next_step(record(call("ses", DOUBT)), situation(300_000, full=full)).until == 305_000

    @pytest.mark.parametrize("gone", ["postmark", "ses"])
    def test_never_goes_to_a_provider_that_left_the_route(self, gone):
        left = [name for name in ("resend", "postmark", "ses") if name != gone]
        evidence = {name: kind for name, kind in situation(0).evidence.items() if name != gone}
        doubt = record(call(gone, DOUBT))
        assert next_step(doubt, situation(300_000, route=tuple(left), evidence=evidence)) == resend("resend")
        assert next_step(doubt, situation(300_000, route=(), evidence={})).state is State.UNKNOWN

    def test_never_goes_to_a_provider_that_failed_three_times_nor_after_five_faults(self):
        faults = [call("ses", FAULT, -at) for at in (9, 8, 7)]
        assert next_step(record(*faults, call("ses", DOUBT)), situation(300_000)) == resend("resend")
        five = [*faults, call("resend", FAULT, -6), call("postmark", FAULT, -5)]
        assert next_step(record(*five, call("ses", DOUBT)), situation(300_000)).state is State.UNKNOWN

    def test_that_was_throttled_is_not_counted_as_the_one_that_was_risked(self):
        throttled = record(call("ses", DOUBT), call("ses", THROTTLED, 300_000, Why.RESEND))
        assert next_step(throttled, situation(300_001)) == resend("ses")
