"""Changing the route on a real server: from a version, written once, read back."""

import pytest
import redis

from conftest import Valkey
from lab import NOON, Lab
from notifyctl.domain.breaker import Phase, Rules
from notifyctl.domain.errors import OutcomeUnknown, Refused
from notifyctl.domain.route import Override, Pin, Route
from notifyctl.operations.route import Done, Plan, apply, paused, restored, resumed
from notifyctl.store.board import Look

RULES = Rules()
LATER = NOON + 7_200_000
ORDER = ("resend", "postmark", "ses")


def look(lab: Lab) -> Look:
    return lab.run(lab.store.boards.look())


def make(lab: Lab, plan: Plan) -> Done:
    return lab.run(apply(lab.store.boards, plan))


def pause(lab: Lab, what: str) -> Done:
    return make(lab, paused(look(lab), what, LATER, "ann", "odd", RULES))


class TestPause:
    def test_the_queue_is_held(self, lab: Lab):
        done = pause(lab, "queue")
        assert (done.at, done.holds) == (NOON, True)
        assert look(lab).board.route == Route(hold=Override(LATER, "odd", "ann"))

    def test_automation_is_stopped(self, lab: Lab):
        pause(lab, "automation")
        assert look(lab).board.route == Route(manual=Override(LATER, "odd", "ann"))

    def test_a_provider_is_taken_out(self, lab: Lab):
        done = pause(lab, "resend")
        breaker = look(lab).board.breaker("resend")
        assert (breaker.phase, breaker.until, breaker.reason) == (Phase.ISOLATED, LATER, "odd")
        before, after = done.plan.courses(ORDER)
        assert (done.holds, before.carrier, after.carrier) == (True, "resend", "postmark")

    def test_what_is_paused_already_is_paused_to_the_new_time(self, lab: Lab):
        pause(lab, "resend")
        make(lab, paused(look(lab), "resend", LATER + 1, "bob", "longer", RULES))
        assert look(lab).board.breaker("resend").until == LATER + 1


class TestResume:
    @pytest.mark.parametrize("what", ["queue", "automation"])
    def test_it_ends_the_pause_and_leaves_the_rest(self, lab: Lab, what: str):
        for thing in ("queue", "automation"):
            pause(lab, thing)
        make(lab, resumed(look(lab), what, "bob", "over", RULES))
        route = look(lab).board.route
        assert (route.hold is None, route.manual is None) == (what == "queue", what == "automation")

    @pytest.mark.parametrize("take_out", [pause, Lab.trip])
    def test_a_provider_that_is_out_is_probed_next(self, lab: Lab, take_out):
        take_out(lab, "resend")
        make(lab, resumed(look(lab), "resend", "bob", "fixed", RULES))
        assert look(lab).board.breaker("resend").phase is Phase.HALF_OPEN
        assert resumed(look(lab), "resend", "bob", "fixed", RULES).idle == "resend is probed already"

    @pytest.mark.parametrize("what", ["queue", "automation", "resend"])
    def test_without_a_pause_there_is_nothing_to_do(self, lab: Lab, what: str):
        assert resumed(look(lab), what, "bob", "over", RULES).idle == f"{what} is not paused"

    def test_a_pause_that_is_over_is_none(self, lab: Lab):
        pause(lab, "queue")
        lab.now = LATER
        assert resumed(look(lab), "queue", "bob", "over", RULES).idle


class TestRestore:
    def test_all_that_people_laid_over_it_is_gone_and_breakers_stay(self, lab: Lab):
        for what in ("queue", "automation", "ses"):
            pause(lab, what)
        lab.trip("postmark")
        assert make(lab, restored(look(lab), "bob", "over", RULES)).holds
        board = look(lab).board
        assert board.route == Route()
        assert (board.breaker("ses").phase, board.breaker("postmark").phase) == (Phase.HALF_OPEN, Phase.OPEN)

    def test_with_nothing_there_is_nothing_to_do(self, lab: Lab):
        lab.trip("postmark")
        assert restored(look(lab), "bob", "over", RULES).idle


class TestApply:
    def test_a_plan_from_an_older_version_is_refused_and_changes_nothing(self, lab: Lab):
        stale = paused(look(lab), "queue", LATER, "ann", "odd", RULES)
        lab.trip("resend")
        before = lab.run(lab.store.boards.look())
        with pytest.raises(Refused) as refused:
            make(lab, stale)
        assert refused.value.code == "RTE-STALE"
        assert look(lab) == before

    def test_a_write_after_which_redis_is_gone_may_have_been_made(self, lab: Lab, valkey: Valkey):
        plan = paused(look(lab), "queue", LATER, "ann", "odd", RULES)
        with redis.Redis(port=valkey.port) as other:
            other.config_set("min-replicas-to-write", 1)
            try:
                with pytest.raises(OutcomeUnknown) as unknown:
                    make(lab, plan)
            finally:
                other.config_set("min-replicas-to-write", 0)
        assert unknown.value.code == "RTE-UNCONFIRMED"

    def test_what_somebody_changed_right_after_is_told(self, lab: Lab):
        done = pause(lab, "queue")
        make(lab, restored(look(lab), "bob", "over", RULES))
        assert not done._replace(look=look(lab)).holds

    def test_it_is_in_the_log_with_who_and_why(self, lab: Lab):
        pause(lab, "resend")
        change, move = lab.run(lab.store.boards.history(2))
        assert (change.by, change.verb, change.reason) == ("ann", "pause resend", "odd")
        assert move.move
        assert (move.by, move.move.after.phase) == ("ann", Phase.ISOLATED)

    def test_a_pin_stays_when_something_else_changes(self, lab: Lab):
        pin = Route(pin=Pin("ses", "prefer", LATER, "why", "ann"))
        lab.run(lab.store.boards.change_route(0, pin, "failover", "ann", "why"))
        pause(lab, "queue")
        assert look(lab).board.route == pin._replace(hold=Override(LATER, "odd", "ann"))
