"""The sending client over TLS: who is trusted, and that the layer in between hides no unsent byte."""

import asyncio
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from notifyctl.domain.outcome import Broken, Request, Response
from notifyctl.domain.pace import DEMO
from notifyctl.net.wire import Exchange, Wire
from peers import PATIENCE, Talk, answering, serve

QUICK = replace(DEMO, connect=0.4, total=0.4)
CALM = replace(DEMO, connect=5, total=5)
HUGE = b"h" * 8_000_000


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own and the file that makes it trusted."""

    ca: trustme.CA
    file: str

    def context(self, host: str = "localhost", **options) -> ssl.SSLContext:
        """A server's context with a certificate for the host."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(host, **options).configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    ca = trustme.CA()
    file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return Authority(ca, str(file))


def post(url: str, body: bytes = b"m" * 20_000) -> Request:
    return Request("POST", url, (("Content-Type", "application/json"),), body)


def exchanges(url: str, ca_file: str | None, pace=CALM, *, body=b"m" * 20_000, times=1, before=lambda: None):
    """Calls over one wire, one after the other; `before` runs before each but the first."""

    async def run() -> list[Exchange]:
        async with Wire(pace, ca_file=ca_file) as wire:
            done = [await wire.send(post(url, body))]
            for _ in range(times - 1):
                before()  # holds the loop: what happens meanwhile is known to the kernel only
                done.append(await wire.send(post(url, body)))
            return done

    return asyncio.run(run())


def send(url: str, ca_file: str | None, pace=CALM, **how) -> list[Response | Broken]:
    """The answers of such calls."""
    return [exchange.answer for exchange in exchanges(url, ca_file, pace, **how)]


def verdict(answer: Response | Broken) -> tuple[str, bool]:
    assert isinstance(answer, Broken), answer
    return answer.stage, answer.handed_over


class TestTrust:
    def test_in_a_certificate_of_the_given_authority(self, authority):
        with serve(answering, authority.context()) as peer:
            answers = send(peer.url("localhost"), authority.file, times=20)
        assert {answer.status for answer in answers} == {200}
        assert (peer.connections, len(peer.requests)) == (1, 20)

    def test_in_an_address_when_the_certificate_names_it(self, authority):
        with serve(answering, authority.context("127.0.0.1")) as peer:
            assert send(peer.url(), authority.file)[0].status == 200

    def test_is_refused_to_an_unknown_authority(self, authority):
        with serve(answering, authority.context()) as peer:
            [answer] = send(peer.url("localhost"), None)
        assert verdict(answer) == ("tls", False)
        assert peer.requests == []

    def test_is_refused_to_an_expired_certificate_and_the_reason_says_so(self, authority):
        yesterday = datetime.now(UTC) - timedelta(days=1)
        with serve(answering, authority.context(not_after=yesterday)) as peer:
            [answer] = send(peer.url("localhost"), authority.file)
        assert verdict(answer) == ("tls", False)
        assert "expired" in answer.detail
        assert peer.requests == []

    def test_is_refused_to_a_certificate_for_another_name(self, authority):
        with serve(answering, authority.context("mail.example")) as peer:
            [answer] = send(peer.url("localhost"), authority.file)
        assert verdict(answer) == ("tls", False)
        assert "localhost" in answer.detail
        assert peer.requests == []

    def test_is_refused_to_an_outdated_protocol(self, authority):
        context = authority.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with serve(answering, context) as peer:
            assert verdict(send(peer.url("localhost"), authority.file)[0]) == ("tls", False)

    @pytest.mark.parametrize("end", ["reset", "end", "plain text"])
    def test_is_not_replaced_by_plain_text_when_the_handshake_breaks(self, authority, end):
        def script(talk: Talk) -> None:
            talk.read(100)
            if end == "reset":
                talk.reset()
            elif end == "plain text":
                talk.answer()

        with serve(script) as peer:
            url = peer.url("localhost").replace("http:", "https:")
            assert verdict(send(url, authority.file)[0]) == ("tls", False)
        assert (peer.connections, peer.requests) == (1, [])

    def test_is_not_waited_for_longer_than_a_connection(self, authority):
        done = threading.Event()

        def script(talk: Talk) -> None:
            done.wait(PATIENCE)

        with serve(script) as peer:
            url = peer.url("localhost").replace("http:", "https:")
            exchange = exchanges(url, authority.file, replace(CALM, connect=0.3))[0]
            done.set()
        assert verdict(exchange.answer) == ("tls", False)
        assert exchange.seconds < CALM.total  # so it was not the end of the whole call

    def test_that_comes_after_the_moment_to_start_writes_nothing(self, authority):
        passed = threading.Event()

        def script(talk: Talk) -> None:
            passed.wait(PATIENCE)
            with authority.context().wrap_socket(talk.sock, server_side=True) as talk.sock:
                talk.request()

        async def run(url: str) -> Exchange:
            loop = asyncio.get_running_loop()
            async with Wire(CALM, ca_file=authority.file) as wire:
                start_by = loop.time() + 0.05
                loop.call_at(start_by + 0.01, passed.set)
                return await wire.send(post(url), start_by)

        with serve(script) as peer:
            exchange = asyncio.run(run(peer.url("localhost").replace("http:", "https:")))
        assert verdict(exchange.answer) == ("late", False)
        assert peer.received == 0


