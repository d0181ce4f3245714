"""The report: what was not seen is never fine, and findings are followed from one report to the next."""

from datetime import date

import pytest

from notifyctl.domain.figures import fold, told
from notifyctl.domain.period import Cycle, parse
from notifyctl.domain.remark import Remark, followed, of_checks, of_figures, of_incidents, of_keys, of_quotas
from notifyctl.domain.report import document, flat, summary
from quarters import traffic

ROWS = list(traffic("2026-07", 400))
JULY = parse(Cycle.MONTHLY, "2026-07")
MADE = {"made": [{"at": JULY.end + 1000, "by": "ann", "host": "one", "version": "1"}]}


def made(rows, period=JULY, **facts):
    return document(period, told(fold(rows)), {**MADE, **facts}, [], "root")


def accepted(count):
    row = next(row for row in ROWS if row.state == "accepted" and len(row.attempts) == 1)
    return [row._replace(id=f"m/{number}", took_ms=100) for number in range(count)]


def codes(rows):
    return {(one.code, one.subject) for one in of_figures(told(fold(rows)))}


def test_a_part_without_a_source_is_named_and_makes_it_incomplete():
    report = made(accepted(1000))
    assert report["verdict"]["word"] == "incomplete"
    assert {"events", "domains"} <= set(report["verdict"]["not_seen"])
    assert all(one["note"] for one in report["parts"] if not one["seen"])


def test_what_could_not_be_looked_at_is_not_seen_either():
    report = made(accepted(1000), unseen=[{"part": "failovers", "why": "the log begins later"}])
    [part] = [one for one in report["parts"] if one["part"] == "failovers"]
    assert (part["seen"], part["note"]) == (False, "the log begins later")


def test_a_probe_that_failed_is_no_second_failover():
    moves = [{"from": one, "to": other} for one, other in (("closed", "open"), ("half-open", "open"), ("held", "open"),
                                                           ("open", "half-open"), ("half-open", "closed"))]  # fmt: skip
    assert made(accepted(1), move=moves)["failovers"] == 1


def test_a_month_without_a_message_was_not_seen():
    assert "delivery" in made([])["verdict"]["not_seen"]


def test_the_longer_audits_have_the_parts_of_the_shorter_ones():
    month, quarter, half = (
        {one["part"] for one in made(ROWS, parse(cycle, name))["parts"]}
        for cycle, name in ((Cycle.MONTHLY, "2026-07"), (Cycle.QUARTERLY, "2026-Q3"), (Cycle.BIANNUAL, "2026-H2"))
    )
    assert month < quarter < half


def test_a_load_test_proves_nothing_of_a_larger_day():
    def part(mails, grade="good", accepted=0):
        load = {"mails": mails, "accepted": accepted or mails, "is": grade}
        made_ = made(ROWS, parse(Cycle.BIANNUAL, "2026-H2"), load=[load])
        return next((one["seen"], one["note"]) for one in made_["parts"] if one["part"] == "load")

    busiest = max(day["of"] for day in told(fold(ROWS))["days"])
    assert part(busiest) == (True, "")
    small = (False, f"the largest that passed had {busiest - 1:,} mails, and the busiest day {busiest:,}")
    assert part(busiest - 1) == part(busiest, accepted=busiest - 1) == small
    assert part(busiest, "bad")[0] is False


def test_many_failures_are_an_error_and_a_few_of_a_few_are_none():
    bad = [row._replace(state="dead") for row in accepted(30)]
    assert made([*accepted(400), *bad])["verdict"]["word"] == "bad"
    assert codes([*accepted(40), bad[0]]) == set()
    assert codes([*accepted(5000), *bad[:12]]) == {("RPT-BUDGET", "mail")}


def test_slow_mail_is_told_with_whom_and_too_few_are_none():
    slow = [row._replace(took_ms=900) for row in accepted(30)]
    provider = slow[0].provider
    assert codes(slow) == {("RPT-SLOW", "mail"), ("RPT-SLOW", provider)}
    assert codes(slow[:19]) == set()


def test_refusals_for_the_rate_and_errors_of_a_provider():
    row = accepted(1)[0]
    limited = row.attempts[0]._replace(kind="throttled", http=429)
    failed = row.attempts[0]._replace(kind="fault", http=503)
    rows = [row._replace(attempts=(limited, failed, row.attempts[0])) for _ in range(50)]
    assert codes(rows) == {("RPT-LIMITED", row.provider), ("RPT-ERRORS", row.provider)}


