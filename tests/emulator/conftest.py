"""A real emulator process, and a client that is nothing but the standard library."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest


class Running:
    """One emulator process and the calls that tests make to it."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "notifyctl.emulator", "--port-base", "0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.urls = json.loads(self.process.stdout.readline())

    def stop(self) -> int:
        self.process.terminate()
        self.process.stdout.close()
        return self.process.wait(10)

    def address(self, name: str) -> tuple[str, int]:
        url = urlsplit(self.urls[name])
        return url.hostname, url.port

    def call(self, name: str, method: str, path: str, body=None, headers=None, timeout=10):
        """One request on its own connection: status, headers (lower case), body, and the body as JSON."""
        connection = HTTPConnection(*self.address(name), timeout=timeout)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, data, headers or {})
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        kind = response.headers.get("Content-Type", "")
        document = json.loads(raw) if "json" in kind and "Content-Encoding" not in response.headers else None
        headers = {key.lower(): value for key, value in response.headers.items()}
        return SimpleNamespace(status=response.status, headers=headers, body=raw, json=document)

    def control(self, method: str, path: str, body=None):
        answer = self.call("control", method, path, body)
        assert answer.status < 300, answer.body
        return answer.json

    def fault(self, provider: str, **fault):
        return self.control("POST", "/faults", {"provider": provider, **fault})

    def settings(self, **patch):
        return self.control("PUT", "/settings", patch)

    def copies(self, **query: str):
        return self.control("GET", "/mailbox?" + "&".join(f"{key}={value}" for key, value in query.items()))["copies"]

    def resend(self, mail=None, path="/emails", method="POST", **headers):
        usual = {"User-Agent": "test", "Authorization": "Bearer re_emulator", "Content-Type": "application/json"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("resend", method, path, mail, usual | given)

    def postmark(self, mail=None, path="/email", method="POST", **headers):
        usual = {"Accept": "application/json", "X-Postmark-Server-Token": "postmark-emulator"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("postmark", method, path, mail, usual | {"Content-Type": "application/json"} | given)

    def socket(self, name: str) -> socket.socket:
        return socket.create_connection(self.address(name), timeout=10)

    def later(self, call, *arguments, **named):
        """Run a call in a thread; `join()` gives its result."""
        box: list = []
        thread = threading.Thread(target=lambda: box.append(call(*arguments, **named)))
        thread.start()

        def join():
            thread.join(10)
            return box[0]

        return join


DEFAULTS: dict = {}


@pytest.fixture(scope="session")
def process() -> Iterator[Running]:
    running = Running("--keep-bodies")
    DEFAULTS.update(running.control("GET", "/settings"))
    yield running
    assert running.stop() == 0


@pytest.fixture
def emulator(process: Running) -> Running:
    """The shared process with an empty mailbox, no faults, no counts and its first settings."""
    process.control("DELETE", "/faults")
    for provider in ("resend", "postmark", "ses"):
        process.control("POST", f"/providers/{provider}/restore")
    process.control("PUT", "/settings", DEFAULTS)
    process.control("DELETE", "/mailbox")
    process.control("DELETE", "/requests/counts")
    return process


@pytest.fixture
def start() -> Iterator:
    """Starts further processes with arguments of their own."""
    started: list[Running] = []

    def run(*arguments: str) -> Running:
        started.append(Running(*arguments))
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.stop()
        running.process.stdout.close()


@pytest.fixture
def resend_mail() -> dict:
    return {
        "from": "The Backroom <post@backroom.example>",
        "to": ["jane@customers.example"],
        "subject": "Your ticket",
        "html": "<p>Here it is.</p>",
        "text": "Here it is.",
        "headers": {"X-Job": "8731"},
        "tags": [{"name": "nf_ref", "value": "ref-1"}],
    }


@pytest.fixture
def postmark_mail() -> dict:
    return {
        "From": "The Backroom <post@backroom.example>",
        "To": '"Doe, Jane" <jane@customers.example>',
        "Subject": "Your ticket",
        "HtmlBody": "<p>Here it is.</p>",
        "TextBody": "Here it is.",
        "Headers": [{"Name": "X-Job", "Value": "8731"}],
        "Metadata": {"nf_ref": "ref-1"},
    }
