"""Where the mail goes, and why not elsewhere."""

import pytest

from notifyctl.domain.board import Board
from notifyctl.domain.breaker import Breaker, Counted, Isolated, Phase, Probed, Rules, Time
from notifyctl.domain.course import carriers, changed, course, detours, returns
from notifyctl.domain.route import Override, Pin, Route
from notifyctl.domain.transition import Entry, ask

ORDER = ("resend", "postmark", "ses")
RULES, PLAIN = Rules(), Route()
OPEN = Breaker(phase=Phase.OPEN, until=400_000, since=100_000, rule="T1", reason="3 faults in a row")


def board(route: Route = PLAIN, **breakers: Breaker) -> Board:
    return Board(1, breakers, route)


def entry(at: int, before: Breaker, event: object, by: str = "worker one") -> Entry:
    move = ask("resend", before, event, RULES, at)  # type: ignore[arg-type]  # any event
    assert move
    return Entry(f"{at}-0", at, by, move, move.after.rule, move.after.reason)


def out_and_back() -> list[Entry]:
    """Newest first, as the log is read."""
    trip = entry(1000, Breaker(faults=3, messages=2), Counted())
    assert trip.move
    half = entry(301_000, trip.move.after, Time())
    assert half.move
    probed = half.move.after._replace(successes=2, probe="p", probe_until=400_000)
    return [entry(302_000, probed, Probed("p", well=True)), half, trip]


class TestCourse:
    def test_the_first_of_the_order_gets_the_mail(self):
        going = course(board(), ORDER, 0)
        assert (going.wanted, going.carrier, going.passed, going.moved) == ("resend", "resend", (), False)

    def test_one_that_is_out_is_passed_over(self):
        going = course(board(resend=OPEN), ORDER, 200_000)
        assert (going.wanted, going.carrier, going.passed, going.moved) == ("resend", "postmark", ("resend",), True)

    def test_a_pin_says_who_is_wanted(self):
        going = course(board(Route(pin=Pin("ses", "prefer", 9_000, "why", "ann"))), ORDER, 1_000)
        assert (going.wanted, going.carrier, going.moved) == ("ses", "ses", False)

    def test_a_pin_that_is_over_says_nothing(self):
        assert course(board(Route(pin=Pin("ses", "prefer", 9_000, "why", "ann"))), ORDER, 9_000).carrier == "resend"

    def test_when_all_are_out_nobody_gets_it(self):
        going = course(board(resend=OPEN, postmark=OPEN, ses=OPEN), ORDER, 200_000)
        assert (going.carrier, going.passed, going.moved) == (None, ORDER, False)

    def test_a_hold_leaves_the_course_as_it_is(self):
        going = course(board(Route(hold=Override(9_000, "why", "ann"))), ORDER, 1_000)
        assert (going.carrier, going.route.hold) == ("resend", Override(9_000, "why", "ann"))

    def test_without_providers_there_is_none(self):
        assert course(board(), (), 0)[:3] == ("", None, ())


class TestDetours:
    def test_the_log_tells_since_when_although_the_window_began_anew(self):
        trip = entry(1000, Breaker(faults=3, messages=2), Counted())
        assert trip.move
        half = trip.move.after._replace(phase=Phase.HALF_OPEN, since=301_000)
        [found] = detours(board(resend=half), ORDER, [trip])
        assert (found.provider, found.since, found.rule, found.by) == ("resend", 1000, "T1", "worker one")
        assert found.probed

    def test_an_open_one_is_not_probed(self):
        assert [one.probed for one in detours(board(resend=OPEN), ORDER, [])] == [False]

    def test_without_a_log_the_breaker_tells(self):
        [found] = detours(board(resend=OPEN), ORDER, [])
        assert (found.since, found.rule, found.reason) == (100_000, "T1", "3 faults in a row")

    def test_one_that_a_person_took_out_names_the_person(self):
        out = entry(1000, Breaker(), Isolated(9_000, "looks odd"), by="ann")
        assert out.move
        [found] = detours(board(resend=out.move.after), ORDER, [out])
        assert (found.rule, found.reason, found.by) == ("T9", "looks odd", "ann")

    def test_one_that_a_person_let_back_and_whose_probe_failed_names_the_probe(self):
        away = entry(1000, Breaker(), Isolated(2_000, "looks odd"), by="ann")
        assert away.move
        back = entry(2_000, away.move.after, Time())
        assert back.move
        failed = entry(3_000, back.move.after._replace(probe="p", probe_until=60_000), Probed("p", False, "503"))
        assert failed.move
        [found] = detours(board(resend=failed.move.after), ORDER, [failed, back, away])
        assert (found.since, found.rule, found.reason) == (3_000, "T7", "the probe failed: 503")

    def test_a_closed_one_has_none(self):
        assert detours(board(), ORDER, out_and_back()) == []


class TestReturns:
    def test_who_was_out_is_told_with_both_times(self):
        [found] = returns(out_and_back(), 0)
        assert (found.provider, found.out.since, found.back) == ("resend", 1000, 302_000)

    def test_what_is_long_ago_is_not(self):
        assert returns(out_and_back(), 302_000) == []

    def test_who_is_out_again_is_not_back(self):
        again = entry(303_000, Breaker(faults=3, messages=2), Counted())
        assert returns([again, *out_and_back()], 0) == []


def test_a_plan_is_seen_on_a_copy():
    before = board()
    out = ask("resend", Breaker(), Isolated(9_000, "why"), RULES, 1000)
    assert out
    after = changed(before, Route(), [out])
    assert (course(after, ORDER, 1000).carrier, course(before, ORDER, 1000).carrier) == ("postmark", "resend")


@pytest.mark.parametrize(
    ("keyed", "told", "found"),
    [
        (("ses",), [], ("ses",)),
        (("ses",), [{"postmark"}, {"resend"}], ("resend", "postmark")),
        ((), [{"ses"}], ("ses",)),
        ((), [{}], ()),
    ],
)
def test_mail_may_take_those_whom_the_workers_have_keys_for_and_else_whom_there_is_one_for_here(
    keyed: tuple[str, ...], told: list[set[str]], found: tuple[str, ...]
):
    assert carriers(ORDER, keyed, told) == found