def test_unknown_mail_and_mail_accepted_twice():
    row = accepted(1)[0]
    assert codes([row._replace(state="unknown")]) == {("RPT-UNKNOWN", "mail")}
    assert codes([row._replace(attempts=row.attempts * 2)]) == {("RPT-TWICE", "mail")}


def test_incidents_checks_and_keys():
    incident = {"id": "INC-1", "title": "down", "state": "resolved"}
    assert [one.subject for one in of_incidents([incident, {**incident, "state": "reviewed"}])] == ["INC-1"]
    check = {"id": "RDS-002", "title": "t", "verdict": "fail", "observed": "o", "hint": "h", "waiver": ""}
    found = list(of_checks([check, {**check, "verdict": "warn"}, {**check, "waiver": "J. Smith"},
                            {**check, "verdict": "error"}, {**check, "verdict": "pass"}]))  # fmt: skip
    assert [(one.code, one.severity) for one in found] == [("RDS-002", "error"), ("RDS-002", "warning")]
    aged = [{"name": name, "days": 100, "most": most} for name, most in (("resend", 90), ("redis", 180))]
    assert [one.subject for one in of_keys(aged)] == ["resend"]
    assert [one.subject for one in of_keys([{"name": "pepper", "days": 365}, {"name": "ledger", "days": 366}])] == [
        "ledger"
    ]


QUOTA = {"month": "2026-07", "provider": "resend", "accepted": 2400, "included": 3000, "beyond it": "no more is taken",
         "busiest day": 79, "a day at most": 100}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, ["resend took 2,400 of 3,000 mails in 2026-07: its quota is nearly used"]),
        ({"accepted": 2399}, []),
        ({"beyond it": "each more is billed"}, []),
        ({"accepted": 0, "busiest day": 80},
         ["resend took 80 of 100 mails on the busiest day of 2026-07: its quota is nearly used"]),
        ({"included": "", "beyond it": "", "a day at most": ""}, []),
    ],
)  # fmt: skip
def test_a_quota_is_told_before_it_ends(changed, found):
    assert [one.what for one in of_quotas([{**QUOTA, **changed}])] == found


def test_the_fullest_month_of_a_provider_is_told_and_closed_only_when_it_was_looked_at():
    quotas = [QUOTA, {**QUOTA, "month": "2026-08", "accepted": 2900}, {**QUOTA, "month": "2026-09"}]
    [told_] = of_quotas(quotas)
    assert "2026-08" in told_.what
    last = {"period": "2026-06", "figures": {}, "findings": [told_._replace(due="2026-09-01")._asdict()]}
    for fact, status in ((QUOTA | {"accepted": 0}, "closed"), (QUOTA | {"included": "", "a day at most": ""}, "open")):
        report = made(ROWS, last=[last], quota=[fact])
        assert [one["status"] for one in report["findings"] if one["code"] == "RPT-QUOTA"] == [status]


def LOOKED(code, subject):
    return True


class TestFromOneReportToTheNext:
    FOUND = Remark("RPT-SLOW", "resend", "warning", "slow")

    def test_a_new_one_gets_a_day_by_its_severity(self):
        [one] = followed([self.FOUND], [], LOOKED, "2026-07", date(2026, 8, 1))
        assert (one.status, one.since, one.due, one.overdue) == ("new", "2026-07", "2026-08-31", False)
        [grave] = followed([self.FOUND._replace(severity="error")], [], LOOKED, "2026-07", date(2026, 8, 1))
        assert grave.due == "2026-08-15"

    def test_one_that_is_still_there_keeps_its_day_and_its_owner(self):
        [first] = followed([self.FOUND._replace(owner="J. Smith")], [], LOOKED, "2026-07", date(2026, 8, 1))
        [one] = followed([self.FOUND], [first._asdict()], LOOKED, "2026-08", date(2026, 9, 1))
        assert (one.status, one.since, one.due, one.overdue, one.owner) == (
            "open", "2026-07", "2026-08-31", True, "J. Smith",
        )  # fmt: skip

    def test_one_that_is_gone_is_closed_once(self):
        rows = [row for row in accepted(20) if row.provider == "resend"]
        first = made(rows, last=[{"findings": [self.FOUND._asdict()], "figures": {}, "period": "2026-06"}])
        [one] = first["findings"]
        assert (one["status"], one["id"]) == ("closed", "RPT-SLOW/resend")
        assert summary(first)["findings"] == []

    def test_figures_are_compared(self):
        before = flat(told(fold(accepted(10))))
        report = made(accepted(12), last=[{"findings": [], "figures": before, "period": "2026-06"}])
        [change] = [one for one in report["last"]["changes"] if one["figure"] == "messages"]
        assert (report["last"]["period"], change["before"], change["now"], change["change"]) == ("2026-06", 10, 12, 2)


