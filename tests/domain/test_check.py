"""Checks: which are asked, which cannot be, and what the answers add up to."""

from datetime import date

import pytest

from notifyctl.domain import exits
from notifyctl.domain.check import Check, Report, Seen, Verdict, answer, blocked, chosen
from notifyctl.domain.errors import Usage
from notifyctl.domain.waiver import Waiver

CHECKS = {
    one.id: one
    for one in (
        Check("ENV-001", "settings", "", "ci"),
        Check("RDS-001", "answers", "", "deploy", ("ENV-001",)),
        Check("RDS-002", "policy", "", "deploy", ("RDS-001",)),
        Check("QUE-001", "workers", "", "live", ("RDS-001",)),
    )
}
WAIVER = Waiver("RDS-002", "the provider's own", "J. Smith", date(2026, 12, 24))


def report(identity: str, verdict: Verdict, waiver: Waiver | None = None) -> Report:
    return Report(CHECKS[identity], Seen(verdict, ""), 0, waiver)


def ids(*arguments: object) -> list[str]:
    return [one.id for one in chosen(CHECKS, *arguments)]  # type: ignore[arg-type]


class TestChosen:
    def test_each_profile_asks_what_the_one_before_asks_and_more(self) -> None:
        assert ids("ci") == ["ENV-001"]
        assert ids("deploy") == ["ENV-001", "RDS-001", "RDS-002"]
        assert ids("live") == [*CHECKS]

    def test_one_alone_brings_what_it_rests_on(self) -> None:
        assert ids("live", ["que-001"]) == ["ENV-001", "RDS-001", "QUE-001"]

    def test_a_category_names_all_of_its_checks(self) -> None:
        assert ids("deploy", [], ["RDS"]) == ["ENV-001"]

    @pytest.mark.parametrize("names", [(["RDS-999"], []), ([], ["R"])])
    def test_a_name_that_fits_nothing_is_refused(self, names: tuple[list[str], list[str]]) -> None:
        with pytest.raises(Usage, match="no check is called"):
            chosen(CHECKS, "live", *names)


class TestBlocked:
    @pytest.mark.parametrize("verdict", Verdict)
    def test_a_check_is_asked_only_when_what_it_rests_on_was_seen_to_do(self, verdict: Verdict) -> None:
        seen = blocked(CHECKS["RDS-002"], [report("RDS-001", verdict)])
        if verdict in (Verdict.PASS, Verdict.WARN, Verdict.ATTESTED):
            assert seen is None
        else:
            assert seen == Seen(Verdict.SKIP, "not asked, because of RDS-001")


class TestAnswer:
    @pytest.mark.parametrize(
        ("reports", "code"),
        [
            ([], exits.OK),
            ([report("ENV-001", Verdict.PASS), report("RDS-001", Verdict.WARN)], exits.OK),
            ([report("ENV-001", Verdict.PASS), report("RDS-001", Verdict.ERROR)], exits.DEGRADED),
            ([report("RDS-001", Verdict.ERROR), report("RDS-002", Verdict.SKIP)], exits.DEGRADED),
            ([report("RDS-001", Verdict.ERROR), report("RDS-002", Verdict.FAIL)], exits.BAD),
            ([report("RDS-002", Verdict.FAIL, WAIVER)], exits.OK),
            ([report("RDS-002", Verdict.FAIL, WAIVER), report("RDS-001", Verdict.ERROR)], exits.DEGRADED),
        ],
    )
    def test_a_failure_weighs_most_and_what_was_not_seen_is_never_fine(self, reports: list[Report], code: int) -> None:
        assert answer(reports) == code

    def test_a_warning_counts_where_that_is_asked_for(self) -> None:
        assert answer([report("RDS-001", Verdict.WARN)], Verdict.WARN) == exits.BAD
