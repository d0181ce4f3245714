"""When a provider gets no more mail, and how it comes back."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from notifyctl.domain.breaker import (
    Breaker,
    Counted,
    Event,
    Isolated,
    Minute,
    Phase,
    Probed,
    Resumed,
    Rules,
    Time,
    Yielded,
    alone,
    decide,
    due,
    open_from,
    restored,
    wilson,
)

RULES = Rules()
NOON = 1_795_510_800_000
WINDOW, CAP, LEASE = 300_000, 1_800_000, 60_000
THREE = Breaker(faults=3, messages=2)


def after(breaker: Breaker, event: Event, now: int = NOON, automatic: bool = True) -> Breaker:
    moved = decide(breaker, event, RULES, now, automatic)
    assert moved
    return moved


def opened(now: int = NOON) -> Breaker:
    return after(THREE, Counted(), now)


def half(now: int = NOON) -> Breaker:
    """Half-open at that time."""
    return after(opened(now - WINDOW), Time(), now)


def probing(now: int = NOON, successes: int = 0) -> Breaker:
    return half(now)._replace(probe="p", probe_until=now + LEASE, successes=successes)


@pytest.mark.parametrize(
    ("counts", "trips"),
    [
        ({"faults": 2, "messages": 2}, False),
        ({"faults": 3, "messages": 1}, False),
        ({"faults": 3, "messages": 2}, True),
        ({"faults": 99, "messages": 1}, False),
        ({"refused": "invalid_api_key"}, True),
    ],
)
def test_it_trips_after_three_faults_over_two_messages_or_a_refused_account(counts, trips):
    breaker = Breaker(**counts)
    assert due(breaker, RULES) is trips
    assert (decide(breaker, Counted(), RULES, NOON) is not None) is trips


def test_the_first_window_takes_300_seconds_exactly_and_no_call_goes_there_before():
    breaker = opened()
    assert (breaker.phase, breaker.until, breaker.rule, breaker.trips) == (Phase.OPEN, NOON + WINDOW, "T1", 1)
    assert decide(breaker, Time(), RULES, NOON + WINDOW - 1) is None
    assert open_from(breaker, NOON + WINDOW - 1) == NOON + WINDOW
    assert open_from(breaker, NOON + WINDOW) > NOON + WINDOW, "somebody must open it first"
    assert after(breaker, Time(), NOON + WINDOW).phase is Phase.HALF_OPEN


def test_the_reason_says_what_tripped_it():
    assert after(Breaker(refused="suspended"), Counted()).reason == "our account is refused: suspended"
    assert "3 faults in a row" in opened().reason
    assert after(Breaker(), Minute(20, 5)).reason == "5 of 20 calls in a minute failed"


@pytest.mark.parametrize(
    ("calls", "faults", "trips"),
    [
        (19, 19, False),
        (20, 4, False),
        (20, 5, True),
        (60, 9, False),
        (60, 10, True),
        (1000, 117, True),
        (1000, 100, False),
    ],
)
def test_the_rate_rule_sees_a_tenth_and_wants_twenty_calls(calls, faults, trips):
    assert (decide(Breaker(), Minute(calls, faults), RULES, NOON) is not None) is trips


def test_no_calls_prove_nothing():
    assert wilson(0, 0) == 0
    assert wilson(0, 100) == 0


@pytest.mark.parametrize("event", [Counted(), Minute(100, 100)])
def test_paused_automation_lets_nothing_trip(event):
    assert decide(THREE, event, RULES, NOON, automatic=False) is None


def test_paused_automation_leaves_the_way_back_open():
    assert decide(opened(), Time(), RULES, NOON + WINDOW, automatic=False)
    assert decide(probing(), Probed("p", True), RULES, NOON, automatic=False)


@pytest.mark.parametrize("breaker", [opened(), half(), after(Breaker(), Isolated(NOON + 9, "drill"))])
def test_only_a_closed_one_trips(breaker):
    full = breaker._replace(faults=9, messages=2, refused="key")
    assert not due(full, RULES)
    assert decide(full, Counted(), RULES, NOON) is None
    assert decide(full, Minute(100, 100), RULES, NOON) is None


def test_three_probes_close_it_and_no_fewer():
    one = after(probing(), Probed("p", True))
    two = after(one._replace(probe="q"), Probed("q", True), NOON + 1)
    assert [(item.phase, item.successes, item.probe) for item in (one, two)] == [
        (Phase.HALF_OPEN, 1, ""),
        (Phase.HALF_OPEN, 2, ""),
    ]
    closed = after(two._replace(probe="r"), Probed("r", True), NOON + 2)
    assert (closed.phase, closed.closed_at, closed.rule) == (Phase.CLOSED, NOON + 2, "T6")


def test_a_failed_probe_opens_it_for_as_long_again():
    again = after(probing(successes=2), Probed("p", False, "503"))
    assert (again.phase, again.until, again.trips, again.successes) == (Phase.OPEN, NOON + WINDOW, 1, 0)


@pytest.mark.parametrize("event", [Probed("other", True), Probed("other", False), Yielded("other"), Probed("", False)])
def test_a_probe_without_the_place_changes_nothing(event):
    assert decide(probing(), event, RULES, NOON) is None


@pytest.mark.parametrize("breaker", [Breaker(), opened()])
def test_a_late_probe_changes_nothing(breaker):
    late = breaker._replace(probe="p")
    assert decide(late, Probed("p", False), RULES, NOON) is None
    assert decide(late, Yielded("p"), RULES, NOON) is None


def test_a_trip_soon_after_closing_lengthens_the_window_and_a_later_one_does_not():
    closed = THREE._replace(closed_at=NOON, trips=2)
    assert after(closed, Counted(), NOON + 1_799_999).until - NOON - 1_799_999 == 3 * WINDOW
    assert after(closed, Counted(), NOON + 1_800_000).trips == 1
    assert after(THREE._replace(closed_at=NOON, trips=40), Counted(), NOON + 1).until == NOON + 1 + CAP


def test_a_person_isolates_and_resumes():
    isolated = after(Breaker(trips=2), Isolated(NOON + 5000, "drill"))
    assert (isolated.phase, isolated.until, isolated.reason) == (Phase.ISOLATED, NOON + 5000, "drill")
    assert decide(isolated, Time(), RULES, NOON + 4999) is None
    assert after(isolated, Time(), NOON + 5000).phase is Phase.HALF_OPEN
    assert after(isolated, Resumed("done")).phase is Phase.HALF_OPEN
    assert after(opened(), Resumed("mended")).phase is Phase.HALF_OPEN
    assert decide(Breaker(), Resumed("what for"), RULES, NOON) is None
    assert decide(probing(successes=2), Resumed("again"), RULES, NOON) is None


def test_the_tool_probes_first_then_messages_and_critical_ones_only_when_nobody_came():
    fresh, later = half(), half()._replace(successes=1)
    assert [open_from(fresh, NOON), open_from(fresh, NOON, critical=True)] == [NOON + LEASE] * 2
    assert [open_from(later, NOON), open_from(later, NOON, critical=True)] == [0, NOON + LEASE]
    assert open_from(probing(successes=1), NOON + 1) == NOON + LEASE
    assert open_from(later, NOON + LEASE, critical=True) <= NOON + LEASE


def test_the_prober_probes_first_and_when_no_message_came_within_a_lease():
    one = half()._replace(successes=1)
    assert alone(half(), RULES, NOON)
    assert not alone(probing(), RULES, NOON + LEASE - 1)
    assert alone(probing(), RULES, NOON + LEASE)
    assert [alone(one, RULES, NOON + LEASE - 1), alone(one, RULES, NOON + LEASE)] == [False, True]
    assert not any(alone(item, RULES, NOON) for item in (Breaker(), opened()))


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_an_hour_blocks_nobody_longer_than_the_cap(hours):
    there = NOON + hours * 3_600_000
    breaker = opened()
    moved = decide(breaker, Time(), RULES, there)
    assert (moved or breaker).phase is Phase.HALF_OPEN or (moved or breaker).until <= there + CAP
    assert open_from(probing(), there) <= there + LEASE
    assert open_from(half()._replace(successes=1), there, critical=True) <= there + LEASE


def test_a_clock_that_was_set_back_keeps_no_place_for_a_probe_of_which_nothing_is_heard():
    back = NOON - 3_600_000
    assert open_from(probing(successes=1), back) <= back
    assert open_from(half(), back, critical=True) <= back
    assert alone(probing(), RULES, back)


def test_an_isolation_does_not_end_before_the_window_that_it_began_in():
    isolated = after(opened(), Isolated(NOON + 1000, "an odd answer"), NOON + 10)
    assert (isolated.phase, isolated.until) == (Phase.ISOLATED, NOON + WINDOW)
    assert after(opened(), Isolated(NOON + WINDOW + 1, "longer"), NOON + 10).until == NOON + WINDOW + 1
    assert after(probing(), Isolated(NOON + 1000, "no window")).until == NOON + 1000


def test_what_was_stored_is_read_and_what_is_unknown_left_out():
    assert restored({"phase": "open", "generation": "7", "first": "m", "reason": "x"}) == Breaker(
        Phase.OPEN, 7, reason="x"
    )
    assert restored({}) == Breaker()


class Life(RuleBasedStateMachine):
    """One provider under everything that can happen; what settle counts and who holds the place is kept here."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.breaker = Breaker()
        self.opened_at = self.closings = 0
        self.resumed = False
        self.old: list[tuple[int, str]] = []  # what workers that were stopped will tell: generation, probe
        self.names = 0
        self.reference = 0  # trips in a row, as counted here

    def ask(self, event: Event, automatic: bool = True) -> None:
        before = self.breaker
        moved = decide(before, event, RULES, self.now, automatic)
        if moved is None:
            return
        assert moved.generation > before.generation, "B6"
        assert moved.generation >= self.now
        self.breaker = moved
        if moved.phase is Phase.OPEN and before.phase is not Phase.OPEN:
            self.opened(before, event)
        if moved.phase is Phase.HALF_OPEN and before.phase is Phase.OPEN:
            assert self.resumed or self.now >= self.opened_at + WINDOW, "B4"
        if moved.phase is Phase.CLOSED:
            assert isinstance(event, Probed) and event.well and before.successes == 2
            self.closings = self.now

    def opened(self, before: Breaker, event: Event) -> None:
        self.opened_at, self.resumed = self.now, False
        if isinstance(event, Counted):
            assert before.refused or (before.faults >= 3 and before.messages >= 2), "B3"
        if before.phase is Phase.CLOSED:
            soon = self.closings and self.now - self.closings < 1_800_000
            self.reference = self.reference + 1 if soon else 1
        self.reference = max(self.reference, 1)
        assert self.breaker.until - self.now == min(self.reference * WINDOW, CAP), "T8"

    def settle(self, message: str, fault: bool, generation: int) -> None:
        """As `settle` counts; B5: nothing under another generation."""
        breaker = self.breaker
        if generation != breaker.generation or breaker.phase is not Phase.CLOSED:
            return
        if fault:
            messages = 1 if not breaker.faults else min(2, breaker.messages + (message != self.first))
            self.first = message if not breaker.faults else self.first
            self.breaker = breaker._replace(faults=breaker.faults + 1, messages=messages)
        elif not due(breaker, RULES):
            self.breaker = breaker._replace(faults=0, messages=0)

    @rule(count=st.integers(1, 5), messages=st.integers(1, 3), automatic=st.booleans())
    def burst_of_faults(self, count, messages, automatic):
        for number in range(count):
            self.settle(f"m{number % messages}", True, self.breaker.generation)
            self.ask(Counted(), automatic)

    @rule()
    def success(self):
        self.settle("m", False, self.breaker.generation)

    @rule(code=st.sampled_from(["invalid_api_key", "suspended"]))
    def account_refused(self, code):
        if self.breaker.phase is Phase.CLOSED:
            self.breaker = self.breaker._replace(refused=code)
        self.ask(Counted())

    @rule(calls=st.integers(0, 100), part=st.floats(0, 1))
    def minute(self, calls, part):
        self.ask(Minute(calls, int(calls * part)))

    @rule(by=st.sampled_from([-1, 0, 1]))
    def go_to_the_boundary(self, by):
        if self.breaker.phase is Phase.OPEN:
            self.now = max(self.breaker.until + by, self.now)
        self.ask(Time())

    @rule(ms=st.sampled_from([1, 59_999, 60_000, 299_999, 1_800_000, -3_600_000, 3_600_000]))
    def pass_time(self, ms):
        self.now += ms
        self.opened_at = min(self.opened_at, self.now) if ms < 0 else self.opened_at
        self.resumed = self.resumed or ms < 0  # the window is measured by a clock that was set back
        self.ask(Time())

    @precondition(lambda self: self.breaker.phase is Phase.HALF_OPEN)
    @rule(count=st.integers(1, 4), well=st.booleans())
    def probes_then_an_outcome(self, count, well):
        for number in range(count):
            if self.breaker.phase is Phase.HALF_OPEN:
                self.take()
                self.ask(Probed(self.breaker.probe, well or number < count - 1, "503"))

    @precondition(lambda self: self.breaker.phase is Phase.HALF_OPEN)
    @rule()
    def a_probe_that_never_tells(self):
        self.take()
        self.old.append((self.breaker.generation, self.breaker.probe))
        self.now += LEASE

    def take(self) -> None:
        self.names += 1
        self.breaker = self.breaker._replace(probe=f"p{self.names}", probe_until=self.now + LEASE)

    @rule(trips=st.integers(1, 8))
    def trip_and_recover(self, trips):
        for _ in range(trips):
            self.burst_of_faults(3, 2, True)
            self.old.append((self.breaker.generation, "x"))
            self.go_to_the_boundary(0)
            if self.breaker.phase is Phase.HALF_OPEN:
                self.probes_then_an_outcome(3, True)

    @precondition(lambda self: self.old)
    @rule(well=st.booleans())
    def an_old_worker_wakes_up(self, well):
        generation, probe = self.old.pop(0)
        before = self.breaker
        if generation == before.generation or probe == before.probe:
            return
        for number in range(3):
            self.settle(f"old{number}", True, generation)
        if not due(before, RULES):  # else it is decided on what others have counted while automation was paused
            self.ask(Counted())
        self.ask(Probed(probe, well))
        assert self.breaker == before, "B5"

    @rule(seconds=st.integers(1, 7200))
    def isolate(self, seconds):
        self.ask(Isolated(self.now + seconds * 1000, "drill"))

    @rule()
    def resume(self):
        self.resumed = True
        self.ask(Resumed("mended"))

    @invariant()
    def only_a_closed_one_is_open_to_all(self):
        if self.breaker.phase in (Phase.OPEN, Phase.ISOLATED):
            assert open_from(self.breaker, self.now) > self.now, "B1"

    @invariant()
    def nobody_waits_longer_than_the_cap(self):
        if self.breaker.phase is Phase.OPEN:
            moved = decide(self.breaker, Time(), RULES, self.now) or self.breaker
            assert moved.phase is Phase.HALF_OPEN or moved.until <= self.now + CAP, "B12"
        if self.breaker.phase is Phase.HALF_OPEN:
            assert open_from(self.breaker, self.now, critical=True) <= self.now + LEASE

    @invariant()
    def it_recovers_when_faults_stop(self):
        """B10: within the window, a lease and three probes."""
        breaker, now = self.breaker, self.now
        for _ in range(3):  # a clock that was set back first cuts the window
            if breaker.phase in (Phase.OPEN, Phase.ISOLATED):
                now = max(now, breaker.until)
                breaker = decide(breaker, Time(), RULES, now) or breaker
        now = max(now, breaker.probe_until)
        while breaker.phase is Phase.HALF_OPEN:
            moved = decide(breaker._replace(probe="z"), Probed("z", True), RULES, now)
            assert moved
            breaker = moved
        assert breaker.phase is Phase.CLOSED, "B10"


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
