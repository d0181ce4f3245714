"""A server of one's own, for tests that restart it, demote it or take its last writes back."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from conftest import await_ready, free_port
from notifyctl.store import supervisor
from notifyctl.store.server import Server


class Solo:
    """`client` is connected to it; `directory` holds its data."""

    def __init__(self, binary: str, directory: Path, *options: str) -> None:
        self.directory = directory
        self.port = free_port()
        self._line = supervisor.command(binary, directory, directory / "valkey.sock")
        self._line += ["--port", str(self.port), "--bind", "127.0.0.1", *options]
        self.client = redis.Redis(port=self.port)
        self._start()

    @property
    def server(self) -> Server:
        return Server(directory=self.directory, host="127.0.0.1", port=self.port)

    @property
    def written(self) -> int:
        """How many bytes of writes are on disk."""
        return self._log().stat().st_size

    def restart(self, keep: int | None = None) -> None:
        """Kill it and start it again; with `keep` it has lost what it wrote after so many bytes."""
        self.kill()
        if keep is not None:
            with self._log().open("r+b") as log:
                log.truncate(keep)
        self._start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _log(self) -> Path:
        (path,) = (self.directory / "appendonlydir").glob("*.incr.aof")
        return path

    def _start(self) -> None:
        self._process = subprocess.Popen(self._line, stdin=subprocess.DEVNULL)
        await_ready(self.directory / "valkey.sock", self._process)


@contextmanager
def solo(binary: str, directory: Path, *options: str) -> Iterator[Solo]:
    started = Solo(binary, directory, *options)
    try:
        yield started
    finally:
        started.client.close()
        started.kill()
