"""Providers whose TLS cannot be trusted: nothing is sent to them, least of all in the clear; the next takes over."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from faults.arena import PROVIDERS, Arena, arena, port_of
from faults.checker import check
from faults.proxy import Proxy, Toxic, proxied

BROKEN_OFF = Toxic("limit_data", "down", amount=20)  # in the middle of the server's first words


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """The environment of a worker that trusts our authority, as an operator would have it trust another one."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}


@pytest.fixture
def front(authority: trustme.CA) -> Iterator[Callable[..., Proxy]]:
    """Put TLS before a port, and a proxy before that which sees what the client says first."""
    with ExitStack() as stack:

        def build(port: int, toxics: Sequence[Toxic] = (), host: str = "localhost", until: int = 1) -> Proxy:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            end = datetime.now(UTC) + timedelta(days=until)
            authority.issue_cert(host, not_after=end).configure_cert(context)
            outer = stack.enter_context(proxied(stack.enter_context(proxied(port, context)).port))
            outer.set(*toxics)
            return outer

        yield build


def in_tls(ways: dict[str, Proxy]) -> dict[str, str]:
    return {f"NOTIFYCTL_{name.upper()}_URL": f"https://localhost:{way.port}" for name, way in ways.items()}


def test_expired_certificates_and_wrong_names(front: Callable[..., Proxy], trusted: dict[str, str]) -> None:
    with arena(PROVIDERS) as field:
        resend, postmark, ses = (port_of(field.emulator.urls[name]) for name in PROVIDERS)
        ways = {
            "resend": front(resend, until=-1),
            "postmark": front(postmark, host="mail.example"),
            "ses": front(ses),
        }
        field.start(2, **in_tls(ways), **trusted)
        only_the_last_is_used(field, ways, "F10 expired, wrong name")


def test_handshakes_that_break_and_servers_without_tls(front: Callable[..., Proxy], trusted: dict[str, str]) -> None:
    with arena(("ses", "resend", "postmark")) as field, ExitStack() as stack:
        ports = {name: port_of(field.emulator.urls[name]) for name in PROVIDERS}
        ways = {
            "ses": front(ports["ses"], [BROKEN_OFF]),
            "resend": stack.enter_context(proxied(ports["resend"])),
            "postmark": front(ports["postmark"]),
        }
        field.start(2, **in_tls(ways), **trusted)
        only_the_last_is_used(field, ways, "F10 aborted, no TLS at all")


def test_an_unknown_authority_holds_everything_until_it_is_trusted(
    front: Callable[..., Proxy], trusted: dict[str, str]
) -> None:
    with arena(("postmark",)) as field:
        ways = {"postmark": front(port_of(field.emulator.urls["postmark"]))}
        untrusting = field.start(**in_tls(ways))
        mails = field.burst("untrusted", 3)
        field.eventually("a try of each", lambda: ways["postmark"].connections >= len(mails))
        untrusting.terminate()
        untrusting.wait()
        assert field.copies() == {}
        field.start(**in_tls(ways), **trusted)
        field.await_end()
        verdict = check(field, "F10 an unknown authority")
        assert {life.told for life in verdict.lives.values()} == {("accepted", 1)}
        assert verdict.ambiguous == 0


def only_the_last_is_used(field: Arena, ways: dict[str, Proxy], scenario: str) -> None:
    """Send a burst: the first two of the route see no request of any kind, only words of TLS."""
    first, second, last = field.order
    field.burst("tls", 10)
    field.await_end()
    verdict = check(field, scenario)
    for life in verdict.lives.values():
        *tried, accepted = life.attempts
        assert {call.told for call in tried} <= {("fault", "definite", "tls"), ("fault", "definite", "connect")}
        assert {call.provider for call in tried} >= {first, second}
        assert (life.told, accepted.provider) == (("accepted", 1), last)
    endpoints = field.emulator.call("GET", "/requests/counts")["endpoints"]
    assert not any(endpoints.get(name) for name in (first, second))
    for name in (first, second):
        openings = ways[name].openings
        assert openings
        assert all(opening.startswith(b"\x16\x03") for opening in openings)
