"""The process that keeps the embedded server alive: started by `embedded.start`, belongs to nobody.

    python -I -S supervisor.py DIRECTORY BINARY LOCK IDLE

DIRECTORY holds the data. `supervisor.lock` is held by the one supervisor: the starter takes it and hands it over as
the open file LOCK, so of many starters exactly one gets a supervisor. `server.lock` is held by the *server itself*,
which inherits it open, so a second server on the same data is impossible however the first supervisor ended.
A server without a supervisor is adopted; one that died is started again; one without a client for IDLE seconds, or
whose data were deleted, or whose supervisor gets SIGTERM, is shut down cleanly. Standard library alone, so that it
starts at once.
"""

import contextlib
import fcntl
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

LONGEST_SOCKET = 103  # bytes: 108 with the final zero on Linux, 104 on macOS
LONGEST_ANSWER = 5.0  # seconds that a healthy server may take to answer
QUICK_DEATH, QUICK_DEATHS = 1.0, 10  # a server that dies this young (seconds), this often in a row, is given up
PAUSE = 0.01  # seconds between two questions to a server that is starting


class GaveUp(Exception):
    """The server does not stay alive; its log says why."""


def command(binary: str, directory: Path, path: Path) -> list[str]:
    """The server's command line: every acknowledged write is on the disk, nothing is ever evicted, no TCP."""
    return [
        *(binary, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
        *("--dir", str(directory), "--logfile", str(directory / "valkey.log"), "--daemonize", "no"),
        *("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"),
    ]


def try_lock(path: Path, make: int = os.O_CREAT) -> int | None:
    """An open file that holds the lock until the last copy of it is closed, or None when somebody else holds it."""
    lock = os.open(path, os.O_RDWR | make, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def socket_path(directory: Path) -> Path:
    """Where the server listens: the path on record, else below `directory`, else a short private path."""
    with contextlib.suppress(FileNotFoundError):
        return Path((directory / "socket").read_text())
    path = directory / "valkey.sock"
    return path if _fits(path) else _short_path(directory)


def _short_path(directory: Path) -> Path:
    import hashlib
    import tempfile

    name = f"notifyctl-{os.getuid()}-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}"
    path = Path(tempfile.gettempdir()) / name / "valkey.sock"
    return path if _fits(path) else Path("/tmp") / name / "valkey.sock"


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET


def ping(path: Path) -> socket.socket | None:
    """A connection to a server that is ready, None while it loads or is not there."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(LONGEST_ANSWER)
    with contextlib.suppress(OSError):
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        if connection.recv(64).startswith(b"+PONG"):
            return connection
    connection.close()
    return None


def supervise(directory: Path, binary: str, idle: float) -> None:
    """Keep one server alive until it has had no client for `idle` seconds; raises `GaveUp`."""
    quick_deaths = 0
    while quick_deaths < QUICK_DEATHS:
        child, born = start_if_absent(directory, binary), time.monotonic()
        connection = await_server(directory)
        if connection:
            with connection:
                if watch(connection, directory, idle):
                    ask_to_end(connection)
                    if child and deleted(directory):
                        _kill(child)
                    return
        elif child and deleted(directory):
            _kill(child)
            return
        elif deleted(directory):  # an orphan to which no record leads any more; the next one gets a record
            shut_down(directory)
        elif child and child.wait() > 0:  # it ended by itself; killed (below 0) it deserves another start
            raise GaveUp("the server ended before it was ready")
        if child:
            quick_deaths = quick_deaths + 1 if time.monotonic() - born < QUICK_DEATH else 0
    raise GaveUp(f"the server died {QUICK_DEATHS} times within {QUICK_DEATH:g} s of its start")


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """End a server that has nothing left to save."""
    child.kill()
    child.wait()


def start_if_absent(directory: Path, binary: str) -> "subprocess.Popen[bytes] | None":
    """Start a server unless one holds its lock, and hand the lock to it; None when it is there."""
    lock = try_lock(directory / "server.lock")
    if lock is None:
        return None
    try:
        return _launch(binary, directory, private(directory), lock)
    finally:
        os.close(lock)  # kept, it would look like a server that does not end


def _launch(binary: str, directory: Path, path: Path, lock: int) -> "subprocess.Popen[bytes]":
    with (directory / "valkey.log").open("ab") as log:
        try:
            return subprocess.Popen(
                command(binary, directory, path), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=(lock,),
            )  # fmt: skip
        except OSError as error:
            raise GaveUp(f"cannot run {binary}: {error.strerror}") from None


def private(directory: Path) -> Path:
    """Choose the socket's path afresh, put it on record, and see that nobody else can reach it."""
    (directory / "socket").unlink(missing_ok=True)
    path = socket_path(directory)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    state = path.parent.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise GaveUp(f"{path.parent} must be a directory of this user alone (mode 0700)")
    draft = directory / "socket.new"
    draft.write_text(str(path))
    draft.rename(directory / "socket")
    return path


def await_server(directory: Path) -> socket.socket | None:
    """A connection to the server once it is ready, None when it died instead, or its data are deleted."""
    with contextlib.suppress(FileNotFoundError):
        while (lock := try_lock(directory / "server.lock", make=0)) is None and not deleted(directory):
            connection = ping(socket_path(directory))
            if connection:
                connection.settimeout(None)
                return connection
            time.sleep(PAUSE)
        if lock is not None:
            os.close(lock)
    return None


def deleted(directory: Path) -> bool:
    """True when what leads to the server is no longer there."""
    return not all((directory / name).exists() for name in ("socket", "server.lock"))


def watch(connection: socket.socket, directory: Path, idle: float) -> bool:
    """Wait; True when nobody needs the server: no client for `idle` seconds, or its data deleted. False: it is gone."""
    seen, since = -1, time.monotonic()
    while not select.select([connection], [], [], min(idle / 4, 15))[0]:  # readable = closed by the server
        if deleted(directory):
            return True
        clients, connections = _traffic(connection)
        if clients > 1 or connections != seen:  # one is ourselves; the total betrays clients that came and went
            seen, since = connections, time.monotonic()
        elif time.monotonic() - since >= idle:
            return True
    return False


def _traffic(connection: socket.socket) -> tuple[int, int]:
    """Clients connected now, and connections ever accepted; (2, -1), as if in use, when the server has just gone."""
    info: dict[str, str] = {}
    with contextlib.suppress(OSError):
        connection.sendall(b"INFO\r\n")
        reply = connection.makefile("rb")
        text = reply.read(int(reply.readline()[1:] or 0)).decode(errors="replace")
        reply.readline()
        info = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return int(info.get("connected_clients", 2)), int(info.get("total_connections_received", -1))


def shut_down(directory: Path) -> None:
    """Let the server end cleanly, its log written, also one that has only just been started; wait until it has."""
    with contextlib.suppress(FileNotFoundError):
        while (lock := try_lock(directory / "server.lock", make=0)) is None:  # 0: the directory may be being deleted
            with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
                connection.connect(str(socket_path(directory)))
                ask_to_end(connection)
            time.sleep(PAUSE)
        os.close(lock)


def ask_to_end(connection: socket.socket) -> None:
    """Ask the server to end, and insist when it refuses or is slow to say so: it closes the connection when it obeys.

    One that is slow reads the second demand only if it has refused the first.
    """
    connection.settimeout(LONGEST_ANSWER)
    for demand in (b"SHUTDOWN\r\n", b"SHUTDOWN NOW FORCE\r\n"):
        connection.sendall(demand)
        if _closed(connection):
            return


def _closed(connection: socket.socket) -> bool:
    try:
        return not connection.recv(256)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def main(directory: Path, binary: str, lock: int, idle: float) -> None:
    """Leave the starter's family, keep its lock, and supervise."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    os.write(lock, str(os.getpid()).encode())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        supervise(directory, binary, idle)
    except GaveUp as error:
        with (directory / "valkey.log").open("a") as log:
            log.write(f"{error}\n")
    finally:
        shut_down(directory)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
