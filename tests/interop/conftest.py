"""The parties of these tests. Node and its packages come from the session `interop` of noxfile.py."""

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from redis import Redis

from interop.parties import Emulator, Node, NodeWorker, our_worker

LINES = ("bullmq", "bullmq5")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """The emulated providers; a fresh process, since they remember idempotency keys as the real ones do."""
    providers = Emulator()
    yield providers
    providers.stop()


@pytest.fixture(params=LINES)
def line(request: pytest.FixtureRequest) -> str:
    """Each living line of BullMQ in turn."""
    return str(request.param)


@pytest.fixture
def node(valkey, line: str) -> Iterator[Node]:
    """A Node client on the empty server."""
    client = Node(line, valkey.port)
    yield client
    client.stop()


@pytest.fixture
def redis(valkey) -> Iterator[Redis]:
    """A plain view of the keys."""
    with Redis(port=valkey.port, decode_responses=True) as client:
        yield client


@pytest.fixture
def theirs(valkey, line: str) -> Iterator[Callable[..., NodeWorker]]:
    """Starts Node workers on the queue `mail`; none outlives its test."""
    started: list[NodeWorker] = []

    def start(**options: object) -> NodeWorker:
        started.append(NodeWorker(line, valkey.port, "mail", **options))
        started[-1].await_ready()
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


Start = Callable[..., AbstractContextManager[object]]


@pytest.fixture
def ours(valkey, emulator: Emulator, tmp_path: Path) -> Start:
    """Starts workers of ours: `with ours("mail", config):`."""
    return functools.partial(our_worker, valkey.port, emulator, tmp_path)
