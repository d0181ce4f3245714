"""A server that forgets: crashes that take the last writes back, failovers to a replica that lags, demotions.

SES comes first: it takes the same message as often as it is asked, so whatever a server forgets and nobody asserts
again shows in the mailboxes.
"""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from conftest import free_port
from faults.arena import Arena, arena
from faults.checker import OWN, Verdict, check
from notifyctl.store import embedded, supervisor

ORDER = ("ses", "postmark")
BUSY = 30  # copies in the mailboxes when something happens: a burst is under way


def log_of(field: Arena) -> Path:
    """The file to which the server appends what it acknowledges."""
    (path,) = (field.house.home / "valkey" / "appendonlydir").glob("*.incr.aof")
    return path


def busy(field: Arena, more: int = BUSY) -> int:
    """So many more copies have gone out; returns how much the server has written by then."""
    most = len(field.copies()) + more
    field.eventually("a burst under way", lambda: len(field.copies()) >= most)
    return log_of(field).stat().st_size


def crew(field: Arena, port: int) -> None:
    """Three workers at that port."""
    for _ in range(3):
        field.start(BULLMQ_REDIS_PORT=str(port))
    field.await_workers(3)


def findings(field: Arena) -> dict[str, int]:
    return {code.decode(): int(count) for code, count in field.redis.hgetall(f"{OWN}findings").items()}


def clean(verdict: Verdict) -> None:
    """Nothing went out twice, nothing is in doubt."""
    assert {life.copies for life in verdict.lives.values()} == {1}
    assert (verdict.resends, verdict.states["unknown"]) == (0, 0)


def test_what_a_crash_took_back_is_not_sent_again() -> None:
    with arena(ORDER, in_flight=6) as field:
        field.slow_down(0.3)
        crew(field, field.port)
        field.burst("crash", 80)
        size = busy(field)
        busy(field)
        field.kill_server()
        os.truncate(log_of(field), size)
        field.start_server()
        field.await_end()
        clean(check(field, "F24 crash that lost writes"))
        met = findings(field)
        assert met["RDS-CHANGED"] == 1
        assert met["RDS-LOST-WRITES"] >= BUSY // 2
        assert field.house.log.count('"server changed","worker"') == 3
        assert '"became":"restarted"' in field.house.log


def test_nobody_claims_before_a_worker_that_was_asleep_has_checked() -> None:
    with arena(ORDER, in_flight=6) as field:
        field.slow_down(0.3)
        crew(field, field.port)
        field.burst("asleep", 80)
        size = busy(field)
        busy(field)
        (name, beat), *_ = ((key, field.redis.get(key)) for key in field.redis.scan_iter("nf:{bull}:worker:*"))
        asleep = int(name.rsplit(b".", 2)[1])
        os.kill(asleep, signal.SIGSTOP)
        field.kill_server()
        os.truncate(log_of(field), size)
        field.start_server()
        field.redis.set(name, beat, ex=60)  # it has beaten a moment ago
        field.eventually("two that have checked", lambda: len(set(field.redis.hvals(f"{OWN}crew"))) == 2)
        time.sleep(2)  # longer than a heartbeat lasts
        os.kill(asleep, signal.SIGCONT)
        field.await_end()
        verdict = check(field, "F24 and a worker asleep")
        assert verdict.resends <= 6  # only what it had under way is in doubt


def test_a_crash_that_lost_nothing_is_a_change_and_nothing_more() -> None:
    with arena(ORDER, in_flight=6) as field:
        field.slow_down(0.3)
        crew(field, field.port)
        field.burst("kept", 60)
        busy(field)
        field.kill_server()
        field.start_server()
        field.await_end()
        clean(check(field, "F24 crash that lost nothing"))
        assert findings(field) == {"RDS-CHANGED": 1}


def kept(field: Arena) -> int:
    """How many results are in the workers' journals."""
    return sum(path.read_bytes().count(b"\n") for path in (field.house.home / "journal").iterdir())


