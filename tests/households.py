"""Fixtures of several rooms, on the shared server, empty: a lab; a house for each test, with one emulator for all."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from conftest import PASSWORD, WORKER, Valkey
from house import Emulator, House, emulated, settled
from lab import Lab
from notifyctl.settings import load
from notifyctl.store import search
from notifyctl.store.queue import Queue


@pytest.fixture
def lab(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A store on the server, with a clock that the test sets."""
    monkeypatch.setenv("BULLMQ_REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("BULLMQ_REDIS_PORT", str(valkey.port))
    lab = Lab(valkey, load())
    yield lab
    lab.close()


@pytest.fixture
def stuttering(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that tells each key twice when it is asked for all, as SCAN may while a table is resized."""
    scan = search._keys

    async def twice(queue: Queue, name: str) -> AsyncIterator[list[str]]:
        async for keys in scan(queue, name):
            yield keys + keys
            yield keys

    monkeypatch.setattr(search, "_keys", twice)


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    with emulated() as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_process: Emulator) -> Emulator:
    """The shared emulator without faults and with an empty mailbox."""
    emulator_process.call("DELETE", "/faults")
    emulator_process.call("DELETE", "/mailbox")
    return emulator_process


@pytest.fixture
def house(tmp_path: Path, valkey: Valkey, emulator: Emulator) -> Iterator[House]:
    """A house whose queue is the shared server, empty."""
    urls = {f"NOTIFYCTL_{name.upper()}_URL": emulator.urls[name] for name in ("resend", "postmark", "ses")}
    who = {"BULLMQ_REDIS_USERNAME": WORKER, "BULLMQ_REDIS_PASSWORD": PASSWORD}
    environ = {**urls, **who, "BULLMQ_REDIS_HOST": "127.0.0.1", "BULLMQ_REDIS_PORT": str(valkey.port)}
    with settled(tmp_path / "house", environ) as house:
        yield house
