"""Room at a provider, as `admit` gives it on a real server: against a model, against windows, and from the first call.

The clock is the test's. One message is admitted again and again, each time as the next attempt.
"""

import heapq
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lab import NOON, W1, Lab, intent
from notifyctl.domain.limit import HOLD, KEPT, PARTS, Limit
from notifyctl.domain.revision import Priority
from notifyctl.store.attempts import Admission
from notifyctl.store.limits import News

PRIORITIES = tuple(Priority)
SLOW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


@dataclass
class Door:
    """Asks for one message after the other on the lab's server."""

    lab: Lab
    limit: Limit | None = None
    version: int = 0
    serial: int = 0

    def __post_init__(self) -> None:
        self.lab.redis("FLUSHALL")
        self.lab.now = NOON
        self.lab.claimed("m")
        if self.limit:
            self.note(News(limit=self.limit))

    def note(self, news: News) -> int:
        return self.lab.run(self.lab.store.limits.note("resend", news))

    def ask(self, priority: Priority, at: float, trial: bool = False) -> Admission:
        self.lab.now, self.serial = NOON + int(at), self.serial + 1
        wish = intent("m", f"a{self.serial}", self.version, burst=1000, priority=priority.value, trial=trial)
        (answer,) = self.lab.admit(W1, wish)
        self.version = answer.version if answer.code == "ok" else self.version
        return answer


@dataclass
class Model:
    """The rules in plain Python, times in ms."""

    limit: Limit
    tat: float = -1e9
    calls: list[int] = field(default_factory=list)
    turns: dict[Priority, float] = field(default_factory=lambda: dict.fromkeys(Priority, -1e9))

    def ask(self, priority: Priority, now: int) -> float | None:
        """None when a token was taken, else the turn."""
        gap = 1000 / self.limit.rate
        higher = [self.turns[other] + gap for other in PRIORITIES[: PRIORITIES.index(priority)]]
        free = self.tat - (self.limit.burst - 1) * PARTS[priority] * gap
        if len(self.calls) >= self.limit.planned:
            free = max(free, self.calls[-self.limit.planned] + self.limit.span * 1000)
        free = max([free, *(turn for turn in higher if turn > now)])
        assume(all(abs(edge - now) > 0.1 for edge in (free, *higher)))  # the server keeps thousandths of a ms
        if free <= now:
            self.calls.append(now)
            self.tat = max(self.tat, now) + gap
            return None
        turn = max(free, self.turns[priority] + gap)
        if turn > now + HOLD:
            return max(free, now + HOLD)
        self.turns[priority] = turn
        return turn


@SLOW
@given(
    st.builds(Limit, st.integers(1, 200), st.sampled_from((1, 2, 10))),
    st.lists(st.tuples(st.sampled_from(PRIORITIES), st.integers(0, 60)), min_size=1, max_size=60),
)
def test_the_script_does_what_the_rules_say(lab: Lab, limit: Limit, asks: list[tuple[Priority, int]]):
    door, model, now = Door(lab, limit), Model(limit), 0
    for priority, pause in asks:
        now += pause + 1
        answer, turn = door.ask(priority, now), model.ask(priority, now)
        assert answer.code == ("ok" if turn is None else "full")
        if turn is not None:
            assert abs(answer.free_at - NOON - turn) <= 1  # ms, by rounding


@SLOW
@given(st.integers(2, 60), st.integers(1, 3), st.randoms(use_true_random=False))
def test_no_window_sees_more_than_the_limit_for_any_order_of_askers(
    lab: Lab, calls: int, askers: int, chance: random.Random
):
    """Whoever is refused asks again at its turn, or a little later; whoever is let in has the next message at once."""
    door, admitted = Door(lab, Limit(calls)), []
    line = [(chance.randrange(50), number, chance.choice(PRIORITIES)) for number in range(askers * 3)]
    while len(admitted) < 2 * calls and line:
        at, number, priority = heapq.heappop(line)
        answer = door.ask(priority, at)
        if answer.code == "ok":
            admitted.append(at)
        again = at if answer.code == "ok" else answer.free_at - NOON
        heapq.heappush(line, (again + chance.choice((0, 0, 1, 7)), number, priority))
        line.sort()
    for first, begin in enumerate(admitted[:-calls]):
        assert admitted[first + calls] >= begin + 1000 - 1


@pytest.mark.parametrize(
    "nonsense", [Limit(999_999_999), Limit(999_999_999, 999_999), Limit(2, 999_999_999), Limit(1, 1e300), Limit(1e15)]
)
def test_whatever_a_provider_says_few_calls_are_on_record(lab: Lab, nonsense: Limit):
    door = Door(lab, nonsense)
    assert door.ask(Priority.BULK, 0).code == "ok"
    assert int(lab.redis("HGET", "nf:{bull}:limit:resend", "planned")) <= KEPT


@pytest.mark.parametrize("calls", [5, 50])
def test_critical_mail_is_never_behind_bulk(lab: Lab, calls: int):
    """While nine bulk messages always wait, a critical one is let in within the time of two tokens."""
    door, limit = Door(lab, Limit(calls)), Limit(calls)
    line = [(0.0, number) for number in range(9)]
    tickets = [400.0 * number + 100 for number in range(20)]
    for came in tickets:
        while line[0][0] <= came:
            at, number = heapq.heappop(line)
            answer = door.ask(Priority.BULK, at)
            heapq.heappush(line, (at + 1 if answer.code == "ok" else answer.free_at - NOON, number))
        answer, at = door.ask(Priority.CRITICAL, came), came
        while answer.code == "full":
            at = answer.free_at - NOON
            answer = door.ask(Priority.CRITICAL, at)
        assert at - came <= 2 * 1000 / limit.rate + 2


@dataclass
class Provider:
    """Fixed windows of a second, and an answer after `away` ms; `tells` its limit in headers or not."""

    calls: int
    away: float
    tells: bool
    windows: dict[int, int] = field(default_factory=dict)
    refused: int = 0
    taken: int = 0

    def call(self, at: float) -> News:
        window = int(at // 1000)
        self.windows[window] = self.windows.get(window, 0) + 1
        limit = Limit(self.calls) if self.tells else None
        if self.windows[window] > self.calls:
            self.refused += 1
            return News(closed=1000, limit=limit, verdict="many", rate=None)
        self.taken += 1
        return News(limit=limit, verdict="good")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("calls", "tells", "most"), [(2, True, 6), (10, True, 6), (50, True, 6), (50, False, 50), (200, False, 100)]
)
def test_a_provider_of_which_nothing_is_known_meets_no_storm(lab: Lab, calls: int, tells: bool, most: int, seed: int):
    """Two workers carry 64 messages each and have as many again at once; answers take 20 to 150 ms. One that tells its
    limit refuses a handful in four seconds, another no more than it takes in one."""
    chance = random.Random(seed)
    door, provider = Door(lab), Provider(calls, chance.uniform(20, 150), tells)
    events: list[tuple[float, int, News | None]] = [(chance.random(), number, None) for number in range(128)]
    while events[0][0] < 4000:
        at, number, news = heapq.heappop(events)
        if news:
            door.lab.now = NOON + int(at)
            door.note(news)
        answer = door.ask(Priority.BULK, at, trial=True)
        if answer.code == "ok":
            heapq.heappush(events, (at + provider.away, number, provider.call(at + provider.away / 2)))
        else:
            heapq.heappush(events, (max(at + 1, answer.free_at - NOON), number, None))
    assert provider.refused <= most
    assert provider.taken >= provider.calls
