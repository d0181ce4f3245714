"""Opens lines and keeps them: aiohttp's pool, told to note in each parcel how far it got.

TCP first and TLS on top of it, in two steps, so that a failure has its stage and the line knows the
transport below. `connect` seconds bound look-up, TCP and handshake together; waiting for a free place
in the pool is our own congestion and not in it.
"""

import asyncio
import ssl
from functools import partial
from typing import Any, cast

from aiohttp import ClientRequest, ClientTimeout, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import AddrInfoType
from aiohttp.resolver import ThreadedResolver

from notifyctl.net.line import Line
from notifyctl.net.parcel import Parcel

_DNS_TTL = 10  # seconds; a provider that moves must be found again within the first retries


class Call(ClientRequest):
    """What the pool is asked for: where to, and for which parcel."""

    parcel: Parcel


class Dialler(TCPConnector):
    """A pool of `Line`s. `keepalive` is the longest idle time in seconds, `limit` the most lines."""

    def __init__(self, context: ssl.SSLContext, connect: float, keepalive: float, limit: int) -> None:
        super().__init__(
            ssl=context,
            keepalive_timeout=keepalive,
            limit=limit,
            ttl_dns_cache=_DNS_TTL,
            resolver=ThreadedResolver(),
        )
        self._factory = cast("partial[ResponseHandler]", partial(Line, loop=self._loop))
        self._connect_limit = connect

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Any],
        timeout: ClientTimeout,  # noqa: ASYNC109 - aiohttp names it so
    ) -> ResponseHandler:
        _parcel(req).check_time(self._loop.time())  # a place in the pool may have come too late
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

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        cast(Line, protocol).asked = False
        super()._release(key, protocol, should_close=should_close)


def _parcel(req: ClientRequest) -> Parcel:
    return cast(Call, req).parcel
