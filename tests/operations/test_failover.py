"""What a failover and a switchover plan, from a snapshot: pure, so each case is a few facts."""

import pytest

from notifyctl.domain.board import Board
from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.course import course
from notifyctl.domain.errors import Refused
from notifyctl.domain.provider import Health
from notifyctl.domain.readiness import Target
from notifyctl.domain.route import Override, Pin, Route
from notifyctl.operations.failover import Seen, Wish, failover, switchover
from notifyctl.store.board import Look

ORDER = ("resend", "postmark", "ses")
PLAIN = Route()
NOW, UNTIL = 1_000_000, 8_200_000
WISH = Wish(None, UNTIL, "ann", "resend is slow")
OUT = Breaker(phase=Phase.OPEN, until=NOW + 300_000, since=NOW, rule="T1", reason="3 faults in a row")
DEAD = Health("unreachable", "no answer", {})


def seen(route: Route = PLAIN, workers: int = 1, order: tuple[str, ...] = ORDER, **facts: Target | Breaker) -> Seen:
    """A snapshot: breakers and other facts of providers by name."""
    breakers = {name: fact for name, fact in facts.items() if isinstance(fact, Breaker)}
    targets = {name: Target(name, breaker=breakers.get(name, Breaker())) for name in order}
    targets |= {name: fact for name, fact in facts.items() if isinstance(fact, Target)}
    board = Board(7, breakers, route)
    return Seen(Look(board, NOW), course(board, order, NOW), targets, (), workers)


def pinned(provider: str) -> Route:
    return Route(pin=Pin(provider, "prefer", UNTIL, "earlier", "bob"))


class TestFailover:
    def test_the_next_one_that_is_ready_takes_over(self):
        plan = failover(seen(), WISH)
        assert plan.after == Route(pin=Pin("postmark", "prefer", UNTIL, "resend is slow", "ann"))
        assert (plan.idle, [*plan.against], plan.until, plan.look.board.version) == ("", [], UNTIL, 7)

    def test_one_that_is_not_ready_is_left_out(self):
        assert failover(seen(postmark=Target("postmark", account=DEAD)), WISH).after.pin.provider == "ses"

    def test_when_the_breaker_moved_the_mail_there_is_nothing_to_do(self):
        plan = failover(seen(resend=OUT), WISH)
        assert plan.idle == "the mail goes through postmark already"
        assert [(one.provider, one.since, one.reason) for one in plan.detours] == [("resend", NOW, OUT.reason)]

    def test_when_a_person_moved_it_neither(self):
        assert failover(seen(pinned("postmark")), WISH).idle

    def test_when_the_pinned_one_is_out_neither(self):
        plan = failover(seen(pinned("postmark"), postmark=OUT), WISH)
        assert (plan.idle, plan.detours[0].provider) == ("the mail goes through resend already", "postmark")

    def test_a_named_one_gets_it_although_the_breaker_moved_it_elsewhere(self):
        assert failover(seen(resend=OUT), WISH._replace(to="ses")).after.pin.provider == "ses"

    def test_the_one_that_has_it_is_nothing_to_do(self):
        assert failover(seen(), WISH._replace(to="resend")).idle

    def test_a_target_that_is_not_ready_is_refused_unless_each_code_is_named(self):
        wish = WISH._replace(to="ses")
        dead = seen(ses=Target("ses", keyed=False, account=DEAD))
        assert [one.code for one in failover(dead, wish).against] == ["RTE-NO-KEY", "PRB-UNREACHABLE"]
        assert [one.code for one in failover(dead, wish._replace(force=["RTE-NO-KEY"])).against] == ["PRB-UNREACHABLE"]
        forced = failover(dead, wish._replace(force=["RTE-NO-KEY", "PRB-UNREACHABLE"]))
        assert not forced.against
        assert [one.code for one in forced.remarks] == ["RTE-NO-KEY", "PRB-UNREACHABLE"]

    def test_to_pass_over_a_breaker_the_pin_does_so(self):
        plan = failover(seen(ses=OUT), WISH._replace(to="ses", force=["BRK-OPEN"]))
        assert (plan.against, plan.after.pin.mode, plan.courses(ORDER)[1].carrier) == ([], "force", "ses")

    def test_a_code_that_does_not_stand_changes_nothing(self):
        assert failover(seen(), WISH._replace(to="ses", force=["BRK-OPEN"])).after.pin.mode == "prefer"

    def test_when_all_are_out_the_best_of_them_is_refused_with_its_reason(self):
        plan = failover(seen(resend=OUT, postmark=OUT, ses=OUT), WISH)
        assert [one.code for one in plan.against] == ["BRK-OPEN"]

    def test_a_single_provider_has_nowhere_to_go(self):
        with pytest.raises(Refused) as refused:
            failover(seen(order=("resend",)), WISH)
        assert refused.value.code == "RTE-ALONE"

    def test_without_workers_it_is_planned_all_the_same_and_said(self):
        plan = failover(seen(workers=0), WISH)
        assert (plan.after.pin.provider, [one.code for one in plan.remarks]) == ("postmark", ["WRK-NONE"])

    def test_a_pause_of_the_queue_stays_and_is_said(self):
        hold = Override(UNTIL, "odd", "bob")
        plan = failover(seen(Route(hold=hold)), WISH)
        assert (plan.after.hold, [one.code for one in plan.remarks]) == (hold, ["RTE-HELD"])


class TestSwitchover:
    def test_a_target_that_is_ready_gets_the_mail(self):
        plan = switchover(seen(), "ses", WISH)
        assert (plan.verb, plan.after.pin.provider, plan.after.pin.mode) == ("switchover", "ses", "prefer")

    def test_it_minds_what_a_failover_only_tells(self):
        sandbox = seen(ses=Target("ses", account=Health("degraded", "the sandbox", {})))
        assert [one.code for one in switchover(sandbox, "ses", WISH).against] == ["PRB-DEGRADED"]
        urgent = failover(sandbox, WISH._replace(to="ses"))
        assert (urgent.against, [one.code for one in urgent.remarks]) == ([], ["PRB-DEGRADED"])

    def test_the_first_of_the_order_without_a_pin_is_nothing_to_do(self):
        assert switchover(seen(), "resend", WISH).idle

    def test_one_that_has_the_mail_while_others_are_out_is_pinned_so_that_it_stays(self):
        assert switchover(seen(resend=OUT), "postmark", WISH).after.pin.provider == "postmark"

    def test_a_pin_is_made_longer(self):
        assert switchover(seen(pinned("ses")), "ses", WISH._replace(until=UNTIL + 1)).after.pin.until == UNTIL + 1
