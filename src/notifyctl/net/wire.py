"""The sending client: one request on the wire per call, and the truth about what became of it.

What a call can come to:

    Response              a complete answer, whatever its status; redirects are not followed
    Broken resolve        no address                                 not handed over
    Broken connect        no connection                              not handed over
    Broken tls            no trusted channel                         not handed over
    Broken late           nothing was written: too late, or no line  not handed over
    Broken write          lost before the system took the whole      not handed over
    Broken answer         lost, unreadable or over-long answer       handed over
    Broken timeout        `total` ended while writing or waiting     as far as the line knows

Nothing is ever repeated, except the choice of a line: an idle connection found closed before the
first byte is replaced. No proxy, cookie, redirect or credential comes from the environment. Plain http
goes to loopback only (the emulator); any other plain address is `Broken("tls", ...)`.
"""

import asyncio
import ipaddress
import re
import ssl
import zlib
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, cast

from aiohttp import ClientError, ClientPayloadError
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from notifyctl import __version__
from notifyctl.domain.outcome import Broken, Request, Response
from notifyctl.domain.pace import Pace
from notifyctl.net.deadlines import Deadlines
from notifyctl.net.dialler import Dialler
from notifyctl.net.line import Line
from notifyctl.net.lines import Lines
from notifyctl.net.parcel import Parcel

MAX_ANSWER = 1_000_000  # bytes; the longest honest answer of a provider is a thousandth of that
_HEADERS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", f"notifyctl/{__version__}"),
)
_BREAK = re.compile(r"[\x00-\x1f\x7f]")


class Exchange(NamedTuple):
    """One call: what it came to, and its times.

    `seconds` is the duration of the call, connecting included. `first_byte` is the loop's clock when
    writing began, None when nothing was written.
    """

    answer: Response | Broken
    seconds: float
    first_byte: float | None


class Wire:
    """The connections of one worker process to all providers; an async context manager.

    `ca_file` replaces the system's trust store. `max_connections` bounds open connections over all hosts.
    """

    def __init__(self, pace: Pace, *, ca_file: str | None = None, max_connections: int = 256) -> None:
        self._pace = pace
        self._max_connections = max_connections
        self._context = ssl.create_default_context(cafile=ca_file)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.set_alpn_protocols(["http/1.1"])

    async def __aenter__(self) -> "Wire":
        self._loop = asyncio.get_running_loop()
        self._dialler = Dialler(self._context, self._pace.connect)
        self._deadlines = Deadlines()
        self._lines = Lines(self._dialler, self._pace.keepalive, self._max_connections)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.close()
        self._lines.close()
        await self._dialler.close()
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next turn

    async def send(self, request: Request, start_by: float | None = None) -> Exchange:
        """Make one call; never raises for trouble of the network.

        `start_by` is a time of the running loop's clock: when it has passed before the first byte,
        nothing is written. A cancelled call is cut off, too: nothing leaves after it. Raises
        ValueError for a header that would break the request's form.
        """
        began = self._loop.time()
        url = _destination(request.url)
        if isinstance(url, Broken):
            return Exchange(url, 0.0, None)
        head, end = _head(request, url), began + self._pace.total
        while True:
            parcel = Parcel(head + request.body, start_by)
            answer = await self._attempt(url, parcel, end)
            now = self._loop.time()
            if not parcel.stale or now >= end:
                return Exchange(answer, now - began, parcel.begun)

    async def _attempt(self, url: URL, parcel: Parcel, end: float) -> Response | Broken:
        whole = False
        try:
            response = await self._call(url, parcel, end)
            whole = True
        except (ClientError, HttpProcessingError, OSError, zlib.error) as error:
            return _broken(parcel, error)
        finally:
            if not whole:
                parcel.abandon()
        return response

    async def _call(self, url: URL, parcel: Parcel, end: float) -> Response:
        """One request and its answer: aiohttp's parts without its layers for what we never do."""
        connection = await self._lines.take(url, parcel, end)
        try:
            line = cast(Line, connection.protocol)
            parcel.write(line)
            response = await self._answer(line, end)
        except BaseException:
            self._lines.drop(connection)
            raise
        self._lines.keep(url, connection)
        return response

    async def _answer(self, line: Line, end: float) -> Response:
        """The answer to what was written, mostly in one piece."""
        self._deadlines.watch(line.first, end)
        response = await line.first
        if response is None:
            async with asyncio.timeout_at(end):
                response = await _in_parts(line)
        return response


