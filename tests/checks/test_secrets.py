"""SEC: files with secrets."""

import os
from pathlib import Path

import pytest

from checks.conftest import Ask
from notifyctl.checks import Given
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
