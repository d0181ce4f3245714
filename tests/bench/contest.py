"""One run of one contestant: fill a queue, let the workers drain it, and read what they and the server used.

Every contestant meets the same server, sink, jobs and rules for keeping finished jobs. Start-up and warm-up are not
counted: the workers first drain some thousand jobs, then wait on the paused queue until it is full and opened.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.request import urlopen

from contestants import HERE, QUEUE, Contestant
from redis import Redis

from notifyctl.store import embedded, supervisor

BASE = f"bull:{QUEUE}:"
WARM_UP = 2000  # jobs; a provider that tells no limit is tried with growing speed at first
PATIENCE = 300.0  # seconds after which a run that has not ended has failed
TICK = os.sysconf("SC_CLK_TCK")
Process = subprocess.Popen[bytes]
HTML = "<p>" + "The doors open at seven. " * 800


class Figures(NamedTuple):
    """One run: mails a second, and CPU per mail in microseconds of all workers, of the server and of the sink."""

    rate: float
    worker_us: float
    server_us: float
    sink_us: float


class Arena:
    """A server and a sink; `sinks` are its URLs in the order of the delays."""

    def __init__(self, server: Process, sink: Process, redis: "Redis[Any]", port: int, sinks: list[str]) -> None:
        self.server = server
        self.sink = sink
        self.redis = redis
        self.port = port
        self.sinks = sinks

    def run(self, contestant: Contestant, jobs: int, sink: str) -> Figures:
        """Drain so many jobs; fails unless each was sent exactly once."""
        self._clear()
        self._pause()
        with tempfile.TemporaryDirectory(prefix="nf-") as home, self._workers(contestant, sink, Path(home)) as workers:
            self._drain(workers, WARM_UP, 0)
            requests(sink)
            figures = self._drain(workers, jobs, WARM_UP)
        assert (sent := requests(sink)) == jobs, f"{contestant.name} made {sent} calls for {jobs} jobs"
        return figures

    def _drain(self, workers: list[Process], jobs: int, before: int) -> Figures:
        self._pause()
        self._fill(jobs, before)
        alive(workers)
        wait("the workers wait", lambda: self.redis.info("clients")["blocked_clients"] >= len(workers))
        before_it, began = self._used(workers), time.monotonic()
        self._resume()
        wait("the queue is empty", self._empty)
        seconds = time.monotonic() - began
        used = [after - so_far for after, so_far in zip(self._used(workers), before_it, strict=True)]
        return Figures(jobs / seconds, *(part / jobs * 1e6 for part in used))

    def _empty(self) -> bool:
        """Whether no job waits, is due later, or is under way. Finished ones tell nothing: the oldest are removed."""
        look = self.redis.pipeline().llen(BASE + "wait").llen(BASE + "active").zcard(BASE + "delayed")
        return look.execute() == [0, 0, 0]

    def _used(self, workers: list[Process]) -> list[float]:
        """Seconds of CPU of the workers, the server and the sink so far."""
        return [sum(map(cpu, workers)), cpu(self.server), cpu(self.sink)]

    def _fill(self, jobs: int, before: int) -> None:
        """Put jobs where BullMQ's `add` puts them."""
        for start in range(before, before + jobs, 250):
            pipe = self.redis.pipeline(transaction=False)
            for number in range(start, min(start + 250, before + jobs)):
                job = {"name": "booking.confirmation", "data": data(number), "timestamp": int(time.time() * 1000)}
                options = json.dumps({"attempts": 0, "jobId": f"b/{number}"})
                pipe.hset(f"{BASE}b/{number}", mapping={**job, "opts": options, "delay": 0, "priority": 0})
                pipe.lpush(BASE + "wait", f"b/{number}")
            pipe.execute()

    def _pause(self) -> None:
        """BullMQ's own pause."""
        self.redis.hset(BASE + "meta", "paused", 1)
        self.redis.delete(BASE + "marker")

    def _resume(self) -> None:
        self.redis.hdel(BASE + "meta", "paused")
        self.redis.zadd(BASE + "marker", {"0": 0})

    def _clear(self) -> None:
        """An empty server with an empty log, so that no run pays for the one before."""
        self.redis.flushall()
        self.redis.bgrewriteaof()
        wait("the log is short", lambda: not self.redis.info("persistence")["aof_rewrite_in_progress"])

    @contextlib.contextmanager
    def _workers(self, who: Contestant, sink: str, home: Path) -> Iterator[list[Process]]:
        words, more = who.command(self.port, sink, home)
        with (home / "log").open("ab") as log:
            started = [
                subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **more})
                for _ in range(who.processes)
            ]
        try:
            yield started
        except BaseException:
            sys.stderr.write((home / "log").read_text()[-2000:])
            raise
        finally:
            stop(*started)


Ground = TypeVar("Ground", bound=Arena)


@contextlib.contextmanager
def arena(delays: list[float], fsync: str, kind: type[Ground] = Arena) -> Iterator[Ground]:
    """A server with that `appendfsync` and a sink that answers after each of these delays (ms)."""
    with tempfile.TemporaryDirectory(prefix="nf-") as name:
        directory, port = Path(name), free_port()
        line = supervisor.command(embedded.find_server(), directory, directory / "s")
        line += ["--bind", "127.0.0.1", "--port", str(port), "--appendfsync", fsync]
        server = subprocess.Popen([*line, "--auto-aof-rewrite-percentage", "0"], start_new_session=True)
        words = [sys.executable, str(HERE / "sink.py"), *map(str, delays)]
        sink = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert sink.stdout
            ports = json.loads(sink.stdout.readline())
            with Redis(port=port) as redis:
                wait("the server answers", lambda: answers(redis))
                yield kind(server, sink, redis, port, [f"http://127.0.0.1:{port}" for port in ports])
        finally:
            stop(sink, server)


def data(number: int) -> str:
    """A job of 20 kB, with an address of its own."""
    to = {"email": f"guest-{number}@mail.example"}
    job = {"v": 1, "id": f"b/{number}", "type": "booking.confirmation", "to": to, "subject": "Booked", "html": HTML}
    return json.dumps(job, separators=(",", ":"))


def requests(sink: str) -> int:
    """How many calls the sink took since it was asked last."""
    with urlopen(f"{sink}/requests", timeout=10) as answer:
        return int(json.loads(answer.read())["requests"])


def answers(redis: "Redis[Any]") -> bool:
    """Whether the server is up."""
    with contextlib.suppress(OSError, ConnectionError):
        return bool(redis.ping())
    return False


def cpu(process: Process) -> float:
    """Seconds of CPU that a process has used so far, in all its threads."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def wait(what: str, holds: Callable[[], bool]) -> None:
    """Return when it holds; fails when it does not within the patience."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.01)


def alive(processes: list[Process]) -> None:
    """Fail when one of them has ended."""
    assert all(process.poll() is None for process in processes), "a worker ended by itself"


def stop(*processes: Process) -> None:
    """End processes that were started here."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