@lru_cache(maxsize=256)
def _destination(text: str) -> URL | Broken:
    """The address, sent as it is written; or why nothing may be sent there."""
    try:
        url = URL(text, encoded=True)
    except ValueError:
        return Broken("resolve", False, "the address is not a URL")
    if url.scheme not in ("http", "https") or not url.host:
        return Broken("resolve", False, "the address is not an http URL")
    if url.scheme == "http" and not _is_loopback(url.host):
        return Broken("tls", False, f"plain http to {url.host} is refused, only loopback may go without TLS")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _head(request: Request, url: URL) -> bytes:
    """The request line and the headers; raises ValueError for a text that would break their form."""
    lines = [f"{name}: {value}" for name, value in request.headers]
    if request.body:
        lines.append(f"Content-Length: {len(request.body)}")
    first = f"{request.method} {url.raw_path_qs} HTTP/1.1"
    text = "".join((first, *lines))
    if not text.isprintable() and _BREAK.search(text):
        raise ValueError("a header holds a line break or another control character")
    defaults = _defaults(url, tuple([name for name, _ in request.headers]))
    return "\r\n".join((first, *defaults, *lines, "", "")).encode()


@lru_cache(maxsize=256)
def _defaults(url: URL, given: tuple[str, ...]) -> tuple[str, ...]:
    """The headers of every call to an address, but for those that the request gives itself."""
    named = {name.lower() for name in given}
    headers = (*_HEADERS, ("Host", url.authority))
    return tuple(f"{name}: {value}" for name, value in headers if name.lower() not in named)


async def _in_parts(line: Line) -> Response:
    """An answer in parts, whole; raises ClientError or HttpProcessingError when it is cut short, over-long or none."""
    message, payload = await line.read()
    while 100 <= message.code < 200 and message.code != 101:
        message, payload = await line.read()
    body = b""
    while chunk := await payload.readany():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ClientPayloadError(f"the answer is longer than {MAX_ANSWER} bytes")
    headers = {name.lower(): value for name, value in message.headers.items()}
    return Response(message.code, headers, _plain(body, headers.get("content-encoding", "")))


def _plain(body: bytes, encoding: str) -> bytes:
    """The body decoded; compression is not asked for, but a gateway may use it. Raises when it is cut short."""
    if encoding in ("", "identity") or not body:
        return body
    if encoding != "gzip":
        raise ClientPayloadError("the answer has an encoding that was not asked for")
    unpacker = zlib.decompressobj(wbits=31)
    plain = unpacker.decompress(body, MAX_ANSWER)
    if not unpacker.eof:
        raise ClientPayloadError("the compressed answer is cut short or over-long")
    return plain


def _broken(parcel: Parcel, error: Exception) -> Broken:
    """What a failed call came to. The texts of aiohttp's errors name addresses, so they are not used."""
    if parcel.begun is None:
        return Broken(parcel.stage, False, _reason(error))
    handed_over = parcel.handed_over
    if isinstance(error, TimeoutError):
        return Broken("timeout", handed_over, "no complete answer in time" if handed_over else "body not taken in time")
    return Broken("answer" if handed_over else "write", handed_over, _reason(error))


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    text = getattr(error, "verify_message", None) or getattr(error, "strerror", None)
    own = type(error).__module__.startswith("notifyctl") or isinstance(error, ClientPayloadError)
    return f"{type(error).__name__}: {text or error}" if text or own else type(error).__name__
