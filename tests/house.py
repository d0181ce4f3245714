"""An installation as its user has it: a home, a server, an emulator, and commands run as processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import redis

import warm
from notifyctl.store.jobdata import write

PATIENCE = 30.0  # seconds after which an awaited thing is given up
KEYS = {
    "RESEND_API_KEY": "re_emulator",
    "POSTMARK_API_KEY": "postmark-emulator",
    "AWS_SES_ACCESS_KEY": "AKIAEMULATOR",
    "AWS_SES_SECRET_KEY": "emulator-secret",
}


@dataclass(frozen=True)
class Ran:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def codes(self) -> list[str]:
        return [finding["code"] for finding in self.document["findings"]]


@dataclass
class Emulator:
    """A running emulator."""

    urls: dict[str, str]

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.urls["control"] + path, data, method=method), timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def fault(self, provider: str, **fault: object) -> None:
        self.call("POST", "/faults", {"provider": provider, **fault})

    def usage(self) -> Any:
        """What Resend tells of the mails of the day and the month."""
        headers = {"Authorization": f"Bearer {KEYS['RESEND_API_KEY']}"}
        with urlopen(Request(self.urls["resend"] + "/usage", headers=headers), timeout=10) as answer:
            return json.loads(answer.read())["emails"]

    def copies(self, recipient: str) -> int:
        return len(self.call("GET", f"/mailbox?recipient={recipient}")["copies"])


@dataclass
class House:
    """`environ` is what every command sees."""

    home: Path
    environ: dict[str, str]
    crew: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def run(self, *arguments: str, stdin: bytes = b"", **environ: str) -> Ran:
        """Run a command to its end."""
        return Ran(*warm.run(arguments, {**self.environ, **environ}, stdin, 2 * PATIENCE))

    def execute(self, *arguments: str) -> Ran:
        """The same by a fresh interpreter."""
        line = [sys.executable, "-m", "notifyctl", *arguments]
        done = subprocess.run(line, input=b"", capture_output=True, env=self.environ, timeout=60, check=False)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def ask(self, *arguments: str, **environ: str) -> Ran:
        """The same, for its JSON document."""
        return self.run(*arguments, "-o", "json", **environ)

    def start(self, *arguments: str, **named: Any) -> "subprocess.Popen[bytes]":
        """Start a command that goes on; its output goes to files of the home, and it is ended with the test."""
        line = [sys.executable, "-m", "notifyctl", *arguments]
        with (self.home / "out").open("ab") as out, (self.home / "err").open("ab") as err:
            streams = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err}
            self.crew.append(subprocess.Popen(line, env=self.environ, **{**streams, **named}))
        return self.crew[-1]

    @property
    def config(self) -> Path:
        return self.home / "notifyctl.toml"

    @property
    def out(self) -> str:
        return (self.home / "out").read_text()

    @property
    def log(self) -> str:
        return (self.home / "err").read_text()

    def workers(self) -> list[dict[str, Any]]:
        """The living workers, as `worker list` tells them."""
        found: list[dict[str, Any]] = self.ask("worker", "list").data["workers"]
        return found

    def await_workers(self, count: int) -> list[dict[str, Any]]:
        return eventually(lambda: found if len(found := self.workers()) == count else None)

    def state(self, message: str) -> str:
        return str(self.ask("message", "show", message).data["state"])


def eventually(look: Callable[[], Any]) -> Any:
    """What the look gives as soon as it gives something; fails when patience ends."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
    return found


def standing(pid: int) -> str:
    """The state of a process in the kernel's letter, `S` for one that sleeps; '' when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def lives(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    return standing(pid) not in ("", "Z")


def children(pid: int) -> list[int]:
    """The processes that a process has started and not awaited yet."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def mail(identity: str, kind: str = "booking.confirmation", **fields: object) -> bytes:
    """A line of job data."""
    to = {"email": f"{identity.replace('/', '-')}@customers.example"}
    return write({"id": identity, "type": kind, "to": to, "subject": "Hi", "text": "See you", **fields})


@contextmanager
def emulated(*options: str) -> Iterator[Emulator]:
    """An emulator process on free ports."""
    line = [sys.executable, "-m", "notifyctl.emulator", "--port-base", "0", *options]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield Emulator(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


@contextmanager
def settled(home: Path, environ: dict[str, str]) -> Iterator[House]:
    """A house in a directory; whatever was started in it is ended, workers of a killed supervisor included."""
    home.mkdir()
    config = home / "notifyctl.toml"
    config.write_text('pace = "demo"\n')
    ours = {
        "NOTIFYCTL_HOME": str(home),
        "NOTIFYCTL_CONFIG": str(config),
        "NOTIFYCTL_FROM": "Venue <tickets@venue.example>",
    }
    house = House(home, {**os.environ, **KEYS, **ours, **environ})
    try:
        yield house
    finally:
        for process in house.crew:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
            if process.stdin:
                process.stdin.close()


def ssh_key() -> tuple[bytes, str]:
    """A private key of ssh, and its public half as a line."""
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    made = ed25519.Ed25519PrivateKey.generate()
    private = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return private, made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def everything(client: "redis.Redis") -> dict[bytes, object]:
    """Every key with its value in the server's own form, to see whether anything was written."""
    return {key: client.dump(key) for key in client.keys("*")}  # type: ignore[union-attr]  # redis-py mixes its twins
