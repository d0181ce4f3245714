"""The board in Redis: what holds at one version, moves that only one can make, and a log that replays to it."""

import asyncio

import pytest
import redis as client

from lab import NOON, W1, Lab
from notifyctl.domain.breaker import Breaker, Counted, Event, Isolated, Phase, Probed, Resumed, Rules, Time, Yielded
from notifyctl.domain.errors import Degraded, Misconfigured, Unreachable
from notifyctl.domain.route import Override, Pin, Route
from notifyctl.domain.transition import Move, ask, lasting, replay
from notifyctl.store.board import Look

RULES = Rules()
PIN = Route(pin=Pin("ses", "prefer", NOON + 7_200_000, "resend is slow", "ann"))


def look(lab: Lab) -> Look:
    return lab.run(lab.store.boards.look())


def count(lab: Lab, provider: str, **counts: object) -> None:
    """What settle counts."""
    for name, value in counts.items():
        lab.redis("HSET", f"{lab.store.boards.own}breaker:{provider}", name, value)


def asked(lab: Lab, provider: str, event: Event) -> Move:
    seen = look(lab)
    move = ask(provider, seen.board.breaker(provider), event, RULES, seen.now)
    assert move
    return move


def make(lab: Lab, move: Move, by: str = "worker one") -> bool:
    return lab.run(lab.store.boards.move(move, by))


def trip(lab: Lab, provider: str = "resend") -> Breaker:
    count(lab, provider, faults=3, messages=2)
    assert make(lab, asked(lab, provider, Counted()))
    return look(lab).board.breaker(provider)


def half_open(lab: Lab, provider: str = "resend") -> Breaker:
    trip(lab, provider)
    lab.now += 300_000
    assert make(lab, asked(lab, provider, Time()))
    return look(lab).board.breaker(provider)


def test_of_an_empty_server_everything_is_closed_and_nothing_is_written(lab: Lab):
    seen = look(lab)
    assert (seen.now, seen.board.version, seen.board.route) == (NOON, 0, Route())
    assert seen.board.breaker("resend") == Breaker()
    assert lab.redis("KEYS", "*") == []


def test_a_move_is_seen_whole_raises_the_version_and_is_logged_with_what_it_was_asked(lab: Lab):
    count(lab, "resend", faults=5, messages=2, first="m1")
    move = asked(lab, "resend", Counted())
    assert make(lab, move)
    seen = look(lab)
    assert seen.board.breaker("resend") == move.after
    assert (move.after.phase, move.after.until, seen.board.version) == (Phase.OPEN, NOON + 300_000, NOON)
    (entry,) = lab.run(lab.store.boards.history())
    assert (entry.at, entry.by, entry.move, entry.verb) == (NOON, "worker one", move, "T1")
    assert entry.move and entry.move.before.faults == 5


def test_of_two_who_decide_the_same_one_makes_the_move(lab: Lab):
    count(lab, "resend", faults=3, messages=2)
    first, second = asked(lab, "resend", Counted()), asked(lab, "resend", Counted())
    assert [make(lab, first), make(lab, second)] == [True, False]
    assert len(lab.run(lab.store.boards.history())) == 1


@pytest.mark.parametrize(
    ("then", "made"),
    [
        ({"faults": 0, "messages": 0}, False),
        ({"faults": 2, "messages": 2}, False),
        ({"faults": 3, "messages": 1}, False),
        ({"faults": 9, "messages": 2}, True),
    ],
)
def test_a_trip_on_counts_is_made_while_at_least_so_many_are_there(lab: Lab, then: dict[str, object], made: bool):
    count(lab, "resend", faults=3, messages=2)
    move = asked(lab, "resend", Counted())
    count(lab, "resend", **then)
    assert make(lab, move) is made


def test_a_refusal_of_the_account_trips_while_it_is_the_same(lab: Lab):
    count(lab, "resend", refused="invalid_api_key")
    move = asked(lab, "resend", Counted())
    count(lab, "resend", refused="suspended")
    assert not make(lab, move)
    assert make(lab, asked(lab, "resend", Counted()))


def test_a_probe_that_lost_its_place_moves_nothing(lab: Lab):
    generation = half_open(lab).generation
    place = (generation, "p1", 60.0, lab.run(lab.store.workers.lease("prober", W1, 60)))
    assert lab.run(lab.store.boards.take_place("resend", *place)) == lab.now
    lost = asked(lab, "resend", Probed("p1", well=False, why="503"))
    count(lab, "resend", probe="p2")
    assert not make(lab, lost)
    assert look(lab).board.breaker("resend").phase is Phase.HALF_OPEN


def test_one_probe_has_the_place_until_its_lease_runs_out(lab: Lab):
    generation = half_open(lab).generation
    fence = lab.run(lab.store.workers.lease("prober", W1, 60))

    def take(name: str, seen: int = generation, number: int = fence) -> int:
        return lab.run(lab.store.boards.take_place("resend", seen, name, 60.0, number))

    assert [take("p1"), take("p2")] == [lab.now, 0]
    lab.now += 59_999
    assert take("p2") == 0
    lab.now += 1
    assert [take("p2", generation - 1), take("p2", number=fence + 1), take("p2")] == [0, 0, lab.now]
    lab.now -= 3_600_000
    assert take("p3") == lab.now, "a clock that was set back keeps no place for an hour"


