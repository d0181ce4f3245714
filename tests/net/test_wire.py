"""The sending client against servers that fail in every way a provider can.

`handed_over` decides whether a message may go to the next provider, so it is tested from both ends: what
the client says, and what the server's process has really seen.
"""

import asyncio
import gzip
import socket
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from notifyctl.domain.outcome import Broken, Request, Response
from notifyctl.domain.pace import DEMO
from notifyctl.net.wire import MAX_ANSWER, Exchange, Wire
from peers import PATIENCE, Peer, Talk, answering, serve

QUICK = replace(DEMO, connect=0.4, total=0.4)
CALM = replace(DEMO, connect=5, total=5)
MAIL = b"m" * 20_000
HUGE = b"h" * 8_000_000  # more than the socket buffers of both ends take


def post(url: str, body: bytes = MAIL) -> Request:
    return Request("POST", url, (("Content-Type", "application/json"), ("Authorization", "Bearer re_secret")), body)


def send(request: Request, pace=CALM, *, times: int = 1, before: Callable[[], None] = lambda: None) -> list[Exchange]:
    """Send a request some times over one wire, one after the other; `before` runs before each but the first."""

    async def run() -> list[Exchange]:
        async with Wire(pace) as wire:
            exchanges = [await wire.send(request)]
            for _ in range(times - 1):
                before()  # holds the loop: what happens meanwhile is known to the kernel only
                exchanges.append(await wire.send(request))
            return exchanges

    return asyncio.run(run())


def call(request: Request, pace=CALM) -> Response | Broken:
    """The answer of one call."""
    return send(request, pace)[0].answer


def verdict(answer: Response | Broken) -> tuple[str, bool]:
    assert isinstance(answer, Broken), answer
    return answer.stage, answer.handed_over


class TestAnAnswer:
    def test_arrives_whole_with_lower_case_header_names(self):
        def script(talk: Talk) -> None:
            talk.request()
            talk.answer(b"{}", status="429 Too Many Requests", fields="Retry-After: 5\r\n")

        with serve(script) as peer:
            answer = call(post(peer.url()))
        assert answer == Response(429, {"content-length": "2", "retry-after": "5"}, b"{}")

    def test_times_the_call(self):
        with serve(answering) as peer:
            exchange = send(post(peer.url()))[0]
        assert exchange.seconds > 0
        assert exchange.first_byte is not None

    def test_of_a_redirect_is_the_redirect_itself(self):
        def script(talk: Talk) -> None:
            talk.request()
            talk.answer(status="307 Temporary Redirect", fields=f"Location: {goal.url()}\r\n")

        with serve(answering) as goal, serve(script) as peer:
            assert call(post(peer.url())).status == 307
        assert goal.connections == 0

    def test_with_html_is_an_answer_and_its_reader_decides(self):
        def script(talk: Talk) -> None:
            talk.request()
            talk.answer(b"<html>", fields="Content-Type: text/html\r\n")

        with serve(script) as peer:
            assert call(post(peer.url())).body == b"<html>"

    def test_in_gzip_that_nobody_asked_for_is_unpacked(self):
        def script(talk: Talk) -> None:
            talk.request()
            talk.answer(gzip.compress(b'{"id":"7"}'), fields="Content-Encoding: gzip\r\n")

        with serve(script) as peer:
            assert call(post(peer.url())).body == b'{"id":"7"}'

    @pytest.mark.parametrize(
        ("body", "encoding"),
        [
            (gzip.compress(b'{"id":"7"}')[:-9], "gzip"),
            (b"not gzip", "gzip"),
            (gzip.compress(b"x" * (MAX_ANSWER + 1)), "gzip"),
            (b"{}", "br"),
            (b"x" * (MAX_ANSWER + 1), "identity"),
        ],
        ids=["truncated gzip", "no gzip", "gzip bomb", "unknown encoding", "over-long"],
    )
    def test_that_cannot_be_read_leaves_the_copy_in_doubt(self, body, encoding):
        def script(talk: Talk) -> None:
            talk.request()
            talk.answer(body, fields=f"Content-Encoding: {encoding}\r\n")

        with serve(script) as peer:
            assert verdict(call(post(peer.url()))) == ("answer", True)


