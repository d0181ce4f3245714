"""The answers of checks at a screen: what needs a person first, and in few words what does not."""

from datetime import date

from notifyctl.cli.verdicts import lines
from notifyctl.domain.check import Check, Report, Seen, Verdict, attested, failed, passed, unseen, warned
from notifyctl.domain.waiver import Waiver


def report(identity: str, seen: Seen, waiver: Waiver | None = None) -> Report:
    return Report(Check(identity, f"What {identity} asks", "", "ci"), seen, 0, waiver)


WAIVED = Waiver("RDS-003", "until the move", "J. Smith", date(2026, 12, 24))
REPORTS = [
    report("ENV-001", passed("well")),
    report("ENV-002", warned("nothing reads NOTIFYCTL_MOED", "rename the variable")),
    report("ENV-003", passed("well")),
    report("RDS-001", unseen("no answer", "start it")),
    report("RDS-002", Seen(Verdict.SKIP, "not asked, because of RDS-001")),
    report("RDS-003", failed("no file", ""), WAIVED),
    report("RDS-004", Seen(Verdict.SKIP, "not asked, because of RDS-001")),
    report("SEC-001", failed("a key is in git", "revoke it")),
    report("SEC-010", attested("by J. Smith")),
    report("TLS-001", passed("well")),
]


def told(*, each: bool = False) -> list[str]:
    return [f"{line.word}{line.text}" for line in lines(REPORTS, each)]  # type: ignore[union-attr]  # marked lines only


def test_what_failed_comes_first_and_what_was_not_seen_is_no_failure():
    words = [line.partition(" ")[0] for line in told()]
    assert words == ["FAIL", "UNSEEN", "WARN", "ATTESTED", "WAIVED", "SKIP", "PASS"]
    assert told()[0] == "FAIL      SEC-001 What SEC-001 asks: a key is in git\n          revoke it"


def test_what_was_not_asked_for_one_reason_is_one_line():
    assert "SKIP      not asked, because of RDS-001: RDS-002, RDS-004" in told()


def test_a_waiver_names_who_answers_for_it():
    assert any("by J. Smith until 2026-12-24: until the move" in line for line in told())


def test_what_passed_is_counted_by_category_and_listed_on_demand():
    assert told()[-1] == "PASS      ENV 2, TLS 1; -v lists them"
    assert [line for line in told(each=True) if line.startswith("PASS")] == [
        f"PASS      {name} What {name} asks: well" for name in ("ENV-001", "ENV-003", "TLS-001")
    ]
