"""What people laid over the route is not forgotten."""

import pytest

from notifyctl.domain.board import Board
from notifyctl.domain.course import Detour, course
from notifyctl.domain.overrides import SOON, findings, out
from notifyctl.domain.route import Override, Pin, Route


def codes(route: Route, now: int) -> list[str]:
    return [one.code for one in findings(course(Board(1, {}, route), ("resend",), now), now)]


PARTS = {
    "pin": (Pin("ses", "prefer", 2 * SOON, "why", "ann"), []),
    "hold": (Override(2 * SOON, "why", "ann"), ["RTE-HELD"]),
    "manual": (Override(2 * SOON, "why", "ann"), ["RTE-MANUAL"]),
}


@pytest.mark.parametrize("name", PARTS)
def test_each_is_told_before_it_ends(name):
    part, always = PARTS[name]
    route = Route(**{name: part})
    assert codes(route, SOON - 1) == always
    assert codes(route, SOON) == [*always, "RTE-ENDS"]
    assert codes(route, 2 * SOON) == []


@pytest.mark.parametrize(("rule", "severity"), [("T1", "warning"), ("T2", "warning"), ("T3", "error")])
def test_a_provider_that_is_out_is_told_and_a_refused_account_needs_somebody(rule, severity):
    assert out(Detour("resend", 1, rule, "why", ""))[:3] == ("BRK-OPEN", severity, "provider/resend")