class TestARequest:
    def test_goes_out_byte_for_byte(self):
        with serve(answering) as peer:
            call(post(f"{peer.url()}?to=a%2Bb%40c.example&x=%7e", b'{"a":1}'))
        head, _, body = peer.requests[0].partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        assert lines[0] == b"POST /emails?to=a%2Bb%40c.example&x=%7e HTTP/1.1"
        assert {b"Content-Length: 7", b"Content-Type: application/json", b"Authorization: Bearer re_secret"} < {*lines}
        assert b"Accept-Encoding: identity" in lines
        assert body == b'{"a":1}'

    def test_without_a_body_names_no_content_type(self):
        with serve(answering) as peer:
            assert call(Request("GET", peer.url(), ())).status == 200
        assert b"content-type" not in peer.requests[0].lower()

    def test_shares_its_connection_with_the_next(self):
        with serve(answering) as peer:
            send(post(peer.url()), times=50)
        assert (peer.connections, len(peer.requests)) == (1, 50)

    def test_carries_no_cookie_of_an_earlier_answer(self):
        def script(talk: Talk) -> None:
            while talk.request():
                talk.answer(fields="Set-Cookie: a=b; Path=/\r\n")

        with serve(script) as peer:
            send(post(peer.url("localhost")), times=2)
        assert b"ookie" not in peer.requests[1]

    def test_ignores_proxies_and_netrc_of_the_environment(self, monkeypatch, tmp_path):
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with serve(answering) as proxy, serve(answering) as peer:
            for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            call(Request("GET", peer.url(), ()))
        assert proxy.connections == 0
        assert b"Authorization" not in peer.requests[0]

    @pytest.mark.parametrize("host", ["mail.example", "203.0.113.9", "localhost.example", "[::ffff:203.0.113.9]"])
    def test_in_the_clear_goes_to_loopback_only(self, host):
        assert verdict(call(post(f"http://{host}/emails"))) == ("tls", False)

    @pytest.mark.parametrize("url", ["", "mail.example/emails", "ftp://mail.example/", "https:///emails", "https://["])
    def test_without_a_usable_address_is_not_made(self, url):
        assert verdict(call(post(url))) == ("resolve", False)

    def test_with_a_line_break_in_a_header_is_not_made(self):
        with serve(answering) as peer, pytest.raises(ValueError, match="header"):
            call(Request("POST", peer.url(), (("X-Ref", "a\r\nBcc: b@c.example"),), MAIL))
        assert peer.received == 0


