"""Values that can be meant by nobody else: one for every secret that the settings know, and where they turned up.

A canary is looked for in halves, so that a key which was cut is found, too: as it is in any case, in base64 at each of
its three places, and as hex digits. `Authorization: Basic` and all that only quotes odd characters are among those.
"""

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
import redis

from notifyctl.settings import load
from notifyctl.settings.environment import Reader

ODD = "\"/+%\\'"  # what JSON, URLs and shells write in another way


def names() -> list[str]:
    """Every variable that the settings read as a secret: asked of the settings, so a new one is among them."""
    found: list[str] = []
    whole = Reader.secret
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "secret", lambda reader, name: found.append(name) or whole(reader, name))
        load()
    return found


def shaped(name: str, core: str, place: Path, url: str) -> str:
    """A value around a core that this variable takes; `url` hears calls, `place` is an executable folder of ours."""
    special: dict[str, Callable[[], str]] = {
        "NOTIFYCTL_WEBHOOK_SECRET": lambda: f"whsec_{core * 2}",
        "NOTIFYCTL_LEDGER_KEY": lambda: core.encode().hex()[:64].ljust(64, "0"),
        "NOTIFYCTL_NOTIFY_COMMAND": lambda: str(_tattler(place / core)),
        "SENTRY_DSN": lambda: url.replace("://", f"://{core}@") + "/7",
    }
    if name.endswith("_ACCESS_KEY"):
        return f"AKIA{core}"
    if name.endswith("_URL"):
        return f"{url}/{core}"
    return special.get(name, lambda: f"{core[:10]}{core[10:]}{ODD}")()


def _tattler(path: Path) -> Path:
    """A command that says all it was given, and fails."""
    path.write_text("#!/bin/sh\ncat >&2\nenv >&2\nexit 1\n")
    path.chmod(0o700)
    return path


def fresh() -> str:
    """Twenty letters and digits that nobody else has; four of them make three bytes in base64."""
    return "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(20))


@dataclass
class Aviary:
    """The cores that are looked for, by what they stand for."""

    cores: dict[str, str] = field(default_factory=dict)

    def hatch(self, name: str) -> str:
        """A new core."""
        return self.cores.setdefault(name, fresh())

    def found(self, text: str, without: tuple[str, ...] = ()) -> list[str]:
        """What stands in a text, in whatever writing."""
        lower = text.lower()
        cores = {name: core for name, core in self.cores.items() if name not in without}
        return [
            f"{name} ({how})" for name, core in cores.items() for half in (core[:10], core[10:])
            for how, shape in _shapes(half) if shape in (lower if how != "base64" else text)
        ]  # fmt: skip


def _shapes(half: str) -> Iterator[tuple[str, str]]:
    yield "plain", half
    yield "hex", half.encode().hex()
    for before in range(3):  # a letter of base64 that also holds bits of a neighbour is not looked for
        whole = base64.b64encode(b"\0" * before + half.encode()).decode().rstrip("=")
        yield "base64", whole[(0, 2, 3)[before] : len(whole) - (1 if (before + len(half)) % 3 else 0)]


@contextmanager
def parrot() -> Iterator[str]:
    """A server that refuses whatever it hears with 401, and says all of it back; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            heard = f"{self.requestline} {self.headers} {self.rfile.read(length).decode('utf-8', 'replace')}"
            words = {"message": heard, "Message": heard, "name": heard, "error": heard, "ErrorCode": 10, "code": heard}
            body = json.dumps({"statusCode": 401, "status": heard, "errors": [heard], **words}).encode()
            with suppress(OSError):
                self.send_response(401, "Unauthorized")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("x-amzn-errortype", " ".join(heard.split())[:400])
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_DELETE = do_PUT = do_POST

        def log_message(self, *words: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def lines_of_processes() -> set[str]:
    """The command line of every process that runs now, as anybody on the host can read them."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


@contextmanager
def process_list() -> Iterator[set[str]]:
    """The command lines that were seen while the block ran, one that ends soon perhaps among them."""
    seen, over = lines_of_processes(), Event()

    def look() -> None:
        while not over.wait(0.2):
            seen.update(lines_of_processes())

    looking = Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def texts(client: "redis.Redis") -> dict[str, str]:
    """Everything in a Redis as text, by key. (DUMP would compress it.)"""
    read: Mapping[str, Callable[[str], object]] = {
        "string": client.get, "hash": client.hgetall, "list": lambda key: client.lrange(key, 0, -1),
        "set": client.smembers, "zset": lambda key: client.zrange(key, 0, -1, withscores=True), "stream": client.xrange,
    }  # fmt: skip
    kinds = {key: client.type(key) for key in client.keys("*")}  # type: ignore[union-attr]  # redis-py mixes its twins
    return {key: f"{key} {read[str(kind)](key)}" for key, kind in kinds.items() if kind != "none"}


def files(*folders: Path) -> dict[str, str]:
    """Every file below some folders as text, by its path."""
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(path): f"{path} {path.read_bytes().decode('utf-8', 'replace')}" for path in paths}
