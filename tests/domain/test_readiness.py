"""Whether a provider could take over, and which one first."""

import pytest

from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.provider import Health
from notifyctl.domain.quota import Quota, Watched
from notifyctl.domain.readiness import LATELY, Target, against, readiest, weighty

NOW = 10 * LATELY
READY = Target("ses")


def quota(limit: int, used: int) -> Watched:
    return Watched(Quota("daily", limit, used), NOW, used, NOW)


def health(state: str) -> Health:
    return Health(state, "told", {})


STANDING = {
    "no key": (READY._replace(keyed=False), "RTE-NO-KEY", "error"),
    "open": (READY._replace(breaker=Breaker(phase=Phase.OPEN, until=NOW + 1)), "BRK-OPEN", "error"),
    "half-open": (READY._replace(breaker=Breaker(phase=Phase.HALF_OPEN)), "BRK-OPEN", "error"),
    "isolated": (READY._replace(breaker=Breaker(phase=Phase.ISOLATED, until=NOW + 1)), "BRK-ISOLATED", "error"),
    "sender refused": (READY._replace(sender_until=NOW + 1), "BRK-SENDER", "error"),
    "account refuses": (READY._replace(account=health("misconfigured")), "PRB-MISCONFIGURED", "error"),
    "no answer": (READY._replace(account=health("unreachable")), "PRB-UNREACHABLE", "error"),
    "sandbox": (READY._replace(account=health("degraded")), "PRB-DEGRADED", "warning"),
    "quota used up": (READY._replace(quotas=[quota(100, 100)]), "LIM-QUOTA", "error"),
    "quota at its end": (READY._replace(quotas=[quota(100, 95)]), "LIM-QUOTA", "warning"),
    "quota smaller than the mail": (READY._replace(quotas=[quota(100, 50)], needed=51), "LIM-QUOTA", "warning"),
    "too many calls": (READY._replace(wait_until=NOW + 1), "LIM-WAIT", "warning"),
}


@pytest.mark.parametrize("case", STANDING)
def test_what_stands_against_a_provider(case):
    target, code, severity = STANDING[case]
    [found] = against(target, NOW)
    assert (found.code, found.severity, found.subject) == (code, severity, "provider/ses")


@pytest.mark.parametrize(
    "target",
    [
        READY,
        READY._replace(account=health("ready"), quotas=[quota(100, 50)], needed=50),
        READY._replace(sender_until=NOW, wait_until=NOW),
    ],
)
def test_nothing_stands_against_one_that_is_ready(target):
    assert against(target, NOW) == []


def test_only_a_planned_move_minds_warnings():
    found = against(STANDING["sandbox"][0], NOW)
    assert (weighty(found, False, ()), weighty(found, True, ())) == ([], found)


def test_what_a_person_names_is_passed_over():
    found = against(READY._replace(keyed=False, account=health("unreachable")), NOW)
    assert [one.code for one in weighty(found, False, ["PRB-UNREACHABLE"])] == ["RTE-NO-KEY"]


def test_an_isolation_is_never_passed_over():
    found = against(STANDING["isolated"][0], NOW)
    assert weighty(found, False, ["BRK-ISOLATED"]) == found


class TestReadiest:
    def first(self, *targets: Target) -> str:
        return readiest(targets, NOW)[0].name

    @pytest.mark.parametrize("case", STANDING)
    def test_one_against_which_something_stands_comes_after_one_that_is_ready(self, case):
        assert self.first(STANDING[case][0]._replace(name="other"), READY) == "ses"

    def test_an_error_weighs_more_than_any_warnings(self):
        warned = Target("other", account=health("degraded"), wait_until=NOW + 1, quotas=[quota(100, 95)])
        assert self.first(READY._replace(keyed=False), warned) == "other"

    def test_one_that_took_mail_lately_comes_first(self):
        assert self.first(Target("other", accepted_at=NOW - LATELY), READY._replace(accepted_at=NOW - 1)) == "ses"

    def test_between_equals_the_order_decides(self):
        assert self.first(Target("other", accepted_at=NOW - 9), READY._replace(accepted_at=NOW - 1)) == "other"
