"""Asking Amazon from a machine whose clock is wrong: the answer tells the time, and the next question is judged."""

import asyncio
import time

import pytest

from house import KEYS, Emulator
from notifyctl import settings, wiring
from notifyctl.domain.message import Address
from notifyctl.domain.pace import PRODUCTION
from notifyctl.domain.progress import silent
from notifyctl.domain.provider import Provider
from notifyctl.operations.probe import probe
from notifyctl.operations.staging import drill

SENDER = Address("tickets@venue.example")


@pytest.fixture(params=[-600, 600])
def amazon(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> dict[str, Provider]:
    """SES, by name, where this process's clock is ten minutes off."""
    for name, value in {**KEYS, "NOTIFYCTL_SES_URL": emulator.urls["ses"]}.items():
        monkeypatch.setenv(name, value)
    found = wiring.providers(settings.load())["ses"]
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + request.param)
    return {"ses": found}


def test_a_probe_says_that_the_account_is_well(amazon: dict[str, Provider]) -> None:
    (found,) = asyncio.run(probe(amazon, ["ses"]))
    assert found.health.state == "ready", found


def test_a_drill_sends_each_message_once(amazon: dict[str, Provider], emulator: Emulator) -> None:
    def out() -> int:
        return len(emulator.call("GET", "/mailbox")["copies"])

    before = out()
    (trial,) = asyncio.run(drill(amazon, {"ses": SENDER}, 2, PRODUCTION, silent))
    assert (trial.kind, len(trial.ms), out() - before) == ("accepted", 2, 2)