class TestNoConnection:
    def test_refused_is_definite(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        assert verdict(call(post(f"http://127.0.0.1:{port}/"))) == ("connect", False)

    def test_never_accepted_is_definite(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
            first.connect(full.getsockname())
            with socket.socket() as second:
                second.setblocking(False)
                second.connect_ex(full.getsockname())
                answer = call(post(f"http://127.0.0.1:{full.getsockname()[1]}/"), QUICK)
        assert verdict(answer) == ("connect", False)

    def test_unknown_host_is_definite(self):
        assert verdict(call(post("https://nowhere.invalid/"), QUICK)) == ("resolve", False)

    def test_closed_by_the_peer_before_the_first_byte_is_definite(self):
        def script(talk: Talk) -> None:
            talk.sock.shutdown(socket.SHUT_RDWR)

        with serve(script) as peer:
            answers = [exchange.answer for exchange in send(post(peer.url()), times=20)]
        # Where the end of the stream comes after the first byte, nobody can know.
        assert all(verdict(answer) in {("connect", False), ("answer", True), ("write", False)} for answer in answers)
        assert peer.requests == []

    def test_a_full_pool_is_our_own_delay_and_no_fault_of_the_provider(self):
        done = threading.Event()

        def script(talk: Talk) -> None:
            talk.request()
            done.wait(PATIENCE)

        async def run(url: str) -> list[Exchange]:
            async with Wire(QUICK, max_connections=1) as wire:
                first = asyncio.create_task(wire.send(post(url)))
                await asyncio.wait([first], timeout=QUICK.total / 2)
                start_by = asyncio.get_running_loop().time() + QUICK.total / 4  # before the only place is free
                return [await wire.send(post(url), start_by), await first]

        with serve(script) as peer:
            second, first = asyncio.run(run(peer.url()))
            done.set()
        assert verdict(first.answer) == ("timeout", True)
        assert verdict(second.answer) == ("late", False)
        assert (peer.connections, len(peer.requests)) == (1, 1)


class TestALostConnection:
    def test_in_a_body_that_the_kernel_could_not_take_is_definite(self):
        def script(talk: Talk) -> None:
            talk.read(200)
            talk.reset()

        with serve(script) as peer:
            assert verdict(call(post(peer.url(), HUGE))) == ("write", False)

    def test_in_a_body_that_the_kernel_took_is_ambiguous_because_nobody_can_know(self):
        def script(talk: Talk) -> None:
            talk.read(200)
            talk.reset()

        with serve(script) as peer:
            assert verdict(call(post(peer.url()))) == ("answer", True)

    def test_after_the_whole_body_is_ambiguous_every_time_and_nothing_is_sent_again(self):
        def script(talk: Talk) -> None:
            talk.request()
            talk.reset()

        with serve(script) as peer:
            answers = [exchange.answer for exchange in send(post(peer.url()), times=200)]
        assert {verdict(answer) for answer in answers} == {("answer", True)}
        assert len(peer.requests) == 200

    @pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
    def test_on_a_used_connection_is_not_repeated_even_for_idempotent_methods(self, method):
        def script(talk: Talk) -> None:
            talk.request()
            talk.answer()
            talk.request()
            talk.reset()

        with serve(script) as peer:
            answers = [exchange.answer for exchange in send(Request(method, peer.url(), (), b"x"), times=2)]
        assert verdict(answers[1]) == ("answer", True)
        assert (peer.connections, len(peer.requests)) == (1, 2)

    @pytest.mark.parametrize(
        "start",
        [b'Content-Length: 400\r\n\r\n{"id"', b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"id"', b'\r\n{"id"'],
        ids=["of known length", "chunked", "until the end of the stream"],
    )
    def test_in_the_middle_of_the_answer_is_ambiguous(self, start):
        read = threading.Event()

        def script(talk: Talk) -> None:
            talk.request()
            talk.send(b"HTTP/1.1 200 OK\r\n" + start)
            read.wait(PATIENCE)
            talk.reset()

        async def run(url: str) -> Exchange:
            async with Wire(CALM) as wire:
                # Long enough for the start to be read; if it is not, the reset is seen first, with the same verdict.
                asyncio.get_running_loop().call_later(0.05, read.set)
                return await wire.send(post(url))

        with serve(script) as peer:
            assert verdict(asyncio.run(run(peer.url())).answer) == ("answer", True)

    def test_in_the_middle_of_the_status_line_is_ambiguous(self):
        def script(talk: Talk) -> None:
            talk.request()
            talk.send(b"HTTP/1.1 200 O")

        with serve(script) as peer:
            assert verdict(call(post(peer.url()))) == ("answer", True)


class TestAnIdleConnection:
    def test_found_closed_is_replaced_and_the_request_is_sent_once(self):
        go, closed = threading.Semaphore(0), threading.Semaphore(0)

        def script(talk: Talk) -> None:
            if talk.request():
                talk.answer()
                go.acquire(timeout=PATIENCE)
                talk.sock.close()
                closed.release()

        def close_it() -> None:
            go.release()
            assert closed.acquire(timeout=PATIENCE)

        with serve(script) as peer:
            answers = [exchange.answer for exchange in send(post(peer.url()), times=200, before=close_it)]
            go.release()
        assert all(isinstance(answer, Response) for answer in answers)
        assert (peer.connections, len(peer.requests)) == (200, 200)

    def test_reset_by_the_peer_is_replaced(self):
        go, gone = threading.Semaphore(0), threading.Semaphore(0)

        def script(talk: Talk) -> None:
            if talk.request():
                talk.answer()
                go.acquire(timeout=PATIENCE)
                talk.reset()
                gone.release()

        def reset_it() -> None:
            go.release()
            assert gone.acquire(timeout=PATIENCE)

        with serve(script) as peer:
            answers = [exchange.answer for exchange in send(post(peer.url()), times=20, before=reset_it)]
            go.release()
        assert all(isinstance(answer, Response) for answer in answers)
        assert len(peer.requests) == 20

    @pytest.mark.parametrize("moment", ["before the loop looks", "after the loop looked"])
    def test_that_speaks_unasked_is_dropped_and_its_words_answer_nothing(self, moment):
        spoken, heard = threading.Event(), threading.Event()

        def script(talk: Talk) -> None:
            talk.request()
            talk.answer(b"first")
            if peer.connections == 1:
                spoken.wait(PATIENCE)
                talk.answer(b"unasked", status="408 Request Timeout")
                heard.set()
            talk.read()

        async def run() -> Response | Broken:
            async with Wire(CALM) as wire:
                await wire.send(post(peer.url()))
                spoken.set()
                if moment == "after the loop looked":
                    await asyncio.to_thread(heard.wait, PATIENCE)
                else:
                    heard.wait(PATIENCE)
                return (await wire.send(post(peer.url()))).answer

        with serve(script) as peer:
            assert asyncio.run(run()).body == b"first"
        assert len(peer.requests) == 2

    @pytest.mark.parametrize("cut", [0, -47], ids=["in one piece", "with the end of the body"])
    def test_is_not_kept_when_the_answer_brought_more_than_was_asked_for(self, cut):
        words = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n11HTTP/1.1 408 Too Late\r\nContent-Length: 1\r\n\r\n2"
        read = threading.Event()

        def script(talk: Talk) -> None:
            talk.request()
            if cut:
                talk.send(words[:cut])
                read.wait(PATIENCE)
            talk.send(words[cut:])
            talk.read()

        async def run(url: str) -> list[bytes]:
            async with Wire(CALM) as wire:
                asyncio.get_running_loop().call_later(0.05, read.set)  # lets the first piece be read alone
                return [(await wire.send(post(url))).answer.body for _ in range(2)]

        with serve(script) as peer:
            assert asyncio.run(run(peer.url())) == [b"11", b"11"]
        assert peer.connections == 2

    def test_is_not_kept_when_the_answer_came_before_the_body_was_out(self):
        done = threading.Event()

        def script(talk: Talk) -> None:
            talk.read(200)
            talk.answer(status="413 Content Too Large")
            done.wait(PATIENCE)

        async def run(url: str) -> list[int]:
            async with Wire(CALM) as wire:
                return [(await wire.send(post(url, HUGE))).answer.status for _ in range(2)]

        with serve(script) as peer:
            assert asyncio.run(run(peer.url())) == [413, 413]
            done.set()
        assert peer.connections == 2


class TestTheTotalTime:
    def test_ends_a_call_that_is_never_answered(self):
        done = threading.Event()

        def script(talk: Talk) -> None:
            talk.request()
            done.wait(PATIENCE)

        with serve(script) as peer:
            assert verdict(call(post(peer.url()), QUICK)) == ("timeout", True)
            done.set()
        assert len(peer.requests) == 1

    def test_ends_a_slow_drip(self):
        done = threading.Event()

        def script(talk: Talk) -> None:
            talk.request()
            talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
            while not done.wait(0.02):
                talk.send(b"x")

        with serve(script) as peer:
            assert verdict(call(post(peer.url()), QUICK)) == ("timeout", True)
            done.set()

    def test_a_late_answer_is_not_taken_for_that_of_the_next_call(self):
        given_up = threading.Event()

        def script(talk: Talk) -> None:
            talk.request()
            if peer.connections == 1:
                given_up.wait(PATIENCE)
                talk.answer(b"late")
            else:
                talk.answer(b"prompt")

        with serve(script) as peer:
            first, second = send(post(peer.url()), QUICK, times=2, before=given_up.set)
        assert verdict(first.answer) == ("timeout", True)
        assert second.answer.body == b"prompt"

    def test_in_a_body_that_is_not_taken_is_definite_and_nothing_leaves_afterwards(self):
        given_up, ended = threading.Event(), threading.Event()

        with serve(slow_reader(given_up, ended)) as peer:
            assert verdict(call(post(peer.url(), HUGE), QUICK)) == ("timeout", False)
            given_up.set()
            assert ended.wait(PATIENCE)
        assert peer.received < len(HUGE)

    def test_throws_away_what_the_kernel_took_and_could_not_deliver(self):
        given_up, ended = threading.Event(), threading.Event()

        with serve(slow_reader(given_up, ended), window=2048) as peer:
            assert verdict(call(post(peer.url()), QUICK)) == ("timeout", True)
            given_up.set()
            assert ended.wait(PATIENCE)
        assert peer.received < len(MAIL)

    def test_a_cancelled_call_leaves_nothing_behind(self):
        given_up, ended = threading.Event(), threading.Event()

        async def run(peer: Peer) -> None:
            async with Wire(CALM) as wire:
                task = asyncio.create_task(wire.send(post(peer.url(), HUGE)))
                await asyncio.wait([task], timeout=0.3)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                given_up.set()
                assert await asyncio.to_thread(ended.wait, PATIENCE)

        with serve(slow_reader(given_up, ended)) as peer:
            asyncio.run(run(peer))
        assert peer.received < len(HUGE)


class TestTheDetail:
    def test_of_a_failure_holds_no_address_of_a_search(self):
        def script(talk: Talk) -> None:
            talk.request()
            if peer.connections > 1:
                talk.answer(b"{", fields="Content-Encoding: gzip\r\n")

        with serve(script) as peer:
            urls = [f"{peer.url()}?recipient=jane%40venue.example"] * 2
            urls += [urls[0].replace("http:", "https:"), "https://nowhere.invalid/?recipient=jane%40venue.example"]
            answers = [call(Request("GET", url, ()), QUICK) for url in urls]
        assert [answer.stage for answer in answers] == ["answer", "answer", "tls", "resolve"]
        assert not any("jane" in answer.detail or "re_secret" in answer.detail for answer in answers)


class TestStartBy:
    def test_passed_before_the_call_means_that_nothing_is_written(self):
        async def run(url: str) -> list[Exchange]:
            now = asyncio.get_running_loop().time()
            async with Wire(CALM) as wire:
                return [await wire.send(post(url), now - 1), await wire.send(post(url), now + PATIENCE)]

        with serve(answering) as peer:
            late, early = asyncio.run(run(peer.url()))
        assert verdict(late.answer) == ("late", False)
        assert late.first_byte is None
        assert early.answer.status == 200
        assert len(peer.requests) == 1


def slow_reader(start: threading.Event, ended: threading.Event) -> Callable[[Talk], None]:
    """A script that reads nothing until `start`, then all there is."""

    def script(talk: Talk) -> None:
        start.wait(PATIENCE)
        try:
            while talk.read():
                pass
        finally:
            ended.set()

    return script
