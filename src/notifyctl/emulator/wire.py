"""HTTP/1.1 as bytes: an incremental reader of requests and the rendering of replies.

Written by hand because a fault may have to strike in the middle of a request body, which a web
framework reads before anybody is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cached_property
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024

_encode = msgspec.json.encode


class Malformed(Exception):
    """The bytes are no HTTP/1.1 request that can be answered. `status` is what to say about it."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Request:
    """One request. Header names are lower case, repeated headers are joined by commas."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    version: str = "HTTP/1.1"
    body: bytes = b""

    @cached_property
    def document(self) -> object:
        """The body as JSON; None when it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters, the last of each name."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants the connection to stay open."""
        connection = self.headers.get("connection", "").lower()
        return connection != "close" and (self.version == "HTTP/1.1" or connection == "keep-alive")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; the content length is added when it is rendered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, document: object, headers: Mapping[str, str] | None = None) -> "Reply":
        """An answer whose body is `document` as JSON."""
        return cls(status, _encode(document), {"Content-Type": "application/json; charset=utf-8", **(headers or {})})

    @classmethod
    def text(cls, status: int, text: str) -> "Reply":
        """An answer in plain text."""
        return cls(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})

    def render(self, keep_alive: bool = True) -> bytes:
        """The whole answer as bytes."""
        lines = [f"HTTP/1.1 {self.status} {_reason(self.status)}", f"Content-Length: {len(self.body)}"]
        lines.append(f"Date: {formatdate(usegmt=True)}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append("Connection: keep-alive" if keep_alive else "Connection: close")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + self.body


class Reader:
    """Turns what arrives on one connection into requests, one after another.

    After each `feed`: `head()` tells as soon as the head is known, `received` how much of its body has
    come, `body()` gives the whole body once and moves on to the next request.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: Request | None = None
        self._length: int | None = 0  # None: chunked
        self._chunks = bytearray()

    @property
    def received(self) -> int:
        """Bytes of the current body that have arrived."""
        return len(self._chunks) + len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        self._buffer += data

    def head(self) -> Request | None:
        """The request that is being read, without its body; None until its head is complete."""
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                _bound(len(self._buffer), MAX_HEAD, 431, "head too large")
                return None
            self._head = _parse_head(bytes(self._buffer[:end]))
            self._length = _body_length(self._head)
            del self._buffer[: end + 4]
        return self._head

    def body(self) -> bytes | None:
        """The body of the current request when it is complete, which ends the request; else None."""
        body = self._whole() if self._length is not None else self._dechunk()
        if body is not None:
            self._head = None
            self._chunks = bytearray()
        return body

    def _whole(self) -> bytes | None:
        length = self._length or 0
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _dechunk(self) -> bytes | None:
        while (line_end := self._buffer.find(b"\r\n")) >= 0:
            size = _chunk_size(bytes(self._buffer[:line_end]))
            _bound(len(self._chunks) + size, MAX_BODY, 413, "body too large")
            if len(self._buffer) < line_end + 2 + size + 2:
                return None
            self._chunks += self._buffer[line_end + 2 : line_end + 2 + size]
            del self._buffer[: line_end + 2 + size + 2]
            if size == 0:
                return bytes(self._chunks)
        return None


def _bound(size: int, limit: int, status: int, why: str) -> None:
    if size > limit:
        raise Malformed(status, why)


def _parse_head(raw: bytes) -> Request:
    first, *lines = raw.decode("latin-1").split("\r\n")
    try:
        method, target, version = first.split(" ")
    except ValueError:
        raise Malformed(400, "no request line") from None
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise Malformed(400, "a header without a colon")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, version)


def _body_length(head: Request) -> int | None:
    if head.headers.get("transfer-encoding", "").lower() == "chunked":
        return None
    length = head.headers.get("content-length", "0")
    if not length.isdigit():
        raise Malformed(400, "content length is no number")
    _bound(int(length), MAX_BODY, 413, "body too large")
    return int(length)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise Malformed(400, "chunk size is no number") from None


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
