"""The parties of these tests. Node and its packages come from the session `interop` of noxfile.py."""

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from interop import dump
from interop.board import Board
from interop.parties import HERE, Emulator, Node, NodeWorker, ask_ours, our_worker
from interop.scene import LANES, Scene

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
def equal(redis: Redis, line: str) -> Callable[..., None]:
    """Compares two dumps: `equal(ours, theirs)`; what was compared is told at the end of the run."""
    server = redis.info("server")
    name, version = server.get("server_name", "redis"), server.get("valkey_version") or server["redis_version"]
    installed = json.loads((HERE / "node_modules" / line / "package.json").read_text())
    return functools.partial(dump.assert_equal, f"{name} {version}, bullmq {installed['version']}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was compared, and with whom."""
    for told in dump.report():
        terminalreporter.write_line(told)


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


@pytest.fixture
def ask(valkey, emulator: Emulator, tmp_path: Path) -> Callable[..., Any]:
    """Asks a command of ours about the queue `mail`: `ask("doctor")` is its JSON document."""
    return functools.partial(ask_ours, valkey.port, emulator, tmp_path, "mail")


@pytest.fixture(scope="session")
def board_of(valkey_process) -> Iterator[Callable[[str], Board]]:
    """Bull Board on a line of BullMQ; one process each, since it keeps nothing but connections."""
    boards: dict[str, Board] = {}

    def open_board(line: str) -> Board:
        if line not in boards:
            boards[line] = Board(line, valkey_process.port, LANES)
        return boards[line]

    yield open_board
    for board in boards.values():
        board.stop()


@pytest.fixture
def scene(
    board_of: Callable[[str], Board], valkey, line: str, node: Node, redis: Redis, emulator: Emulator, tmp_path: Path
) -> Scene:
    """An evening at the venue, with Bull Board on the same line of BullMQ as the producer."""
    here = valkey.port, emulator, tmp_path, ",".join(LANES)
    ask, start = functools.partial(ask_ours, *here), functools.partial(our_worker, *here)
    return Scene(node, board_of(line), emulator, redis, start, ask)
