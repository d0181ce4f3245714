"""A drill goes through the real rules, and leaves the board as it is."""

from notifyctl.domain.board import Board
from notifyctl.domain.breaker import Breaker, Isolated, Phase, Rules
from notifyctl.domain.drill import rehearse
from notifyctl.domain.route import Override, Route
from notifyctl.domain.transition import ask

ORDER = ("resend", "postmark", "ses")
RULES = Rules()


def test_the_third_fault_moves_the_mail_and_three_probes_bring_it_back():
    board = Board(breakers={"resend": Breaker(rule="T6")})
    scenes = rehearse(board, ORDER, "resend", RULES, 1000)
    assert [(scene.rule, scene.breaker.phase.value, scene.carrier, scene.at - 1000) for scene in scenes] == [
        ("", "closed", "resend", 0),
        ("", "closed", "resend", 0),
        ("T1", "open", "postmark", 0),
        ("T4", "half-open", "postmark", 300_000),
        ("T5", "half-open", "postmark", 300_000),
        ("T5", "half-open", "postmark", 300_000),
        ("T6", "closed", "resend", 300_000),
    ]
    assert board == Board(breakers={"resend": Breaker(rule="T6")})


def test_faults_that_were_counted_already_count():
    board = Board(1, {"resend": Breaker(faults=2, messages=2)})
    assert rehearse(board, ORDER, "resend", RULES, 1000)[0].rule == "T1"


def test_a_provider_that_flaps_stays_out_longer():
    board = Board(1, {"resend": Breaker(closed_at=1, trips=1)})
    assert [scene.at for scene in rehearse(board, ORDER, "resend", RULES, 1000) if scene.rule == "T4"] == [601_000]


def test_with_the_others_out_nobody_gets_the_mail():
    out = ask("postmark", Breaker(), Isolated(9_000_000, "why"), RULES, 0)
    assert out
    scenes = rehearse(Board(1, {"postmark": out.after}), ("resend", "postmark"), "resend", RULES, 1000)
    assert [scene.carrier for scene in scenes if scene.breaker.phase is Phase.OPEN] == [None]


def test_while_automation_is_paused_nobody_is_taken_out():
    board = Board(1, {}, Route(manual=Override(9_000, "why", "ann")))
    assert [scene.breaker.phase for scene in rehearse(board, ORDER, "resend", RULES, 1000)] == [Phase.CLOSED] * 3


def test_one_that_is_out_begins_with_the_end_of_its_window():
    board = Board(1, {"resend": Breaker(phase=Phase.OPEN, until=60_000, trips=1)})
    assert [scene.rule for scene in rehearse(board, ORDER, "resend", RULES, 1000)] == ["T4", "T5", "T5", "T6"]
