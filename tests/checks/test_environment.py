"""ENV: settings, spelling, Python, mode."""

from datetime import date

import pytest

from checks.conftest import Ask
from notifyctl.checks import Given
from notifyctl.domain.check import Verdict
from notifyctl.domain.errors import Misconfigured


def test_settings_that_cannot_be_read_fail_with_their_own_words(ask: Ask) -> None:
    assert ask("ENV-001").verdict is Verdict.PASS
    error = Misconfigured("CFG-VALUE", "'abc' is no number", "BULLMQ_REDIS_PORT", "leave it unset for 6379")
    seen = ask("ENV-001", given=Given(error=error))
    assert (seen.verdict, seen.hint) == (Verdict.FAIL, "leave it unset for 6379")
    assert "BULLMQ_REDIS_PORT" in seen.observed


def test_a_misspelt_variable_is_a_warning_that_names_the_right_one(ask: Ask) -> None:
    assert ask("ENV-002").verdict is Verdict.PASS
    seen = ask("ENV-002", given=Given(unknown=[("BULLMQ_REDIS_PROT", "BULLMQ_REDIS_PORT")]))
    assert seen.verdict is Verdict.WARN
    assert "BULLMQ_REDIS_PROT (did you mean BULLMQ_REDIS_PORT?)" in seen.observed


@pytest.mark.parametrize(
    ("python", "today", "verdict"),
    [
        ((3, 11), date(2026, 11, 24), Verdict.PASS),
        ((3, 11), date(2027, 8, 2), Verdict.PASS),
        ((3, 11), date(2027, 8, 3), Verdict.WARN),
        ((3, 11), date(2027, 10, 31), Verdict.WARN),
        ((3, 11), date(2027, 11, 1), Verdict.FAIL),
        ((3, 99), date(2026, 11, 24), Verdict.WARN),
    ],
)
def test_python_must_get_security_fixes(ask: Ask, python: tuple[int, int], today: date, verdict: Verdict) -> None:
    assert ask("ENV-003", python=python, today=today).verdict is verdict


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (Given(production=True), Verdict.PASS),
        (Given(production=True, test_keys=["POSTMARK_API_KEY"]), Verdict.FAIL),
        (Given(production=True, urls={"NOTIFYCTL_SES_URL": "http://127.0.0.1:4603"}), Verdict.FAIL),
        (Given(production=True, urls={"NOTIFYCTL_SES_URL": "https://email.eu-west-2.amazonaws.com"}), Verdict.PASS),
        (Given(test_keys=["POSTMARK_API_KEY"]), Verdict.PASS),
    ],
)
def test_only_development_may_hold_what_is_for_tests(ask: Ask, given: Given, verdict: Verdict) -> None:
    seen = ask("ENV-005", given=given)
    assert seen.verdict is verdict
    assert all(name in seen.observed for name in (*given.test_keys,) if verdict is Verdict.FAIL)
