"""The criteria of success: what cannot be judged is never met, and what is missed is always told."""

import pytest

from notifyctl.domain.archive import Call, Row
from notifyctl.domain.errors import Usage
from notifyctl.domain.figures import OBJECTIVE
from notifyctl.domain.rate import Judged, Rate
from notifyctl.domain.validation import NAMES, Measures, Verdict, answer, judged, open_

SOURCED = ("delivery", "processing", "permission", "copies")
ENOUGH = 3838  # mails without a failure that tell 99.9 %


def call(kind="accepted", why="first", by="", certainty="definite"):
    return Call("a", "resend", 1, 2, kind, certainty, 200, "", why, 1, 1, by)


def row(state="accepted", *calls, took=100, priority="critical", purpose="service", reason=""):
    took = took if state == "accepted" else -1
    return Row("m", "t", purpose, priority, state, reason, 1000, 1, 1, 1, took, "resend", "", 1, calls or (call(),))


def verdicts(*rows):
    return {one.name: one.verdict for one in judged(counted(*rows))}


def counted(*rows):
    found = Measures()
    for one in rows:
        found.take(one)
    return found


def code(*rows, required=()):
    return answer(judged(counted(*rows)), required)


WELL = [row()] * ENOUGH
DEAD = row("dead", call("fault"))


def test_a_system_that_is_well_meets_all_that_has_a_source_and_claims_nothing_else():
    found = verdicts(*WELL)
    assert tuple(found) == NAMES
    assert {name for name, verdict in found.items() if verdict is Verdict.MET} == set(SOURCED)
    assert {name for name, verdict in found.items() if verdict is Verdict.UNSEEN} == set(NAMES) - set(SOURCED)
    assert code(*WELL) == 0


def test_a_producer_that_writes_nonsense_for_addresses_is_not_well():
    wrong = row("rejected", reason="MSG-ADDRESS: is not a usable e-mail address (to.email)")
    assert verdicts(*WELL, *[wrong] * 100)["delivery"] is Verdict.MET
    assert verdicts(*WELL, *[wrong] * 600)["delivery"] is Verdict.MISSED
    assert verdicts(*[wrong] * 1000)["delivery"] is Verdict.MISSED


def test_without_mail_nothing_is_met():
    assert set(verdicts().values()) == {Verdict.TOO_FEW, Verdict.UNSEEN}
    assert code() == 3


def test_one_mail_fewer_cannot_tell_the_delivery():
    assert Rate(0, ENOUGH).judged(OBJECTIVE) is Judged.WITHIN
    assert verdicts(*WELL[1:])["delivery"] is Verdict.TOO_FEW
    assert code(*WELL[1:]) == 3


@pytest.mark.parametrize(
    ("failed", "of", "verdict"),
    [(1, 20, Verdict.TOO_FEW), (2, 2, Verdict.TOO_FEW), (3, 100, Verdict.MISSED), (1, 20_000, Verdict.MET)],
)
def test_delivery_is_judged_by_its_interval(failed, of, verdict):
    assert verdicts(*[DEAD] * failed, *[row()] * (of - failed))["delivery"] is verdict


@pytest.mark.parametrize(
    ("count", "took", "verdict"),
    [(19, 900, Verdict.TOO_FEW), (20, 499, Verdict.MET), (20, 500, Verdict.MISSED)],
)
def test_processing_is_a_mean_below_half_a_second_of_20_mails(count, took, verdict):
    assert verdicts(*[row(took=took)] * count)["processing"] is verdict


@pytest.mark.parametrize("out", [call(), call("fault", certainty="ambiguous"), call("", certainty="")])
def test_marketing_that_is_or_may_be_out_is_a_violation(out):
    assert verdicts(row("unknown", out, purpose="marketing"), row())["permission"] is Verdict.MISSED


def test_marketing_that_was_refused_is_none():
    refused = row("no_consent", purpose="marketing")._replace(attempts=())
    assert verdicts(refused, row())["permission"] is Verdict.MET


@pytest.mark.parametrize(
    ("second", "how", "verdict"),
    [
        (call(), {}, Verdict.MISSED),
        (call(why="replay"), {}, Verdict.MET),
        (call(why="resend"), {}, Verdict.MET),
        (call(why="resend"), {"priority": "bulk"}, Verdict.MISSED),
        (call(why="resend", by="ann"), {"priority": "bulk"}, Verdict.MET),
    ],
)
def test_a_copy_is_meant_when_it_is_a_recorded_resend(second, how, verdict):
    assert verdicts(row("accepted", call(), second, **how))["copies"] is verdict


def test_copies_are_told_per_10_000_with_their_interval():
    rows = [row("accepted", call(), call(why="resend")), *[row()] * 1999]
    [copies] = [one for one in judged(counted(*rows)) if one.name == "copies"]
    assert copies.seen == "0 of 1 copies; 5.0 per 10,000, 95 % 0.9-28.3"


class TestTheAnswer:
    def test_is_no_when_anything_is_missed_whatever_is_required(self):
        rows = [*[row(took=900)] * 20]
        assert code(*rows, required=("copies",)) == 1

    def test_is_not_yet_when_what_is_required_cannot_be_judged(self):
        rows = [row()] * 20
        assert code(*rows) == 3
        assert code(*rows, required=("processing", "copies")) == 0
        assert code(*rows, required=("processing", "delivery")) == 3

    def test_is_never_yes_for_what_has_no_source(self):
        assert code(*WELL, required=("consent",)) == 3
        assert [one.name for one in open_(judged(counted(*WELL)), ("consent", "copies"))] == ["consent"]

    def test_knows_no_other_names(self):
        with pytest.raises(Usage, match="deliverability"):
            answer((), ("deliverability",))
