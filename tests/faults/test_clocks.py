"""Clocks that are an hour off, or are set while mail is under way: the workers' own, and the one of Redis."""

import time
from pathlib import Path

import pytest

from faults.arena import HICCUP, Arena, arena
from faults.checker import check
from faults.trail import phase, shut, trail
from faults.troubles import lying

HOUR = 3600
LONGEST = 36_000  # ms of a window at the demo's pace


# Amazon refuses a signature that is an hour off, so there is another one that takes the mail meanwhile.
RESEND, SES = ("resend", "ses", "postmark"), ("ses", "postmark")


@pytest.mark.parametrize("order", [SES, pytest.param(RESEND, marks=pytest.mark.long)], ids=lambda order: order[0])
def test_the_time_of_day_on_a_worker_does_not_matter(order: tuple[str, ...]) -> None:
    with arena(order, in_flight=16) as field:
        for offsets in (f"{HOUR}", f"-{HOUR}", f"0,{HOUR},-{HOUR}"):
            field.start(**lying(LYING_WALL_CLOCK=offsets))
        field.await_workers(3)
        field.strike(*({"provider": name, "status": 503, "times": 10} for name in order))
        field.strike({"provider": order[0], "action": "hang", "times": 4})
        for _ in range(6):  # while the third worker's clock is set each second
            field.burst("clock", 5)
            time.sleep(0.5)
        field.end_workers()
        verdict = check(field, f"F33 wall clocks, {order[0]}")
        assert verdict.states["accepted"] >= 86  # bulk may be unknown, where nothing tells what became of a silent call
        assert verdict.faults >= 10
        assert field.adoptions <= HICCUP
        assert {process.returncode for process in field.house.crew} == {0}


def set_clock(path: Path, hours: int) -> None:
    """Set the clock that the scripts are told, in one step."""
    new = path.with_suffix(".new")
    new.write_text(str(hours * HOUR * 1000))
    new.replace(path)


@pytest.mark.parametrize("order", [RESEND, pytest.param(SES, marks=pytest.mark.long)], ids=lambda order: order[0])
def test_jumps_of_the_clock_of_redis_lose_and_double_nothing(order: tuple[str, ...], tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    set_clock(clock, 0)
    with arena(order, in_flight=16) as field:
        for _ in range(3):
            field.start(**lying(LYING_SERVER_CLOCK=str(clock)))
        field.await_workers(3)
        for hours in (0, -1, 0, 1, 0, -1, 1):  # it stays ahead: what was put off while it was is due then
            set_clock(clock, hours)
            burst_in_trouble(field)
            time.sleep(0.7)
        field.end_workers()
        verdict = check(field, f"F33 clock of Redis, {order[0]}", late=True)
        assert verdict.faults > 20
        assert verdict.ambiguous > 5


def test_a_clock_of_redis_that_is_set_back_shuts_a_provider_no_longer_than_the_longest_window(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    set_clock(clock, 0)
    with arena(("resend", "postmark"), breaker=True) as field:
        for _ in range(2):
            field.start(**lying(LYING_SERVER_CLOCK=str(clock)))
        field.await_workers(2)
        (number,) = field.strike({"provider": "resend", "status": 503, "times": -1})
        field.burst("down", 10)
        field.eventually("resend taken out", lambda: shut(field, "resend"))
        field.emulator.call("DELETE", f"/faults?id={number}")
        set_clock(clock, -1)
        field.eventually("a shorter window", lambda: len(trail(field).moves("resend")) > 1)
        set_clock(clock, 0)
        field.eventually("resend taken back", lambda: field.burst("probe", 1) and phase(field, "resend") == "closed")
        field.end_workers()
        check(field, "F33 clock of Redis during a trip", late=True)
        seen = trail(field)
    assert seen.rules("resend") == ["T1", "T4", "T4", "T5", "T5", "T6"]
    assert seen.moves("resend")[1].window == LONGEST


def burst_in_trouble(field: Arena) -> None:
    """A burst, some of whose calls are refused, and some not answered."""
    first = field.order[0]
    field.strike({"provider": first, "status": 503, "times": 6}, {"provider": first, "action": "hang", "times": 2})
    field.burst("jump", 6)
