"""Commands as processes that start warm: forked from one that has imported already what a command imports.

A short command spends most of its time on imports, and the tests run thousands. What is forked has a process id, an
environment, streams, signals and an exit code of its own, like one that was executed. What only a fresh interpreter
can show is shown by one: in `tests/cli/test_light.py`, by `House.execute`, and by all that is started otherwise.
"""

import gc
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

PACKAGE = "notifyctl"
BEGAN = Path.cwd()  # where the paths of PYTHONPATH may begin, whatever folder a test goes to
MOST = 1 << 20  # bytes of a request, which is the arguments and the environment


def run(arguments: Sequence[str], environ: Mapping[str, str], stdin: bytes, limit: float) -> tuple[int, str, str]:
    """Run notifyctl to its end: its exit code, what it printed and what it logged; killed after `limit` seconds."""
    theirs, give = os.pipe()
    (out, printed), (err, logged) = os.pipe(), os.pipe()
    told = _stove().start([list(arguments), dict(environ), str(Path.cwd())], [theirs, printed, logged])
    with told, ThreadPoolExecutor(3) as pool:
        pool.submit(_feed, give, stdin)
        texts = [pool.submit(_drain, end) for end in (out, err)]
        return _end(told, limit), *(text.result(limit) for text in texts)


def _feed(end: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(end, "wb") as stream:
        stream.write(data)


def _drain(end: int) -> str:
    with os.fdopen(end, "rb") as stream:
        return stream.read().decode()


def _end(told: socket.socket, limit: float) -> int:
    pid = int(told.recv(64))
    told.settimeout(limit)
    try:
        return int(told.recv(64))
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise


class Stove:
    """The process that is forked, seen from the tests."""

    def __init__(self) -> None:
        self._door, door = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with door:
            line = [sys.executable, __file__, str(door.fileno())]
            self._process = subprocess.Popen(line, pass_fds=[door.fileno()], stdin=subprocess.DEVNULL, cwd=BEGAN)

    def start(self, request: list[object], streams: list[int]) -> socket.socket:
        """Start a command on three streams, which are closed here; what comes back tells its pid, then its end."""
        told, teller = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with teller:
            socket.send_fds(self._door, [json.dumps(request).encode()], [*streams, teller.fileno()])
        for stream in streams:
            os.close(stream)
        return told

    def close(self) -> None:
        self._door.close()
        self._process.wait()


@cache
def _stove() -> Stove:
    return Stove()


def close() -> None:
    """End what is forked, if anything was; whoever uses `run` calls this once at the end."""
    if _stove.cache_info().currsize:
        _stove().close()
        _stove.cache_clear()


class Range:
    """The process that is forked, seen from within: `serve` returns in what was forked, and only there."""

    def __init__(self, door: socket.socket) -> None:
        self._watched = selectors.DefaultSelector()
        self._watched.register(door, selectors.EVENT_READ)
        self._door = door

    def serve(self) -> list[object]:
        while True:
            for key, _ in self._watched.select():
                if key.data:
                    self._ended(key.fd, *key.data)
                elif (request := self._fork()) is not None:
                    return request

    def _fork(self) -> list[object] | None:
        data, ends, *_ = socket.recv_fds(self._door, MOST, 4, socket.MSG_CMSG_CLOEXEC)
        if not data:
            raise SystemExit(0)
        lives, life = os.pipe()  # held by the command and by nothing that it executes: it ends when the command does
        pid = os.fork()
        if not pid:
            for number, end in enumerate(ends[:3]):
                os.dup2(end, number)
            for end in ends:
                os.close(end)
            self._door.close()
            self._watched.close()
            return json.loads(data)
        os.write(ends[3], str(pid).encode())
        self._watched.register(lives, selectors.EVENT_READ, (pid, ends[3]))
        for end in (life, *ends[:3]):
            os.close(end)
        return None

    def _ended(self, lives: int, pid: int, teller: int) -> None:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with suppress(BrokenPipeError):
            os.write(teller, str(code).encode())
        self._watched.unregister(lives)
        os.close(lives)
        os.close(teller)


def main(door: int) -> None:
    package = import_module(PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    gc.collect()
    gc.freeze()
    arguments, environ, folder = Range(socket.socket(fileno=door)).serve()
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv = [PACKAGE, *arguments]
    runpy.run_module(PACKAGE, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
