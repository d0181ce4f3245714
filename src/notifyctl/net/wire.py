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
import ssl
import zlib
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType

from aiohttp import (
    ClientError,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
)
from aiohttp.helpers import BaseTimerContext, TimeoutHandle
from multidict import CIMultiDict
from yarl import URL

from notifyctl import __version__
from notifyctl.domain.outcome import Broken, Request, Response
from notifyctl.domain.pace import Pace
from notifyctl.net.dialler import Dialler
from notifyctl.net.parcel import Parcel

MAX_ANSWER = 1_000_000  # bytes; the longest honest answer of a provider is a thousandth of that
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"notifyctl/{__version__}"}
_EXACT = float("inf")  # aiohttp rounds longer time-outs up to whole seconds unless told not to


@dataclass(frozen=True, slots=True)
class Exchange:
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
        self._dialler = Dialler(self._context, self._pace.connect, self._pace.keepalive, self._max_connections)
        self._session = ClientSession(
            connector=self._dialler,
            timeout=self._timeout(self._pace.total),
            cookie_jar=DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
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
        limits = self._session.timeout
        while True:
            parcel = Parcel(request.body, start_by)
            answer = await self._attempt(request, url, parcel, limits)
            now = self._loop.time()
            if not parcel.stale or now >= began + self._pace.total:
                return Exchange(answer, now - began, parcel.begun)
            limits = self._timeout(began + self._pace.total - now)

    async def _attempt(self, request: Request, url: URL, parcel: Parcel, limits: ClientTimeout) -> Response | Broken:
        whole = False
        try:
            response = await self._call(request, url, parcel, limits)
            whole = True
        except (ClientError, OSError, zlib.error) as error:
            return _broken(parcel, error)
        finally:
            if not whole:
                parcel.abandon()
        return response

    async def _call(self, request: Request, url: URL, parcel: Parcel, limits: ClientTimeout) -> Response:
        clock = TimeoutHandle(self._loop, limits.total, ceil_threshold=_EXACT)
        end, timer = clock.start(), clock.timer()
        try:
            with timer:
                answer = await self._exchange(self._prepared(request, url, parcel, timer), timer, limits)
            try:
                body = await _read(answer)
            except BaseException:
                answer.close()
                raise
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status, headers, _plain(body, headers.get("content-encoding", "")))
        finally:
            if end:
                end.cancel()

    def _prepared(self, request: Request, url: URL, parcel: Parcel, timer: BaseTimerContext) -> ClientRequest:
        headers = CIMultiDict(_HEADERS)
        headers.update(request.headers)
        skip = None if request.body else ("Content-Type",)
        return ClientRequest(
            request.method, url, headers=headers, skip_auto_headers=skip, data=parcel,
            loop=self._loop, timer=timer, session=self._session,
        )  # fmt: skip

    async def _exchange(
        self, prepared: ClientRequest, timer: BaseTimerContext, limits: ClientTimeout
    ) -> ClientResponse:
        """What `ClientSession.request` does, without what a call of ours never has: it costs a tenth of a mail."""
        connection = await self._dialler.connect(prepared, [], limits)
        assert connection.protocol is not None
        connection.protocol.set_response_params(timer=timer, read_until_eof=True, auto_decompress=False)
        try:
            answer = await prepared.send(connection)
            await answer.start(connection)
        except BaseException:
            connection.close()
            raise
        return answer

    def _timeout(self, seconds: float) -> ClientTimeout:
        return ClientTimeout(total=seconds, ceil_threshold=_EXACT)


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


async def _read(answer: ClientResponse) -> bytes:
    """The body as it came; raises ClientError when it is cut short or longer than MAX_ANSWER."""
    body = b""
    while chunk := await answer.content.readany():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ClientPayloadError(f"the answer is longer than {MAX_ANSWER} bytes")
    return body


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
