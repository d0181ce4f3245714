"""The common answer is read at once, as aiohttp's parser reads it; anything else is left to that parser."""

import asyncio

import pytest
from aiohttp import ClientPayloadError
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpResponseParser
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.net.answer import at_once

PLAIN = b"HTTP/1.1 429 Too Many Requests\r\nDate: now\r\nRetry-After:  5 \r\nContent-Length: 2\r\n\r\n{}"

TOKENS = st.sampled_from(
    ["X-A", "x-a", "Date", "Server", "Set-Cookie", "Content-Length", "Transfer-Encoding", "Connection"]
)
VALUES = st.one_of(
    st.sampled_from(["", "0", "2", "+2", "2, 2", "02", "chunked", "close", "keep-alive", "gzip"]),
    st.text(st.characters(min_codepoint=0, max_codepoint=300), max_size=6),
)
STATUSES = st.sampled_from(
    ["200 OK", "200", "204 No Content", "304 Not Modified", "429 Slow", "500 ", "100 Continue", "20 X"]
)
BODIES = st.sampled_from([b"", b"{}", b"{}\r\n", b'{"id":"1"}', b"2\r\n{}\r\n0\r\n\r\n"])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Answers, most of them well formed: a status, headers, a body and a length that fits it or not."""
    body = draw(BODIES)
    length = draw(st.sampled_from([len(body), len(body), len(body), 0, 3]))
    headers = [*draw(st.lists(st.tuples(TOKENS, VALUES), max_size=2)), ("Content-Length", str(length))]
    lines = "".join(f"{name}:{draw(st.sampled_from(['', ' ']))}{value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {draw(STATUSES)}\r\n{lines}\r\n".encode() + body


async def by_aiohttp(data: bytes) -> list[tuple[int, dict[str, str], bytes, bool]]:
    """Every message that aiohttp's parser finds: status, headers, body, whether the body is complete."""
    loop = asyncio.get_running_loop()
    parser = HttpResponseParser(
        BaseProtocol(loop),
        loop,
        65536,
        payload_exception=ClientPayloadError,
        read_until_eof=True,
        auto_decompress=False,
    )
    found = []
    for message, payload in parser.feed_data(data)[0]:
        headers = {name.lower(): value for name, value in message.headers.items()}
        found.append((message.code, headers, payload.read_nowait(-1), payload.is_eof()))
    return found


@given(answers())
def test_what_is_read_at_once_is_what_aiohttp_reads(data):
    answer = at_once(data)
    if answer is not None:
        assert asyncio.run(by_aiohttp(data)) == [(answer.status, answer.headers, answer.body, True)]


def test_a_plain_answer_is_read_at_once():
    answer = at_once(PLAIN)
    assert answer is not None
    assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "5", b"{}")


@pytest.mark.parametrize("end", range(len(PLAIN)))
def test_a_part_of_it_is_not(end):
    assert at_once(PLAIN[:end]) is None


@pytest.mark.parametrize(
    "data",
    [
        PLAIN + b"H",
        PLAIN.replace(b"1.1", b"1.0"),
        PLAIN.replace(b"429 Too Many Requests", b"204 No Content"),
        PLAIN.replace(b"429 Too Many Requests", b"100 Continue"),
        PLAIN.replace(b"Retry-After", b"Content-Length"),
        PLAIN.replace(b"Retry-After:  5 ", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"Retry-After:  5 ", b"Content-Encoding: gzip"),
        PLAIN.replace(b"Retry-After:  5 ", b"Connection: close"),
        PLAIN.replace(b"Retry-After:  5 ", b"Retry-After:\r\n 5"),
        PLAIN.replace(b"Retry-After", b"Retry After"),
        PLAIN.replace(b"\r\n", b"\n"),
    ],
    ids=["more", "1.0", "204", "100", "twice", "chunked", "gzip", "close", "folded", "space", "newlines"],
)
def test_nor_is_what_needs_a_real_parser(data):
    assert at_once(data) is None
