"""NET: where the name of Redis leads, and who listens at its port."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from checks.conftest import Ask
from conftest import free_port
from notifyctl.checks import Endpoint
from notifyctl.domain.check import Verdict
from notifyctl.store.server import Server
from peers import Talk, serve


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("10.1.2.3", Verdict.PASS),
        ("127.0.0.1", Verdict.PASS),
        ("fd00::7", Verdict.PASS),
        ("100.64.0.9", Verdict.WARN),
        ("8.8.8.8", Verdict.FAIL),
        ("::ffff:8.8.8.8", Verdict.FAIL),
        ("redis.invalid", Verdict.ERROR),
    ],
)
def test_each_address_must_be_private(ask: Ask, host: str, verdict: Verdict) -> None:
    seen = ask("NET-001", place=Server(Path("unused"), host))
    assert (seen.verdict, host in seen.observed) == (verdict, True), seen


@pytest.mark.parametrize(
    ("family", "address", "verdict"),
    [
        (socket.AF_INET, "127.0.0.1", Verdict.PASS),
        (socket.AF_INET, "0.0.0.0", Verdict.FAIL),
        (socket.AF_INET6, "::1", Verdict.PASS),
        (socket.AF_INET6, "::", Verdict.FAIL),
    ],
)
def test_what_listens_at_its_port_must_not_be_open_to_all(
    ask: Ask, family: socket.AddressFamily, address: str, verdict: Verdict
) -> None:
    with closing(socket.socket(family)) as listener:
        listener.bind((address, 0))
        listener.listen()
        place = Server(Path("unused"), "127.0.0.1", port=listener.getsockname()[1])
        assert ask("NET-002", place=place).verdict is verdict
    assert ask("NET-002", place=Server(Path("unused"), "127.0.0.1", port=free_port())).verdict is Verdict.PASS


def _known(host: str) -> str:
    """Say at once that a name is none, which a resolver that cannot be reached takes long to say."""
    if host == "hooks.invalid":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return host


@pytest.mark.parametrize(
    ("host", "verdict", "words"),
    [
        ("", Verdict.PASS, "resend reached; "),
        ("127.0.0.1", Verdict.FAIL, "resend reached, webhook refuses"),  # at port 1, where nobody listens
        ("hooks.invalid", Verdict.FAIL, "webhook has no address"),
    ],
)
def test_each_that_must_be_reached_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, host: str, verdict: Verdict, words: str
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **how: resolve(_known(host), *more, **how))
    with serve(Talk.read) as peer:
        there = Endpoint("resend", "127.0.0.1", peer.port, False)
        seen = ask("NET-004", egress=[there, *([Endpoint("webhook", host, 1, False)] if host else [])])
    assert (seen.verdict, words in seen.observed) == (verdict, True), seen
    assert not host or host not in seen.observed  # it may be part of a secret


def test_without_anybody_to_connect_to_nothing_was_seen(ask: Ask) -> None:
    assert ask("NET-004").verdict is Verdict.ERROR
