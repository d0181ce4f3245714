"""Everybody who meets at a queue, each as a real process: the emulated providers, Node clients and workers, ours."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from redis import Redis

HERE = Path(__file__).parent
DEADLINE = 60.0  # seconds after which something that should have happened has not


def until(what: str, holds: Callable[[], Any]) -> Any:
    """The first true value of `holds()`; fails when there is none within the deadline."""
    end = time.monotonic() + DEADLINE
    while not (value := holds()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)
    return value


class Emulator:
    """The three providers and their mailbox."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "notifyctl.emulator", "--port-base", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout
        self.urls = json.loads(self.process.stdout.readline())

    @property
    def environment(self) -> dict[str, str]:
        """What a worker of ours needs to send through Resend, and only there."""
        return {
            "NOTIFYCTL_FROM": "The Backroom <tickets@backroom.example>",
            "NOTIFYCTL_RESEND_URL": self.urls["resend"],
            "RESEND_API_KEY": "re_emulator",
        }

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One call to the control port."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.urls["control"] + path, data, method=method), timeout=10) as answer:
            return json.loads(answer.read())

    def fault(self, **fault: object) -> None:
        """Have Resend misbehave as told."""
        self.control("POST", "/faults", {"provider": "resend", **fault})

    def copies(self) -> dict[str, int]:
        """Recipient -> number of copies."""
        rows: list[str] = []
        page = self.control("GET", "/mailbox?limit=1000")
        while page["copies"]:
            rows += [copy["recipient"] for copy in page["copies"]]
            page = self.control("GET", f"/mailbox?limit=1000&after={page['next']}")
        return {name: rows.count(name) for name in rows}

    def stop(self) -> None:
        """End the process."""
        end(self.process)


class Node:
    """A client of one line of BullMQ; `node.add(queue=...)` is the command `add` of client.mjs."""

    def __init__(self, line: str, port: int, *who: str) -> None:
        """`who` is a user of the server and its password."""
        command = ["node", str(HERE / "client.mjs"), line, str(port), *who]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.line = line

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **arguments: self._call({"do": name, **arguments})

    def _call(self, command: dict[str, Any]) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        assert "error" not in reply, reply["error"]
        return reply["ok"]

    def stop(self) -> None:
        """End the process, by closing what it reads."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(DEADLINE) == 0


def our_environment(port: int, emulator: Emulator, home: Path, queues: str) -> dict[str, str]:
    """What a command of ours is told of this place."""
    own = {
        "BULLMQ_REDIS_HOST": "127.0.0.1",
        "BULLMQ_REDIS_PORT": str(port),
        "NOTIFYCTL_HOME": str(home),
        "NOTIFYCTL_QUEUES": queues,
        "NOTIFYCTL_CONFIG": str(home / "notifyctl.toml"),
    }
    return {**os.environ, **emulator.environment, **own}


@contextmanager
def our_worker(port: int, emulator: Emulator, home: Path, queues: str, config: str = "") -> Iterator[subprocess.Popen]:
    """`notifyctl worker`, once its heart beats; `config` is the TOML of NOTIFYCTL_CONFIG."""
    (home / "notifyctl.toml").write_text(config)
    command = [sys.executable, "-m", "notifyctl", "worker", "run"]
    environment = our_environment(port, emulator, home, queues)
    with (
        (home / "worker.log").open("ab") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process,
    ):
        try:
            until("our worker's heartbeat", lambda: _beats(port, process))
            yield process
            if process.poll() is None:
                end(process)
        finally:
            process.kill()


def ask_ours(port: int, emulator: Emulator, home: Path, queues: str, *words: str) -> Any:
    """The JSON document of a command of ours, such as `doctor`."""
    command = [sys.executable, "-m", "notifyctl", *words, "-o", "json"]
    done = subprocess.run(
        command, capture_output=True, env=our_environment(port, emulator, home, queues), timeout=DEADLINE, check=False
    )
    return json.loads(done.stdout)


def _beats(port: int, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "our worker has ended"
    with Redis(port=port) as redis:
        return bool(redis.keys(f"nf:{{bull}}:worker:nf.*.{process.pid}.*"))


class NodeWorker:
    """A worker of one line of BullMQ; `ends` says how each job ends, as the values of `Node.ended` do."""

    def __init__(self, line: str, port: int, queue: str, **options: object) -> None:
        command = ["node", str(HERE / "worker.mjs"), line, str(port), queue, json.dumps(options)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def await_ready(self) -> None:
        """Return when it asks for jobs."""
        assert self.process.stdout and json.loads(self.process.stdout.readline()) == ["ready", None]

    def kill(self) -> None:
        """End the process in the middle of what it does."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def stop(self) -> list[str]:
        """End the process; the ids of the jobs that it has processed."""
        assert self.process.stdout
        self.process.terminate()
        said = [json.loads(line) for line in self.process.stdout]
        end(self.process)
        return [job for _, job in said]


def end(process: "subprocess.Popen[Any]") -> None:
    """End a process that was started here, and expect it to end well."""
    process.terminate()
    if process.stdout:
        process.stdout.close()
    assert process.wait(DEADLINE) == 0
