"""The lab of the store, and the parts of one worker on it; no provider is called here."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import free_port
from households import lab, stuttering
from lab import W1, Lab
from notifyctl.domain.message import Address
from notifyctl.domain.pace import DEMO
from notifyctl.domain.provider import Provider
from notifyctl.domain.revision import Bounds, Revision
from notifyctl.engine.board import KnownBoard
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.journal import Journal
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.render import Renderer
from notifyctl.engine.tools import Tools
from notifyctl.net.wire import Wire
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses
from notifyctl.store.presence import Presence
from notifyctl.telemetry.logs import Log

__all__ = ["lab", "stuttering"]

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def providers() -> dict[str, Provider]:
    """None of them answers."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    ses = Ses("AKIDEXAMPLE", SECRET, "eu-west-2", None, nowhere)
    return {"resend": Resend("re_test", nowhere), "postmark": Postmark("pm-test", nowhere), "ses": ses}


@pytest.fixture
def revision() -> Revision:
    """Room for eight messages, heartbeats that end at once."""
    pace = replace(DEMO, heartbeat_ttl=0.001)
    return Revision(sender=Address("tickets@venue.example", "The Venue"), pace=pace, bounds=Bounds(in_flight=8))


@pytest.fixture
def tools(lab: Lab, providers: dict[str, Provider], revision: Revision, tmp_path: Path) -> Iterator[Tools]:
    journal = Journal(tmp_path / "journal", W1)
    presence = Presence(lab.settings.redis, lab.settings.queues, W1)
    wire = Wire(revision.pace)
    lab.run(wire.__aenter__())
    clock = ServerClock()
    with (tmp_path / "log").open("wb") as file:
        log = Log(W1, b"pepper", file.fileno())
        yield Tools(
            token=W1, name="one", revision=revision, providers=providers, queue=lab.store.queue,
            attempts=lab.store.attempts, workers=lab.store.workers, presence=presence,
            census=lab.store.census, findings=lab.store.findings,
            limiter=Limiter(lab.store.limits),
            renderer=Renderer(revision, "bull", providers), wire=wire, journal=journal,
            log=log, clock=clock, clocks=ProviderClocks(clock), failpoint=Failpoint(),
            board=KnownBoard(lab.store.boards, lab.store.attempts, revision, "one", clock, log),
        )  # fmt: skip
    journal.close()
    lab.run(presence.close())
    lab.run(wire.__aexit__(None, None, None))
