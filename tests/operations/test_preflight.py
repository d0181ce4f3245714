"""Waiting for a preflight that is well."""

import asyncio

import pytest

from notifyctl.domain.check import Check, Report, Seen, Verdict
from notifyctl.operations import preflight

CHECK = Check("RDS-002", "policy", "", "deploy")


@pytest.mark.parametrize(
    ("fail_on", "seconds", "looks"),
    [(Verdict.FAIL, 60, 2), (Verdict.WARN, 60, 3), (Verdict.WARN, 0, 1)],
)
def test_it_ends_with_what_is_well_by_the_same_measure_or_with_its_time(
    monkeypatch: pytest.MonkeyPatch, fail_on: Verdict, seconds: float, looks: int
) -> None:
    monkeypatch.setattr(preflight, "PAUSE", 0.001)
    verdicts = [Verdict.FAIL, Verdict.WARN, Verdict.PASS]
    seen: list[Verdict] = []

    async def look() -> list[Report]:
        seen.append(verdicts[len(seen)])
        return [Report(CHECK, Seen(seen[-1], ""))]

    reports = asyncio.run(preflight.until_well(look, fail_on, seconds))
    assert (len(seen), reports[0].seen.verdict) == (looks, verdicts[looks - 1])
