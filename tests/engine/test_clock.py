"""The time of a provider, which is what counts when its requests are signed."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate

import pytest

from households import Emulator, emulated
from lab import NOON, W1, Lab
from notifyctl.domain.attempt import State
from notifyctl.domain.outcome import MISTIMED, Broken, Kind, Response
from notifyctl.domain.provider import Provider
from notifyctl.domain.revision import Revision
from notifyctl.engine.carry import Carrier
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.tools import Tools
from notifyctl.providers.ses import Ses


def told(date: str) -> Response:
    return Response(200, {"date": date}, b"")


@pytest.fixture
def clocks() -> ProviderClocks:
    """The clocks of a worker whose Redis lives at another time."""
    ours = ServerClock()
    ours.hear(NOON)
    return ProviderClocks(ours)


def test_until_a_provider_has_told_its_time_it_is_that_of_redis(clocks: ProviderClocks):
    assert clocks.now("ses") == pytest.approx(NOON / 1000, abs=60)


def test_then_it_is_the_providers_own(clocks: ProviderClocks):
    clocks.hear("ses", told(formatdate(2_000_000_000, usegmt=True)))
    assert clocks.now("ses") == pytest.approx(2_000_000_000, abs=60)
    assert clocks.now("resend") == pytest.approx(NOON / 1000, abs=60)


@pytest.mark.parametrize(
    "answer",
    [
        told("yesterday"),
        told("Mon, 99 Foo 2026"),
        told("Mon, 01 Jan 99999999999 00:00:00 GMT"),
        Response(200, {}, b""),
        Broken("connect", False, ""),
    ],
)
def test_an_answer_without_a_time_changes_nothing(clocks: ProviderClocks, answer):
    clocks.hear("ses", told(formatdate(2_000_000_000, usegmt=True)))
    clocks.hear("ses", answer)
    assert clocks.now("ses") == pytest.approx(2_000_000_000, abs=60)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Amazon, at its own time."""
    with emulated() as emulator:
        yield emulator


@pytest.fixture
def providers(emulator: Emulator) -> dict[str, Provider]:
    """Amazon alone."""
    return {"ses": Ses("AKIAEMULATOR", "emulator-secret", base_url=emulator.urls["ses"])}


@pytest.fixture
def revision(revision: Revision) -> Revision:
    """A route through Amazon alone."""
    return replace(revision, order=("ses",))


def test_a_redis_that_lives_at_another_time_does_not_take_amazon_out(lab: Lab, tools: Tools):
    tools.clock.hear(NOON)  # Amazon takes what was signed at most five minutes from its own time
    to, text = {"email": "ann@customers.example"}, f"{time.time()}"
    data = {"v": 1, "id": "m", "type": "booking.confirmation", "to": to, "subject": "Hi", "text": text}
    lab.enqueue("m", data=json.dumps(data).encode())
    (claimed,) = lab.claim(W1).jobs
    lab.run(Carrier(tools, asyncio.Event()).carry(claimed, 0.0))
    first, second = (attempt.outcome for attempt in lab.record("m").attempts)
    assert first and second
    assert (first.code, first.kind, second.kind) == (MISTIMED, Kind.THROTTLED, Kind.ACCEPTED)
    assert lab.record("m").state is State.ACCEPTED
    assert lab.run(lab.store.boards.look()).board.breaker("ses").faults == 0