class TestALostConnection:
    def test_in_a_body_that_the_kernel_could_not_take_is_definite(self, authority):
        def script(talk: Talk) -> None:
            talk.read(200)
            talk.reset()

        with serve(script, authority.context()) as peer:
            assert verdict(send(peer.url("localhost"), authority.file, body=HUGE)[0]) == ("write", False)

    def test_after_the_whole_body_is_ambiguous_every_time(self, authority):
        def script(talk: Talk) -> None:
            talk.request()
            talk.reset()

        with serve(script, authority.context()) as peer:
            answers = send(peer.url("localhost"), authority.file, times=50)
        assert {verdict(answer) for answer in answers} == {("answer", True)}
        assert len(peer.requests) == 50

    def test_after_a_huge_body_was_taken_whole_is_ambiguous(self, authority):
        def script(talk: Talk) -> None:
            talk.request()
            talk.reset()

        with serve(script, authority.context()) as peer:
            assert verdict(send(peer.url("localhost"), authority.file, body=HUGE)[0]) == ("answer", True)
        assert len(peer.requests) == 1

    def test_given_up_in_a_body_that_is_not_taken_is_definite_and_nothing_leaves_afterwards(self, authority):
        given_up, ended = threading.Event(), threading.Event()

        def script(talk: Talk) -> None:
            given_up.wait(PATIENCE)
            try:
                while talk.read():
                    pass
            finally:
                ended.set()

        with serve(script, authority.context()) as peer:
            [answer] = send(peer.url("localhost"), authority.file, QUICK, body=HUGE)
            given_up.set()
            assert ended.wait(PATIENCE)
        assert verdict(answer) == ("timeout", False)
        assert peer.received < len(HUGE)


class TestAnIdleConnection:
    @pytest.mark.parametrize("manners", ["says goodbye", "just ends", "resets"])
    def test_found_closed_is_replaced_and_the_request_is_sent_once(self, authority, manners):
        go, closed = threading.Semaphore(0), threading.Semaphore(0)

        def script(talk: Talk) -> None:
            if talk.request():
                talk.answer()
                go.acquire(timeout=PATIENCE)
                end(talk, manners)
                closed.release()

        def close_it() -> None:
            go.release()
            closed.acquire(timeout=PATIENCE)

        with serve(script, authority.context()) as peer:
            answers = send(peer.url("localhost"), authority.file, times=100, before=close_it)
            go.release()
        assert all(isinstance(answer, Response) for answer in answers)
        assert len(peer.requests) == 100


def end(talk: Talk, manners: str) -> None:
    """Close a TLS connection: with close_notify, with the end of the stream, or with RST."""
    if manners == "resets":
        return talk.reset()
    if manners == "says goodbye":
        talk.sock.setblocking(False)
        with suppress(OSError, ValueError):  # ValueError: the whole peer was ended meanwhile
            talk.sock.unwrap()  # sends close_notify, does not wait for the client's
    return talk.sock.close()
