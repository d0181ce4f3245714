"""TLS: servers that speak one version or another, with certificates that are good or not."""

import asyncio
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import trustme

import peers
from checks.conftest import Ask
from conftest import free_port
from notifyctl.checks import Endpoint
from notifyctl.domain.check import Verdict
from notifyctl.domain.errors import Bad
from notifyctl.net.handshake import Greeter, Handshake
from peers import Talk

NOW = datetime.now(UTC).date()  # certificates are believed by the real clock
V1, V1_1, V1_2, V1_3 = (getattr(ssl.TLSVersion, name) for name in ("TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"))
Serve = Callable[..., Endpoint]


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that this host knows."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Serve]:
    """A server that speaks these versions, as ours or a provider's."""
    with ExitStack() as stack:

        def start(
            oldest: ssl.TLSVersion = V1_2, newest: ssl.TLSVersion = V1_3, *, ours: bool = True, days: int = 90,
            host: str = "localhost", known: bool = True,
        ) -> Endpoint:  # fmt: skip
            end = datetime.combine(NOW + timedelta(days), time(12), UTC)
            made = (authority if known else trustme.CA()).issue_cert(host, not_after=end)
            peer = stack.enter_context(peers.serve(Talk.read, speaking(made, oldest, newest)))
            return Endpoint("redis", "localhost", peer.port, ours)

        yield start


def speaking(certificate: trustme.LeafCert, oldest: ssl.TLSVersion, newest: ssl.TLSVersion) -> ssl.SSLContext:
    """A server's context for these versions, whatever this host thinks of them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = oldest, newest
    return context


class TestTheNewest:
    @pytest.mark.parametrize(
        ("newest", "ours", "verdict"),
        [
            (V1_3, True, Verdict.PASS),
            (V1_3, False, Verdict.PASS),
            (V1_2, True, Verdict.FAIL),
            (V1_2, False, Verdict.WARN),
        ],
    )
    def test_version_is_a_must_for_our_own_servers(
        self, ask: Ask, serve: Serve, newest: ssl.TLSVersion, ours: bool, verdict: Verdict
    ) -> None:
        assert ask("TLS-001", endpoints=[serve(newest=newest, ours=ours)]).verdict is verdict

    @pytest.mark.parametrize("bad", [{"known": False}, {"host": "other.example"}, {"days": -1}])
    def test_with_a_certificate_that_must_not_be_trusted_fails(
        self, ask: Ask, serve: Serve, bad: dict[str, object]
    ) -> None:
        seen = ask("TLS-001", endpoints=[serve(**bad)])
        assert (seen.verdict, "certificate" in seen.observed or "match" in seen.observed) == (Verdict.FAIL, True), seen

    def test_of_a_server_that_is_away_was_not_seen(self, ask: Ask) -> None:
        assert ask("TLS-001", endpoints=[Endpoint("redis", "localhost", free_port(), True)]).verdict is Verdict.ERROR
        assert ask("TLS-001").verdict is Verdict.ERROR


def test_however_many_checks_ask_a_server_is_greeted_once(serve: Serve) -> None:
    one, greeter = serve(), Greeter()

    async def twice() -> list[Handshake | Bad]:
        return [await greeter.meet(one.host, one.port) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first is second
    assert isinstance(first, Handshake)


class TestOldVersions:
    def test_are_refused_by_an_alert(self, ask: Ask, serve: Serve) -> None:
        assert ask("TLS-002", endpoints=[serve()]).verdict is Verdict.PASS

    def test_that_are_agreed_to_fail(self, ask: Ask, serve: Serve) -> None:
        assert ask("TLS-002", endpoints=[serve(oldest=V1)]).verdict is Verdict.FAIL

    def test_of_others_are_not_ours_to_judge(self, ask: Ask, serve: Serve) -> None:
        assert ask("TLS-002", endpoints=[serve(oldest=V1, ours=False)]).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("days", "verdict"),
    [(90, Verdict.PASS), (30, Verdict.PASS), (29, Verdict.WARN), (7, Verdict.WARN), (6, Verdict.FAIL)],
)
def test_a_certificate_must_last(ask: Ask, serve: Serve, days: int, verdict: Verdict) -> None:
    seen = ask("TLS-004", endpoints=[serve(days=days)], today=NOW)
    assert (seen.verdict, f"{days} days" in seen.observed) == (verdict, True), seen
