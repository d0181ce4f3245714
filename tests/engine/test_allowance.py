"""The duty that asks accounts: limits are known before they are met, and quotas are watched."""

import dataclasses
from collections.abc import Iterator

import pytest

from conftest import free_port
from house import Emulator, emulated
from lab import W2, Lab
from notifyctl.domain.limit import Limit
from notifyctl.engine.allowance import AllowanceDuty
from notifyctl.engine.tools import Tools
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with emulated() as emulator:
        yield emulator


@pytest.fixture
def duty(tools: Tools, emulator: Emulator) -> AllowanceDuty:
    """Resend and SES are the emulator's, Postmark is nowhere."""
    emulator.call(
        "PUT", "/settings", {"resend": {"rate": 7, "daily_quota": 90}, "ses": {"rate": 3, "daily_quota": None}}
    )
    ses = Ses("AKIAEMULATOR", "emulator-secret", "eu-west-2", None, emulator.urls["ses"])
    found = {**tools.providers, "resend": Resend("re_emulator", emulator.urls["resend"]), "ses": ses}
    return AllowanceDuty(dataclasses.replace(tools, providers=found))


def test_limits_and_quotas_are_learnt_without_a_mail(lab: Lab, duty: AllowanceDuty, emulator: Emulator):
    lab.run(duty.ask())
    resend, postmark, ses = (lab.run(lab.store.limits.look(name)) for name in ("resend", "postmark", "ses"))
    assert (resend.rate, postmark.rate, ses.rate) == (Limit(7).rate, None, Limit(3).rate)
    assert [(one.quota.name, one.quota.limit, one.quota.left) for one in resend.quotas][:1] == [("daily", 90, 90)]
    assert (postmark.quotas, ses.quotas) == ((), ())
    assert emulator.call("GET", "/mailbox")["copies"] == []


def test_a_quota_that_is_gone_is_forgotten(lab: Lab, duty: AllowanceDuty, emulator: Emulator):
    lab.run(duty.ask())
    emulator.call("PUT", "/settings", {"resend": {"daily_quota": None}})
    lab.run(duty.ask())
    assert [one.quota.name for one in lab.run(lab.store.limits.look("resend")).quotas] == ["monthly"]


def test_one_worker_asks_for_all(lab: Lab, duty: AllowanceDuty):
    assert lab.run(lab.store.workers.lease("allowance", W2, 60))
    lab.run(duty.ask())
    assert lab.run(lab.store.limits.look("resend")).rate is None


def test_an_account_that_does_not_answer_leaves_what_is_known(lab: Lab, duty: AllowanceDuty, tools: Tools):
    lab.run(duty.ask())
    found = {"resend": Resend("re_emulator", f"http://127.0.0.1:{free_port()}"), "ses": tools.providers["ses"]}
    lab.run(AllowanceDuty(dataclasses.replace(tools, providers=found)).ask())
    assert lab.run(lab.store.limits.look("resend")).rate == Limit(7).rate
