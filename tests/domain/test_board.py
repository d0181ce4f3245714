"""What the board lets a message do."""

from notifyctl.domain.board import Board, calm, forced, in_use, probes, shut_until
from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.route import Override, Pin, Route, at, ordered

NOW = 1_795_510_800_000
ORDER = ("resend", "postmark", "ses")
OPEN = Breaker(Phase.OPEN, 5, until=NOW + 1000)
HALF = Breaker(Phase.HALF_OPEN, 5, since=NOW - 1, successes=1)
ISOLATED = Breaker(Phase.ISOLATED, 5, until=NOW + 1000)


def pinned(mode: str, until: int = NOW + 10) -> Route:
    return Route(pin=Pin("resend", mode, until, "why", "ann"))  # type: ignore[arg-type]  # a parameter


def test_a_provider_of_which_nothing_is_known_takes_everything():
    assert shut_until(Board(), "resend", "a@venue.example", NOW) <= NOW
    assert calm(Board())


def test_an_open_one_is_shut_to_the_end_of_its_window():
    assert shut_until(Board(breakers={"resend": OPEN}), "resend", "", NOW) == NOW + 1000


def test_a_force_pin_passes_the_breaker_and_no_isolation_and_ends_with_its_time():
    open_, isolated = ({"resend": item} for item in (OPEN, ISOLATED))
    assert shut_until(Board(0, open_, pinned("force")), "resend", "", NOW) <= NOW
    assert shut_until(Board(0, open_, pinned("prefer")), "resend", "", NOW) == NOW + 1000
    assert shut_until(Board(0, isolated, pinned("force")), "resend", "", NOW) == NOW + 1000
    assert shut_until(Board(0, open_, pinned("force", NOW)), "resend", "", NOW) == NOW + 1000
    assert shut_until(Board(0, {"ses": OPEN}, pinned("force")), "ses", "", NOW) == NOW + 1000
    assert forced(Board(0, open_, pinned("force")), "resend", NOW)


def test_a_closed_sender_leaves_the_others_alone():
    board = Board(senders={"resend|a@venue.example": NOW + 300_000})
    assert shut_until(board, "resend", "a@venue.example", NOW) == NOW + 300_000
    assert shut_until(board, "resend", "b@venue.example", NOW) <= NOW
    assert shut_until(board, "ses", "a@venue.example", NOW) <= NOW
    assert not calm(board)


def test_a_forced_pin_does_not_open_a_closed_sender():
    board = Board(0, {}, pinned("force"), {"resend|a@venue.example": NOW + 9})
    assert shut_until(board, "resend", "a@venue.example", NOW) == NOW + 9


def test_under_a_hold_nobody_takes_anything_until_it_ends_by_itself():
    board = Board(route=Route(hold=Override(NOW + 10, "bad release", "ann")))
    assert [shut_until(board, name, "", NOW) for name in ORDER] == [NOW + 10] * 3
    assert shut_until(board, "ses", "", NOW + 10) <= NOW + 10
    assert in_use(board, ORDER, NOW) is None


def test_mail_goes_to_the_first_that_takes_it():
    assert in_use(Board(), ORDER, NOW) == "resend"
    assert in_use(Board(breakers={"resend": OPEN}), ORDER, NOW) == "postmark"
    assert in_use(Board(breakers={"resend": HALF}), ORDER, NOW) == "postmark"
    assert in_use(Board(breakers=dict.fromkeys(ORDER, OPEN)), ORDER, NOW) is None
    assert in_use(Board(0, {"resend": OPEN}, pinned("force")), ORDER, NOW) == "resend"


def test_in_a_half_open_phase_a_call_needs_the_place_unless_it_is_forced():
    board = Board(breakers={"resend": HALF})
    assert probes(board, "resend", NOW)
    assert not probes(board, "ses", NOW)
    assert not probes(board._replace(route=pinned("force")), "resend", NOW)


def test_a_critical_message_is_no_probe_before_a_lease_is_over():
    board = Board(breakers={"resend": HALF})
    assert shut_until(board, "resend", "", NOW) <= NOW
    assert shut_until(board, "resend", "", NOW, critical=True) == NOW - 1 + 60_000
    assert shut_until(board, "resend", "", NOW, critical=True, lease=0.001) <= NOW


def test_a_pin_comes_first_and_an_unknown_one_changes_nothing():
    assert ordered(ORDER, Pin("ses", "prefer", 9, "", "")) == ("ses", "resend", "postmark")
    assert ordered(ORDER, Pin("other", "prefer", 9, "", "")) == ORDER == ordered(ORDER, None)


def test_what_is_over_has_no_effect():
    route = Route(Pin("ses", "prefer", NOW, "", ""), Override(NOW + 1, "", ""), Override(NOW - 1, "", ""))
    assert at(route, NOW) == Route(hold=route.hold)
