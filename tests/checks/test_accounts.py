"""PRV: accounts at real doubles of the providers."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from checks.conftest import Ask
from conftest import free_port
from house import Emulator, emulated
from notifyctl.domain.check import Verdict
from notifyctl.domain.message import Address
from notifyctl.domain.outcome import Kind
from notifyctl.domain.pace import PRODUCTION
from notifyctl.domain.provider import Provider
from notifyctl.domain.trial import STALE, Run, Trial
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.sink import deliver
from notifyctl.net.wire import Wire
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses
from notifyctl.store import drills

Put = Callable[..., None]


@pytest.fixture
def two(emulator: Emulator) -> dict[str, Provider]:
    resend = Resend("re_emulator", emulator.urls["resend"])
    return {"resend": resend, "postmark": Postmark("postmark-emulator", emulator.urls["postmark"])}


def test_two_that_are_ready_pass_and_one_alone_is_a_warning(ask: Ask, two: dict[str, Provider]) -> None:
    assert ask("PRV-001", accounts=two).verdict is Verdict.PASS
    alone = ask("PRV-001", accounts={"resend": two["resend"]})
    assert (alone.verdict, "no other provider" in alone.observed) == (Verdict.WARN, True)


def test_a_wrong_key_fails(ask: Ask, two: dict[str, Provider], emulator: Emulator) -> None:
    wrong = Postmark("not-the-key", emulator.urls["postmark"])
    seen = ask("PRV-001", accounts={**two, "postmark": wrong})
    assert (seen.verdict, "postmark" in seen.observed) == (Verdict.FAIL, True)


def test_one_that_does_not_answer_was_not_seen(ask: Ask, two: dict[str, Provider]) -> None:
    away = Resend("re_emulator", f"http://127.0.0.1:{free_port()}")
    assert ask("PRV-001", accounts={**two, "resend": away}).verdict is Verdict.ERROR


def test_without_a_key_nothing_is_seen(ask: Ask) -> None:
    assert ask("PRV-001").verdict is Verdict.ERROR


def resend(emulator: Emulator) -> dict[str, Provider]:
    return {"resend": Resend("re_emulator", emulator.urls["resend"])}


def ses(emulator: Emulator) -> dict[str, Provider]:
    return {"ses": Ses("AKIAEMULATOR", "emulator-secret", base_url=emulator.urls["ses"])}


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    """An emulator whose settings these tests change: nine mails went through its SES today."""
    with emulated() as emulator:
        asyncio.run(sent(ses(emulator)["ses"], 9))
        yield emulator


@pytest.fixture
def put(account: Emulator) -> Iterator[Callable[..., None]]:
    """Change settings for the time of a test."""
    before = account.call("GET", "/settings")
    yield lambda **settings: account.call("PUT", "/settings", settings)
    account.call("PUT", "/settings", before)


async def sent(provider: Provider, count: int) -> None:
    clocks = ProviderClocks(ServerClock())
    async with Wire(PRODUCTION) as wire:
        for number in range(count):
            outcome = await deliver(wire, provider, Address("a@venue.example"), f"{number}", clocks)
            assert outcome.kind is Kind.ACCEPTED


class TestAKey:
    def test_that_may_only_send_passes(self, ask: Ask, account: Emulator) -> None:
        assert ask("PRV-002", accounts=resend(account)).verdict is Verdict.PASS

    def test_that_may_do_more_fails(self, ask: Ask, account: Emulator, put: Put) -> None:
        put(resend={"sending_only": False})
        assert ask("PRV-002", accounts=resend(account)).verdict is Verdict.FAIL

    def test_of_which_nobody_can_tell_is_a_warning(self, ask: Ask, two: dict[str, Provider]) -> None:
        seen = ask("PRV-002", accounts=two)
        assert (seen.verdict, "postmark: cannot be told" in seen.observed) == (Verdict.WARN, True)


class TestAnAccount:
    @pytest.mark.parametrize(
        ("quota", "verdict"), [(None, Verdict.ERROR), (13, Verdict.PASS), (12, Verdict.WARN), (10, Verdict.FAIL)]
    )
    def test_must_have_room(self, ask: Ask, account: Emulator, put: Put, quota: int | None, verdict: Verdict) -> None:
        put(ses={"daily_quota": quota})
        assert ask("PRV-003", accounts=ses(account)).verdict is verdict

    def test_must_be_out_of_the_sandbox(self, ask: Ask, account: Emulator, put: Put) -> None:
        put(ses={"sandbox": True})
        seen = ask("PRV-003", accounts=ses(account))
        assert (seen.verdict, "sandbox" in seen.observed) == (Verdict.FAIL, True)

    def test_that_tells_no_quota_was_not_seen(self, ask: Ask, two: dict[str, Provider]) -> None:
        assert ask("PRV-003", accounts={"postmark": two["postmark"]}).verdict is Verdict.ERROR

    def test_that_tells_no_quota_is_not_seen_through_another_one(
        self, ask: Ask, account: Emulator, put: Put, two: dict[str, Provider]
    ) -> None:
        put(ses={"daily_quota": 100})
        seen = ask("PRV-003", accounts={**ses(account), "postmark": two["postmark"]})
        assert (seen.verdict, "postmark: no quota is told" in seen.observed) == (Verdict.WARN, True)


class TestTheDomain:
    SENDERS: ClassVar = {"resend": "tickets@mail.venue.example"}

    @pytest.mark.parametrize(
        ("verified", "verdict"), [(["venue.example"], Verdict.PASS), (["other.example"], Verdict.FAIL)]
    )
    def test_is_told_by_an_account(
        self, ask: Ask, account: Emulator, put: Put, verified: list[str], verdict: Verdict
    ) -> None:
        put(resend={"sending_only": False, "verified": verified})
        assert ask("PRV-004", accounts=resend(account), senders=self.SENDERS).verdict is verdict

    def test_else_by_the_last_drill_and_else_not_at_all(self, ask: Ask, account: Emulator, tmp_path: Path) -> None:
        given = {"accounts": resend(account), "senders": self.SENDERS, "home": tmp_path}
        assert ask("PRV-004", **given).verdict is Verdict.ERROR
        drills.add(tmp_path, Run(1, "ci", "1", "", (Trial("resend", "mail.venue.example", "accepted", "", (1.0,)),)))
        assert ask("PRV-004", **given).verdict is Verdict.PASS
        assert ask("PRV-004", **given, now=2 + STALE).verdict is Verdict.ERROR
        drills.add(tmp_path, Run(1, "ci", "1", "", (Trial("resend", "other.example", "accepted", "", (1.0,)),)))
        assert ask("PRV-004", **given).verdict is Verdict.ERROR
