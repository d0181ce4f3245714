"""SEC: files with secrets, and how old keys are."""

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from checks.conftest import TODAY, Ask
from notifyctl.checks import Given, Kept
from notifyctl.domain.check import Verdict


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "resend"
    path.write_text("re_123")
    path.chmod(0o600)
    return path


def test_a_file_of_the_owner_alone_passes(ask: Ask, secret: Path) -> None:
    assert ask("SEC-003", given=Given(files=[secret])).verdict is Verdict.PASS


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_one_that_others_can_read_or_write_fails(ask: Ask, secret: Path, mode: int) -> None:
    secret.chmod(mode)
    seen = ask("SEC-003", given=Given(files=[secret]))
    assert (seen.verdict, seen.observed) == (Verdict.FAIL, f"resend is {mode:04o}")


def test_one_that_others_can_replace_fails(ask: Ask, secret: Path) -> None:
    secret.parent.chmod(0o770)
    assert ask("SEC-003", given=Given(files=[secret])).observed == "the folder of resend is 0770"


def test_a_link_fails(ask: Ask, secret: Path) -> None:
    link = secret.parent / "link"
    link.symlink_to(secret)
    assert ask("SEC-003", given=Given(files=[link])).observed == "link is a link"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_strangers_file_fails(ask: Ask, secret: Path) -> None:
    os.chown(secret, 65534, 65534)
    assert ask("SEC-003", given=Given(files=[secret])).observed == "resend belongs to another user"


def test_one_that_is_gone_was_not_seen(ask: Ask, tmp_path: Path) -> None:
    assert ask("SEC-003", given=Given(files=[tmp_path / "none"])).verdict is Verdict.ERROR


def test_what_systemd_hands_over_is_guarded_by_systemd(ask: Ask, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))
    assert ask("SEC-003", given=Given(files=[secret])).verdict is Verdict.PASS


FILE = {"RESEND_API_KEY": "secrets"}


def at(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


@pytest.mark.parametrize(
    ("kept", "verdict", "observed"),
    [
        (Kept(2, 2, {}), Verdict.PASS, "recipients: 2"),
        (Kept(1, 1, {}), Verdict.WARN, "one key alone opens the file"),
        (Kept(3, 2, {}), Verdict.FAIL, "the file is encrypted for 3 keys, and its list names 2"),
        (Kept(0, 0, {}), Verdict.WARN, "one key alone opens the file"),
    ],
)
def test_an_encrypted_file_has_two_readers_and_those_whom_it_lists(
    ask: Ask, kept: Kept, verdict: Verdict, observed: str
) -> None:
    seen = ask("SEC-002", given=Given(sources=FILE, kept=kept))
    assert (seen.verdict, seen.observed) == (verdict, observed)


def test_secrets_without_an_encrypted_file_are_warned_of(ask: Ask) -> None:
    assert ask("SEC-002", given=Given(sources={"RESEND_API_KEY": "environment"})).verdict is Verdict.WARN


@pytest.mark.parametrize("check", ["SEC-002", "SEC-003", "SEC-005", "SEC-007"])
def test_where_no_secret_is_set_nothing_was_seen(ask: Ask, check: str) -> None:
    seen = ask(check, given=Given())
    assert (seen.verdict, seen.observed) == (Verdict.ERROR, "no secret is set here")


@pytest.mark.parametrize(
    ("days", "verdict"),
    [(0, Verdict.PASS), (75, Verdict.PASS), (76, Verdict.WARN), (90, Verdict.WARN), (91, Verdict.FAIL)],
)
def test_a_key_has_its_time(ask: Ask, days: int, verdict: Verdict) -> None:
    created = {"RESEND_API_KEY": at(TODAY - timedelta(days=days))}
    seen = ask("SEC-005", given=Given(sources=FILE, kept=Kept(2, 2, created)))
    assert seen.verdict is verdict
    assert verdict is Verdict.PASS or "RESEND_API_KEY" in seen.observed


def test_nobody_knows_the_age_of_a_key_of_the_environment(ask: Ask) -> None:
    """Even when the file has one of that name: it is not the one that is used."""
    kept = Kept(2, 2, {"RESEND_API_KEY": at(TODAY)})
    assert ask("SEC-005", given=Given(sources={"RESEND_API_KEY": "environment"}, kept=kept)).verdict is Verdict.WARN
    assert ask("SEC-005", given=Given(sources={"NOTIFYCTL_PEPPER": "environment"})).verdict is Verdict.PASS
