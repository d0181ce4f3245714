"""Opens lines: aiohttp's connector, told to note in each parcel how far it got.

TCP first and TLS on top of it, in two steps, so that a failure has its stage and the line knows the
transport below. `connect` seconds bound look-up, TCP and handshake together.
"""

import asyncio
import ssl
from functools import partial
from typing import Any, cast

from aiohttp import ClientRequest, ClientTimeout, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from notifyctl.net.line import Line
from notifyctl.net.parcel import Parcel

_DNS_TTL = 10  # seconds; a provider that moves must be found again within the first retries
_UNLIMITED = ClientTimeout(total=None, connect=None, sock_connect=None)  # the limits are set around the calls


class Call(ClientRequest):
    """What the connector is asked for: where to, and for which parcel."""

    parcel: Parcel


class Dialler(TCPConnector):
    """Opens `Line`s; which of them are kept, and how many there may be, is the business of `Lines`."""

    def __init__(self, context: ssl.SSLContext, connect: float) -> None:
        super().__init__(ssl=context, limit=0, ttl_dns_cache=_DNS_TTL, resolver=ThreadedResolver())
        self._factory = cast("partial[ResponseHandler]", partial(Line, loop=self._loop))
        self._connect_limit = connect

    async def open(self, url: URL, parcel: Parcel) -> Connection:
        """A new line to the address, for a parcel."""
        call = Call("POST", url, loop=self._loop)
        call.parcel = parcel
        return await self.connect(call, [], _UNLIMITED)

    def may_keep(self, connection: Connection) -> bool:
        """Whether a line that has had its answer can carry another call; it is not asked for anything now."""
        line = cast(Line | None, connection.protocol)
        if line is None or line.should_close or not line.alive():
            return False
        line.asked = False
        return True

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Any],
        timeout: ClientTimeout,  # noqa: ASYNC109 - aiohttp names it so
    ) -> ResponseHandler:
        _parcel(req).check_time(self._loop.time())  # a place may have come too late
        _parcel(req).stage = "resolve"
        async with asyncio.timeout(self._connect_limit):
            return await super()._create_connection(req, traces, timeout)

    async def _wrap_create_connection(
        self,
        *args: Any,
        addr_infos: list[AddrInfoType],
        req: ClientRequest,
        timeout: ClientTimeout,  # noqa: ASYNC109 - aiohttp names it so
        **kwargs: Any,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        _parcel(req).stage = "connect"
        plain: dict[str, Any] = {**kwargs, "ssl": None, "server_hostname": None}
        trunk, line = await super()._wrap_create_connection(
            *args, addr_infos=addr_infos, req=req, timeout=timeout, **plain
        )
        if not kwargs["ssl"]:
            return trunk, line
        _parcel(req).stage = "tls"
        transport, secured = await self._start_tls_connection(trunk, req, timeout)
        cast(Line, secured).watch(trunk)
        return cast(asyncio.Transport, transport), secured


def _parcel(req: ClientRequest) -> Parcel:
    return cast(Call, req).parcel
