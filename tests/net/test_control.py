"""The control client: one call, its answer or what went wrong, nothing repeated."""

import asyncio
import socket

import pytest

from conftest import free_port
from notifyctl.domain.outcome import Broken, Request, Response
from notifyctl.net.control import Control
from peers import Peer, Talk, answering, serve


def call(url: str, method: str = "GET", body: bytes = b"", timeout: float = 5.0) -> Response | Broken:
    async def inside() -> Response | Broken:
        async with Control(timeout) as control:
            return await control.call(Request(method, url, (("X-Key", "k"),), body))

    return asyncio.run(inside())


def test_the_answer_comes_back_with_lower_case_names() -> None:
    with serve(lambda talk: talk.request() and talk.answer(b"{}", fields="X-Limit: 3\r\n")) as peer:
        answer = call(peer.url())
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, answer.headers["x-limit"]) == (200, b"{}", "3")


def test_method_headers_and_body_go_out_as_they_are() -> None:
    with serve(answering) as peer:
        call(peer.url(), "POST", b'{"a":1}')
    head, _, body = peer.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /emails HTTP/1.1\r\n")
    assert b"X-Key: k" in head
    assert body == b'{"a":1}'


def _hang(talk: Talk) -> None:
    talk.request()
    talk.read()  # until the client leaves


def _close(talk: Talk) -> None:
    talk.request()


@pytest.mark.parametrize(("script", "stage"), [(_hang, "timeout"), (_close, "answer")])
def test_what_is_no_answer_is_told_apart_and_asked_once(script, stage: str) -> None:
    peer: Peer
    with serve(script) as peer:
        answer = call(peer.url(), timeout=0.3)
    assert isinstance(answer, Broken)
    assert answer.stage == stage
    assert len(peer.requests) == 1


def test_nobody_there_is_no_connection() -> None:
    answer = call(f"http://127.0.0.1:{free_port()}/")
    assert isinstance(answer, Broken)
    assert (answer.stage, answer.handed_over, answer.detail) == ("connect", False, "connection refused")


def test_a_name_with_several_addresses_at_which_nobody_is_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", port)) for last in (1, 2)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    answer = call(f"http://two.invalid:{port}/")
    assert isinstance(answer, Broken)
    assert answer.detail == "connection refused"


def test_a_name_without_an_address_is_told_in_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = call("http://nobody.invalid/")
    assert isinstance(answer, Broken)
    assert (answer.stage, answer.handed_over, answer.detail) == ("connect", False, "Name or service not known")


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with serve(
        lambda talk: talk.request() and talk.answer(status="302 Found", fields="Location: /elsewhere\r\n")
    ) as peer:
        answer = call(peer.url())
    assert isinstance(answer, Response)
    assert answer.status == 302
    assert len(peer.requests) == 1


@pytest.mark.parametrize("url", ["https://h:abc/", "https://a..b/", "https://xn--/", "https://[::1/",
                                 f"https://{'a' * 64}.example/", "https://\u2488example/"])  # fmt: skip
def test_an_address_that_is_none_is_no_connection(url: str) -> None:
    answer = call(url)
    assert isinstance(answer, Broken)
    assert (answer.stage, answer.handed_over) == ("connect", False)
