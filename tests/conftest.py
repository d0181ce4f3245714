"""What many tests need: a real server, and a database of it that is empty."""

import os
import secrets
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

import warm
from notifyctl.domain import secret
from notifyctl.domain.acl import users
from notifyctl.store import embedded, supervisor
from notifyctl.store.server import Server

FIRST, PARTS, EACH = 10_000, 16, 1_400  # ports: to 32,400
_drawn: set[int] = set()

WORKER, PASSWORD = "notifyctl-worker", "of-the-tests"  # on the shared server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that programs under test hear it


@dataclass(frozen=True)
class Valkey:
    """A running server: `socket` for us, `url` with `port` on 127.0.0.1 for Node. `server` is what `connect` takes."""

    socket: Path
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def server(self) -> Server:
        return Server(directory=self.socket.parent, host="127.0.0.1", port=self.port)


@pytest.fixture(scope="session")
def valkey_process() -> Iterator[Valkey]:
    """One server for all tests, with the settings of the embedded one but for fsync; stopped by its process id.

    The variable NOTIFYCTL_VALKEY_BIN names another program than that of the wheel, here too.
    """
    program = embedded.find_server(os.environ.get("NOTIFYCTL_VALKEY_BIN"))
    with tempfile.TemporaryDirectory(prefix="nf-") as name:
        path, port = Path(name) / "valkey.sock", free_port()
        line = supervisor.command(program, Path(name), path)
        line += ["--port", str(port), "--bind", "127.0.0.1", "--appendfsync", "everysec"]
        with subprocess.Popen(line, stdin=subprocess.DEVNULL, start_new_session=True) as process:
            await_ready(path, process)
            give_rights(path)
            yield Valkey(path, port, process.pid)
            process.send_signal(signal.SIGTERM)


def give_rights(path: Path) -> None:
    """Let the server know the worker of `config acl`: the tests of the engine, the store and the commands run as that
    user, so a command that is missing in what is printed fails there. Keys are as the tests like, and tried apart."""
    commands = " ".join(f"+{command}" for command in users("", ())[0].commands)
    line = f"ACL SETUSER {WORKER} reset on >{PASSWORD} ~* {commands}\r\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(line.encode())
        assert connection.recv(64) == b"+OK\r\n"


@contextmanager
def serving(port: int, *options: str) -> Iterator[int]:
    """A Valkey of its own on 127.0.0.1 at that port, with these options."""
    with tempfile.TemporaryDirectory(prefix="nf-") as name:
        path = Path(name) / "valkey.sock"
        line = [*supervisor.command(embedded.find_server(), Path(name), path), "--port", str(port)]
        line += ["--bind", "127.0.0.1", *options]
        with subprocess.Popen(line, stdin=subprocess.DEVNULL, start_new_session=True) as process:
            try:
                await_ready(path, process)
                yield port
            finally:  # else a test that fails would wait for it for ever
                process.send_signal(signal.SIGTERM)


@pytest.fixture
def valkey(valkey_process: Valkey) -> Valkey:
    """The server, empty."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(valkey_process.socket))
        connection.sendall(b"FLUSHALL\r\n")
        assert connection.recv(64) == b"+OK\r\n"
    return valkey_process


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No variable of the developer reaches a test, no test reaches the developer's data, or knows others' secrets."""
    ours = ("NOTIFYCTL_", "BULLMQ_REDIS_", "RESEND_", "POSTMARK_", "AWS_", "SENTRY_")
    for name in [name for name in os.environ if name.startswith(ours)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NOTIFYCTL_HOME", str(tmp_path_factory.getbasetemp() / "home"))
    monkeypatch.setattr(secret, "_made", {})  # those of other tests are words here


def free_port() -> int:
    """A port on 127.0.0.1 that nobody takes before it is used, or found used.

    It lies below those that Linux gives away by itself, in a part that no other process of this run draws from, and
    is drawn once.
    """
    part = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PARTS
    while True:
        port = FIRST + part * EACH + secrets.randbelow(EACH)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _drawn:
                _drawn.add(port)
                return port


def await_ready(path: Path, process: "subprocess.Popen[bytes]") -> None:
    """Return when the server answers; fail when it ended instead."""
    while not (connection := supervisor.ping(path)):
        assert process.poll() is None, (path.parent / "valkey.log").read_text()
    connection.close()


def pytest_sessionfinish() -> None:
    warm.close()
