"""Breakers of a whole installation: which troubles take a provider out, how far, and how it comes back.

Workers, Redis and providers are processes, and all at the demo's pace: a window is 6 s instead of 300 s. What counts
is what Redis put down at the moment it happened: when a call was admitted, when it was settled, when a breaker moved.
"""

from itertools import pairwise

import pytest

from faults.arena import Arena, arena
from faults.checker import check
from faults.trail import Trail, phase, shut, trail
from faults.troubles import lying

WINDOW = 6000  # ms
DOWN = {"status": 503, "times": -1, "delay_s": 0.05}
CREWS = {  # the first one is the harder
    "F1, F33 three workers, clocks apart": [lying(LYING_WALL_CLOCK=c) for c in ("3600", "-3600", "0,3600,-3600")],
    "F1 three workers": [{}] * 3,
}


@pytest.mark.parametrize(
    "crew", [pytest.param(name, marks=[pytest.mark.long] * (not CREWS[name][0])) for name in CREWS]
)
def test_after_the_third_fault_nobody_asks_a_provider_until_its_window_is_over(crew: str) -> None:
    with arena(("resend", "postmark"), breaker=True) as field:
        for clock in CREWS[crew]:
            field.start(**clock)
        field.await_workers(3)
        break_down(field, "resend")
        field.eventually("resend taken back", lambda: field.burst("probe", 1) and phase(field, "resend") == "closed")
        field.burst("after", 10)
        field.await_end()
        break_down(field, "resend")
        field.end_workers()
        check(field, crew)
        seen = trail(field)
        assert seen.rules("resend")[:6] == ["T1", "T4", "T5", "T5", "T6", "T1"]
        assert [move.window for move in seen.moves("resend")][:6:5] == [WINDOW, 2 * WINDOW], "F17: it flaps"
        left_alone(seen)
        one_at_a_time(seen, field.emulator.copies("delivered@resend.dev"))


def break_down(field: Arena, provider: str) -> None:
    """Let a provider fail until its breaker is open; then it works again, and nobody may know."""
    (number,) = field.strike({"provider": provider, **DOWN})
    field.burst("down", 60)
    field.eventually(f"{provider} taken out", lambda: shut(field, provider))
    field.emulator.call("DELETE", f"/faults?id={number}")


def left_alone(seen: Trail) -> None:
    """Nothing was admitted once the third fault was settled, and before the window was over."""
    trip, half_open, *_ = seen.moves("resend")
    third = sorted(call.settled for call in seen.calls["resend"] if call.failed)[2]
    assert third <= trip.at
    assert trip.after.until <= half_open.at
    assert not [call for call in seen.calls["resend"] if third < call.at < half_open.at]


def one_at_a_time(seen: Trail, sinks: int) -> None:
    """Three probes led to the closing, the first one to the sink; none began before the one before had ended."""
    _, half_open, first, second, closed, *_ = seen.moves("resend")
    probes = [call for call in seen.calls["resend"] if half_open.at <= call.at < closed.at]
    assert (sinks, len(probes)) == (1, 2)
    assert [call.generation for call in probes] == [move.after.generation for move in (first, second)]
    assert all(before.settled <= after.at for before, after in pairwise(probes))
