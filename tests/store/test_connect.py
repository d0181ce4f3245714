"""Connections: bytes back, named, never repeating a command by themselves; failures in our words."""

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from conftest import Valkey, free_port
from notifyctl.domain.errors import Misconfigured, Unreachable
from notifyctl.domain.pace import PACES, Pace
from notifyctl.domain.secret import Secret
from notifyctl.store import connect as module
from notifyctl.store.connect import connect, reaching
from notifyctl.store.server import Server


def test_a_client_is_named_and_gets_bytes(valkey: Valkey) -> None:
    async def talk() -> tuple[object, object]:
        async with connect(valkey.server, start=False, name="reader") as redis:
            await redis.set("key", "värde")
            return await redis.get("key"), await redis.client_getname()

    assert asyncio.run(talk()) == ("värde".encode(), "reader")


def test_more_askers_than_connections_wait_for_each_other(valkey: Valkey) -> None:
    async def crowd() -> tuple[int, int]:
        async with connect(valkey.server, start=False, name="crowd") as redis:
            answers = await asyncio.gather(*(redis.incr("count") for _ in range(5 * module.CONNECTIONS)))
            return max(answers), len(await redis.client_list())

    answered, connections = asyncio.run(crowd())
    assert answered == 5 * module.CONNECTIONS
    assert connections <= module.CONNECTIONS + 1


def test_no_command_waits_for_ever_for_a_server_that_is_silent(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait() -> None:
        async with connect(valkey.server, start=False, name="waiter") as redis:
            await redis.client_pause(1000, all=True)
            with reaching(valkey.server):
                await redis.bzpopmin("marker", timeout=0.01)

    monkeypatch.setattr(module, "ANSWER", 0.2)
    with pytest.raises(Unreachable):
        asyncio.run(wait())


@pytest.mark.parametrize("pace", PACES.values(), ids=PACES)
def test_an_answer_is_waited_for_longer_than_a_worker_sleeps_on_its_markers(pace: Pace) -> None:
    assert pace.block * 2 <= module.ANSWER


def test_a_server_that_is_busy_with_a_script_is_unreachable_for_now(valkey: Valkey) -> None:
    async def disturb() -> None:
        async with connect(valkey.server, start=False, name="busy") as redis:
            await redis.config_set("lua-time-limit", 1)
            endless = asyncio.create_task(redis.eval("while true do end", 0))
            try:
                with pytest.raises(Unreachable, match="BUSY"):
                    while True:
                        await _increment(valkey.server)
            finally:
                await redis.script_kill()
                await asyncio.gather(endless, return_exceptions=True)
                await redis.config_set("lua-time-limit", 5000)

    asyncio.run(disturb())


def test_a_refused_connection_is_unreachable_and_says_where() -> None:
    server = Server(Path("unused"), host="127.0.0.1", port=free_port())
    with pytest.raises(Unreachable) as caught:
        asyncio.run(_increment(server))
    assert caught.value.exit == 6
    assert caught.value.where == server.place
    assert "BULLMQ_REDIS_HOST" in caught.value.fix


def test_a_wrong_password_is_a_configuration_error_that_does_not_show_it(valkey: Valkey) -> None:
    server = Server(Path("unused"), host="127.0.0.1", port=valkey.port, username="who", password=Secret("hunter2"))
    with pytest.raises(Misconfigured) as caught:
        asyncio.run(_increment(server))
    assert caught.value.code == "STORE-DENIED"
    assert "BULLMQ_REDIS_PASSWORD" in caught.value.fix
    assert "hunter2" not in f"{caught.value!r} {caught.value} {server!r}"


def test_a_command_whose_answer_was_lost_is_sent_once() -> None:
    """A server that takes the command and hangs up: a script repeated by the client would run twice."""
    with _Severing() as severing:
        with pytest.raises(Unreachable):
            asyncio.run(_increment(Server(Path("unused"), host="127.0.0.1", port=severing.port)))
        assert severing.commands() == 1


def test_the_embedded_server_is_not_started_by_a_reader(tmp_path: Path) -> None:
    directory = tmp_path / "valkey"
    with pytest.raises(Unreachable) as caught:
        connect(Server(directory), start=False, name="reader")
    assert caught.value.code == "STORE-NOT-RUNNING"
    assert not directory.exists()


async def _increment(server: Server) -> None:
    async with connect(server, start=False, name="counter") as redis:
        with reaching(server):
            await redis.incr("counter")


class _Severing:
    """A listener that says OK to the greeting of a client and hangs up at its INCR, counting them."""

    def __enter__(self) -> "_Severing":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._seen = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def commands(self) -> int:
        return self._seen

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        while data := connection.recv(4096):
            if b"INCR" in data:
                self._seen += 1
                return
            connection.sendall(b"+OK\r\n" * data.count(b"*"))