def after(finding, rows=(), **facts):
    """How a finding of the last report stands in the next."""
    last = Remark(*finding, "error", "was found", due="2026-07-10", since="2026-06")._asdict()
    report = made(list(rows), last=[{"findings": [last], "figures": {}, "period": "2026-06"}], **facts)
    [one] = [one for one in report["findings"] if one["id"] == "/".join(finding)]
    return f"{one['status']}{'' if one['seen'] else ', not seen'}"


def check(verdict, waiver=""):
    return [{"id": "RDS-002", "title": "t", "verdict": verdict, "observed": "o", "hint": "h", "waiver": waiver}]


class TestClosing:
    @pytest.mark.parametrize(("code", "few", "enough"), [("RPT-FAILURES", 764, 765), ("RPT-BUDGET", 3837, 3838)])
    def test_a_rate_must_be_within_its_limit(self, code, few, enough):
        assert after((code, "mail"), accepted(few)) == "open, not seen"
        assert after((code, "mail"), accepted(enough)) == "closed"

    @pytest.mark.parametrize(("code", "few", "enough"), [("RPT-ERRORS", 72, 73), ("RPT-LIMITED", 380, 381)])
    def test_so_must_a_provider(self, code, few, enough):
        name = accepted(1)[0].provider
        assert after((code, name), accepted(few)) == "open, not seen"
        assert after((code, name), accepted(enough)) == "closed"
        assert after((code, "gone"), accepted(enough)) == "open, not seen"

    def test_times_need_measurements(self):
        for subject in ("mail", accepted(1)[0].provider):
            assert after(("RPT-SLOW", subject), accepted(19)) == "open, not seen"
            assert after(("RPT-SLOW", subject), accepted(20)) == "closed"

    @pytest.mark.parametrize("code", ["RPT-UNKNOWN", "RPT-TWICE"])
    def test_without_mail_nobody_has_looked(self, code):
        assert after((code, "mail")) == "open, not seen"
        assert after((code, "mail"), accepted(1)) == "closed"

    @pytest.mark.parametrize("verdict", ["error", "skip"])
    def test_a_check_that_could_not_look_closes_nothing(self, verdict):
        assert after(("RDS-002", "check"), check=check(verdict)) == "open, not seen"
        assert after(("RDS-002", "check")) == "open, not seen"

    def test_neither_does_one_that_is_waived(self):
        assert after(("RDS-002", "check"), check=check("fail", "J. Smith")) == "open, not seen"

    def test_one_that_passed_or_is_attested_does(self):
        assert after(("RDS-002", "check"), check=check("pass")) == "closed"
        assert after(("NET-003", "check"), attested=[{"id": "NET-003"}]) == "closed"

    def test_an_incident_is_closed_by_its_review(self):
        reviewed = {"id": "INC-1", "title": "down", "state": "reviewed"}
        assert after(("RPT-INCIDENT", "INC-1")) == "open, not seen"
        assert after(("RPT-INCIDENT", "INC-1"), incident=[{**reviewed, "state": "open"}]) == "open"
        assert after(("RPT-INCIDENT", "INC-1"), incident=[reviewed]) == "closed"

    def test_a_key_by_its_renewal_and_a_report_by_its_messages(self):
        assert after(("RPT-KEY-AGE", "pepper")) == "open, not seen"
        assert after(("RPT-KEY-AGE", "pepper"), key=[{"name": "pepper", "days": 1}]) == "closed"
        assert after(("RPT-ALTERED", "monthly-2026-06")) == "open, not seen"
        same = {"report": "monthly-2026-06", "messages": 9, "signed": "yes", "altered": 0, "missing": 0, "later": 0}
        assert after(("RPT-ALTERED", "monthly-2026-06"), held=[same]) == "closed"
        assert after(("RPT-LATER", "monthly-2026-06")) == "closed"

    def test_one_that_was_not_seen_keeps_its_day_and_its_error(self):
        last = Remark("RDS-002", "check", "error", "no", due="2026-07-10", since="2026-06")._asdict()
        report = made([], last=[{"findings": [last], "figures": {}, "period": "2026-06"}])
        [one] = report["findings"]
        assert (one["due"], one["overdue"], report["verdict"]["word"]) == ("2026-07-10", True, "bad")
        assert summary(report)["findings"] == [one]
