"""A Sentry on 127.0.0.1: takes envelopes as the real one does, and keeps what was in them."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Witness:
    """`dsn` names it; `events` are what it was told, `heard` all of it as text, headers too."""

    dsn: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def take(self, head: str, body: bytes) -> None:
        lines = body.splitlines()
        self.heard.append(f"{head} {body.decode()}")
        items = zip(lines[1::2], lines[2::2], strict=True)
        self.events += [json.loads(what) for kind, what in items if json.loads(kind)["type"] == "event"]


@contextmanager
def witnessing(key: str) -> Iterator[Witness]:
    """A server whose project has this key."""
    witness = Witness()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            del self.headers["X-Sentry-Auth"]  # the key of the DSN itself, which Sentry must be told
            witness.take(f"{self.requestline} {self.headers}", gzip.decompress(body) if packed else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *words: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        witness.dsn = f"http://{key}@127.0.0.1:{server.server_port}/7"
        try:
            yield witness
        finally:
            server.shutdown()
