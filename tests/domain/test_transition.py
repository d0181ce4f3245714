"""A log replays to the state, and shows where it was tampered with."""

from notifyctl.domain.breaker import Breaker, Counted, Phase, Probed, Rules, Time
from notifyctl.domain.route import Override, Route
from notifyctl.domain.transition import Entry, Move, ask, lasting, replay

RULES = Rules()
HELD = Route(hold=Override(90_000, "why", "ann"))


def move(before: Breaker, event: object, at: int) -> Move:
    made = ask("resend", before, event, RULES, at)  # type: ignore[arg-type]  # any event
    assert made
    return made


def trip_and_recover() -> list[Entry]:
    trip = move(Breaker(faults=3, messages=2), Counted(), 1000)
    half = move(trip.after, Time(), 301_000)
    well = move(half.after._replace(probe="p1", probe_until=361_000), Probed("p1", well=True), 301_500)
    return [Entry(f"{at}-0", at, "worker one", item) for at, item in ((1000, trip), (301_000, half), (301_500, well))]


def test_nothing_was_moved_when_nothing_follows():
    assert ask("resend", Breaker(), Counted(), RULES, 1000) is None


def test_a_log_leads_to_the_last_state_and_to_the_last_route():
    told = replay([*trip_and_recover(), Entry("9-0", 9, "ann", None, "pause", "why", Route(), HELD)])
    assert told.breakers["resend"].phase is Phase.HALF_OPEN
    assert (told.breakers["resend"].successes, told.route, told.broken) == (1, HELD, ())


def test_one_that_was_cut_starts_where_it_was_cut():
    entries = trip_and_recover()
    assert replay(entries[1:]) == replay(entries)


def test_a_missing_entry_is_noticed_at_the_next_one():
    first, _, last = trip_and_recover()
    assert replay([first, last]).broken == (last.id,)


def test_so_is_a_missing_change_of_the_route():
    changes = [
        Entry("1-0", 1, "ann", None, "pause", "why", Route(), HELD),
        Entry("2-0", 2, "ann", None, "pause", "why", Route(), HELD),
    ]
    assert replay(changes).broken == ("2-0",)


def test_a_decision_that_would_come_out_otherwise_is_noticed():
    (first, *_) = trip_and_recover()
    assert first.move
    other = first._replace(move=first.move._replace(before=Breaker(faults=2, messages=2)))
    assert replay([other]).broken == (first.id,)


def test_counts_and_the_place_of_a_probe_are_not_part_of_the_chain():
    assert lasting(Breaker(faults=2, messages=1, refused="key", probe="p", probe_until=9)) == Breaker()