def test_what_a_killed_worker_left_on_disk_is_asserted_before_anybody_claims() -> None:
    with arena(ORDER) as field:
        field.slow_down(0.6)
        mails = field.burst("journal", 4)  # no more are under way at once while the pace is tried
        size = log_of(field).stat().st_size
        worker = field.start()
        field.eventually("calls under way", lambda: field.in_flight() == len(mails))
        field.kill_server()
        field.eventually("results on the disk", lambda: kept(field) == len(mails))
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        os.truncate(log_of(field), size)
        field.start_server()
        for _ in range(2):
            field.start()
        field.await_end()
        clean(check(field, "F24 lost writes, worker killed"))


class Door:
    """An address that leads to one server now and to another later, as that of a managed Redis does."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def lead_to(self, target: int) -> None:
        """Let new connections go there, and break the old ones."""
        self.target = target
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.lead_to(0)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as far:
            self._ends += [near, far]
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def door(target: int) -> Iterator[Door]:
    opened = Door(target)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def replica(field: Arena) -> Iterator["redis.Redis"]:
    """A second server that has all that the first one has, and goes on to get it."""
    directory, port = field.house.home / "replica", free_port()
    directory.mkdir()
    line = supervisor.command(embedded.find_server(), directory, directory / "unused")
    line += [
        "--unixsocket",
        "",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--replicaof",
        "127.0.0.1",
        str(field.port),
    ]
    with subprocess.Popen(line) as process, redis.Redis(port=port) as client:
        try:
            field.eventually("a second server", lambda: answers(client))
            for either in (field.redis, client):
                either.config_set("repl-diskless-sync-delay", 0)
            field.eventually("a replica", lambda: in_step(client))
            yield client
        finally:
            process.kill()


def answers(client: "redis.Redis") -> bool:
    with suppress(redis.ConnectionError):
        return bool(client.ping())
    return False


def in_step(client: "redis.Redis") -> bool:
    with suppress(redis.ConnectionError):
        return bool(client.info("replication")["master_link_status"] == "up")
    return False


def port_of(client: "redis.Redis") -> int:
    return int(client.connection_pool.connection_kwargs["port"])


def test_a_failover_to_a_replica_that_was_cut_off_sends_nothing_again() -> None:
    """The old primary lives on, and nobody may use it any more."""
    with arena(ORDER, in_flight=6) as field, replica(field) as other, door(field.port) as address:
        field.slow_down(0.3)
        crew(field, address.port)
        field.burst("failover", 80)
        busy(field)
        other.replicaof("NO", "ONE")
        busy(field)
        address.lead_to(port_of(other))
        old, field.redis = field.redis, other
        field.await_end()
        clean(check(field, "F26 failover that lost writes"))
        met = findings(field)
        assert (met["RDS-CHANGED"], met["RDS-LOST-WRITES"] >= BUSY // 2) == (1, True)
        assert field.house.log.count('"became":"failed over to another server"') == 3
        field.redis = old


def test_a_primary_that_was_demoted_and_promoted_again_sends_nothing_again() -> None:
    with arena(ORDER, in_flight=6) as field, replica(field) as other:
        field.slow_down(0.3)
        crew(field, field.port)
        field.burst("demoted", 80)
        busy(field)
        other.replicaof("NO", "ONE")
        busy(field)
        field.redis.replicaof("127.0.0.1", str(port_of(other)))
        field.eventually("a resynchronised replica", lambda: in_step(field.redis))
        field.eventually("workers that noticed", lambda: field.house.log.count('"code":"RDS-READONLY"') >= 3)
        sent = len(field.copies())
        field.redis.replicaof("NO", "ONE")
        field.await_end()
        assert sent < len(field.sent)
        verdict = check(field, "F27 demoted and promoted")
        clean(verdict)
        assert findings(field)["RDS-CHANGED"] == 1
        assert field.house.log.count('"became":"was demoted and promoted again"') == 3
        assert not any(life.record["state"] == "dead" for life in verdict.lives.values())
