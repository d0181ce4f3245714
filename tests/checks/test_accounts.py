"""PRV: accounts at real doubles of the providers."""

import pytest

from checks.conftest import Ask
from conftest import free_port
from house import Emulator
from notifyctl.domain.check import Verdict
from notifyctl.domain.provider import Provider
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend


@pytest.fixture
def two(emulator: Emulator) -> dict[str, Provider]:
    resend = Resend("re_emulator", emulator.urls["resend"])
    return {"resend": resend, "postmark": Postmark("postmark-emulator", emulator.urls["postmark"])}


def test_two_that_are_ready_pass_and_one_alone_is_a_warning(ask: Ask, two: dict[str, Provider]) -> None:
    assert ask("PRV-001", accounts=two).verdict is Verdict.PASS
    alone = ask("PRV-001", accounts={"resend": two["resend"]})
    assert (alone.verdict, "alone" in alone.observed) == (Verdict.WARN, True)


def test_a_wrong_key_fails(ask: Ask, two: dict[str, Provider], emulator: Emulator) -> None:
    wrong = Postmark("not-the-key", emulator.urls["postmark"])
    seen = ask("PRV-001", accounts={**two, "postmark": wrong})
    assert (seen.verdict, "postmark" in seen.observed) == (Verdict.FAIL, True)


def test_one_that_does_not_answer_was_not_seen(ask: Ask, two: dict[str, Provider]) -> None:
    away = Resend("re_emulator", f"http://127.0.0.1:{free_port()}")
    assert ask("PRV-001", accounts={**two, "resend": away}).verdict is Verdict.ERROR


def test_without_a_key_nothing_is_seen(ask: Ask) -> None:
    assert ask("PRV-001").verdict is Verdict.ERROR