def test_no_place_is_given_while_the_window_lasts(lab: Lab):
    generation = trip(lab).generation
    fence = lab.run(lab.store.workers.lease("prober", W1, 60))
    assert lab.run(lab.store.boards.take_place("resend", generation, "p1", 60.0, fence)) == 0


def test_a_probe_that_told_nothing_frees_its_place_under_a_new_generation(lab: Lab):
    before = half_open(lab)
    fence = lab.run(lab.store.workers.lease("prober", W1, 60))
    lab.run(lab.store.boards.take_place("resend", before.generation, "p1", 60.0, fence))
    assert make(lab, asked(lab, "resend", Yielded("p1")))
    after = look(lab).board.breaker("resend")
    assert (after.phase, after.probe, after.successes) == (Phase.HALF_OPEN, "", 0)
    assert after.generation > before.generation


def test_the_route_changes_from_the_version_that_was_seen_or_not_at_all(lab: Lab):
    boards = lab.store.boards
    assert lab.run(boards.change_route(0, PIN, "failover", "ann", "resend is slow")) == NOON
    assert lab.run(boards.change_route(0, Route(), "restore", "bob", "too late")) is None
    assert look(lab).board.route == PIN
    (entry,) = lab.run(boards.history())
    assert (entry.verb, entry.by, entry.reason) == ("failover", "ann", "resend is slow")
    assert (entry.move, entry.before, entry.after) == (None, Route(), PIN)


def test_a_trip_in_between_makes_a_change_of_the_route_stale(lab: Lab):
    seen = look(lab)
    trip(lab)
    assert lab.run(lab.store.boards.change_route(seen.board.version, PIN, "failover", "ann", "why")) is None


def test_route_and_breakers_change_together_or_not_at_all(lab: Lab):
    isolated = asked(lab, "resend", Isolated(NOON + 60_000, "drill"))
    boards = lab.store.boards
    stale = isolated._replace(provider="ses", before=isolated.before._replace(generation=5))
    assert lab.run(boards.change_route(0, PIN, "failover", "ann", "drill", [isolated, stale])) is None
    assert (look(lab).board.version, look(lab).board.breakers) == (0, {})
    assert lab.run(boards.change_route(0, PIN, "failover", "ann", "drill", [isolated])) == NOON
    assert (look(lab).board.route, look(lab).board.breaker("resend").phase) == (PIN, Phase.ISOLATED)
    assert [entry.verb for entry in lab.run(boards.history())] == ["failover", "T9"]


def test_the_log_replays_to_the_state(lab: Lab):
    boards, version = lab.store.boards, 0
    half_open(lab, "resend")
    trip(lab, "ses")
    lab.now += 1000
    held = Route(hold=Override(lab.now + 60_000, "bad release", "bob"))
    for route, verb in ((PIN, "failover"), (held, "pause")):
        version = look(lab).board.version
        assert lab.run(boards.change_route(version, route, verb, "ann", "why"))
    make(lab, asked(lab, "ses", Resumed("mended")), by="ann")
    told = replay(reversed(lab.run(boards.history())))
    seen = look(lab).board
    assert told.broken == ()
    assert told.breakers == {name: lasting(breaker) for name, breaker in seen.breakers.items()}
    assert told.route == seen.route == held


def test_history_tells_the_latest_first_and_no_more_than_asked(lab: Lab):
    for provider in ("resend", "postmark", "ses"):
        trip(lab, provider)
    assert [entry.move.provider for entry in lab.run(lab.store.boards.history(2)) if entry.move] == ["ses", "postmark"]


def test_looks_need_no_right_to_write(lab: Lab):
    trip(lab)
    lab.redis(
        "ACL", "SETUSER", "reader", "on", ">secret", "~*", "resetchannels", "-@all", "+@read", "+@connection", "+time"
    )
    reader = client.asyncio.Redis(
        host="127.0.0.1", port=lab.valkey.port, username="reader", password="secret", protocol=2
    )
    boards = type(lab.store.boards)(
        type(lab.link)(reader, lab.settings.redis), lab.store.boards.scripts, lab.store.boards.own
    )
    try:
        assert lab.run(boards.look()) == look(lab)
        assert lab.run(boards.history()) == lab.run(lab.store.boards.history())
        with pytest.raises((Misconfigured, Degraded)):
            lab.run(boards.forget_senders(["resend|a@b.example"]))
    finally:
        lab.run(reader.aclose())
        lab.redis("ACL", "DELUSER", "reader")


def test_without_a_server_nothing_is_known(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    async def story() -> None:
        nobody = client.asyncio.Redis(host="127.0.0.1", port=1)
        boards = type(lab.store.boards)(type(lab.link)(nobody, lab.settings.redis), lab.store.boards.scripts, "nf:")
        with pytest.raises(Unreachable):
            await boards.look()
        await nobody.aclose()

    asyncio.run(story())
