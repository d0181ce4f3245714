"""SEC-004 and SEC-008: what everybody can read, and whether secrets are taken out of what is written."""

import subprocess
import sys
from secrets import token_hex

import pytest

from checks.conftest import Ask
from notifyctl.checks import Given, redaction
from notifyctl.domain.check import Verdict
from notifyctl.domain.secret import Secret
from notifyctl.store import processes

SLEEPER = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]


@pytest.mark.parametrize(("given", "verdict"), [(True, Verdict.FAIL), (False, Verdict.PASS)])
def test_a_secret_among_the_arguments_of_a_process_fails(ask: Ask, given: bool, verdict: Verdict) -> None:
    key, ends = token_hex(16), {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([*SLEEPER, f"--key={key if given else 'none'}"], **ends) as process:
        assert process.stdout and process.stdout.readline() == b"up\n"
        seen = ask("SEC-004", given=Given(secrets={"RESEND_API_KEY": Secret(key), "SHORT": Secret("python")}))
        process.communicate()
    assert (seen.verdict, key in f"{seen.observed} {seen.hint}") == (verdict, False)
    assert not given or seen.observed == f"RESEND_API_KEY in that of process {process.pid}"


def test_where_nothing_can_be_seen_nothing_is_fine(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("SEC-004", given=Given()).verdict is Verdict.ERROR
    monkeypatch.setattr(processes.Path, "glob", lambda *_: iter(()))
    assert ask("SEC-004", given=Given(secrets={"A": Secret(token_hex(9))})).verdict is Verdict.ERROR


def test_what_is_written_loses_a_canary_and_each_secret(ask: Ask) -> None:
    odd = Secret('it\'s "odd"/+% \\ é')
    seen = ask("SEC-008", given=Given(secrets={"BULLMQ_REDIS_PASSWORD": odd}))
    assert (seen.verdict, seen.observed) == (Verdict.PASS, "secrets that were taken out everywhere: 2")


@pytest.mark.parametrize("way", redaction.WAYS)
def test_a_way_that_lets_one_through_fails(ask: Ask, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setitem(redaction.WAYS, way, lambda text: text)  # type: ignore[arg-type]  # it is a dict in truth
    seen = ask("SEC-008")
    assert (seen.verdict, seen.observed) == (Verdict.FAIL, f"left: a canary in {way}")


def test_one_that_is_too_short_to_be_taken_out_is_named_and_not_shown(ask: Ask) -> None:
    seen = ask("SEC-008", given=Given(secrets={"BULLMQ_REDIS_PASSWORD": Secret("geheim")}))
    assert (seen.verdict, "BULLMQ_REDIS_PASSWORD in a log" in seen.observed) == (Verdict.FAIL, True)
    assert "geheim" not in f"{seen.observed} {seen.hint}"
