"""The emulator, and the official clients of the providers that it stands for."""

import uuid
from collections.abc import Iterator

import pytest

from house import Emulator, emulated
from interop.second.clients import Node


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[tuple[Emulator, object]]:
    with emulated() as running:
        yield running, running.call("GET", "/settings")


@pytest.fixture
def emulator(emulator_process: tuple[Emulator, object]) -> Emulator:
    """The three providers with an empty mailbox, no counts, no faults and their first settings."""
    running, settings = emulator_process
    for path in ("/faults", "/mailbox", "/requests/counts"):
        running.call("DELETE", path)
    running.call("PUT", "/settings", settings)
    return running


@pytest.fixture
def key() -> str:
    """An idempotency key that the emulated Resend has not seen."""
    return f"booking/{uuid.uuid4()}"


@pytest.fixture(scope="session")
def node_process() -> Iterator[Node]:
    client = Node()
    yield client
    client.stop()


@pytest.fixture
def node(node_process: Node, emulator: Emulator) -> Node:
    """The SDKs for Node, told where the emulator is."""
    node_process.urls = emulator.urls
    return node_process
