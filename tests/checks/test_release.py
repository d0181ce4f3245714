"""RLS: waivers."""

from datetime import date, timedelta

import pytest

from checks.conftest import TODAY, Ask
from notifyctl.domain.check import Verdict
from notifyctl.domain.waiver import Waiver


@pytest.mark.parametrize(
    ("expires", "verdict"),
    [
        (TODAY, Verdict.PASS),
        (TODAY + timedelta(90), Verdict.PASS),
        (TODAY + timedelta(91), Verdict.FAIL),
        (TODAY - timedelta(1), Verdict.FAIL),
    ],
)
def test_a_waiver_holds_to_its_day_and_for_90_days_at_most(ask: Ask, expires: date, verdict: Verdict) -> None:
    seen = ask("RLS-003", waivers=[Waiver("RDS-007", "why", "J. Smith", expires)])
    assert seen.verdict is verdict
    assert ("J. Smith" in seen.observed) == (verdict is Verdict.FAIL)
