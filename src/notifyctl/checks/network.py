"""NET: where names lead, and whether one gets there."""

import asyncio
import socket
from ipaddress import ip_address

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.net.listeners import listening

PATIENCE = 5.0  # seconds for a connection


@check("NET-001", "Redis has private addresses only", expected="each address of its name is private",
       needs=("ENV-001",))  # fmt: skip
async def private(readers: Readers) -> Seen:
    host = readers.host
    if host is None:
        return passed("the embedded server has a socket file and no address")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return unseen(f"{host} has no address: {error.strerror}", "check the name, and the resolver of this host")
    addresses = {str(one[4][0]).partition("%")[0] for one in found}
    public = sorted(one for one in addresses if ip_address(one).is_global)
    if public:
        return failed(f"{host} is {', '.join(public)}", "use the private end point, behind a firewall")
    shared = sorted(one for one in addresses if not ip_address(one).is_private)
    told = f"{host} is {', '.join(sorted(addresses))}, seen from here"
    return warned(told, "carrier-grade addresses are shared: make sure whose network it is") if shared else passed(told)


@check("NET-002", "No Redis of this host listens to all", expected="at its port, only loopback or private addresses",
       needs=("ENV-001",))  # fmt: skip
async def listeners(readers: Readers) -> Seen:
    place = readers.place
    if place is None or readers.host is None:
        return passed("the embedded server has a socket file and no port")
    open_ = [str(one) for one in listening(place.port) if one.is_unspecified or one.is_global]
    if open_:
        return failed(
            f"port {place.port} is open at {', '.join(open_)}", "bind that server to loopback or a private address"
        )
    return passed(f"nothing that all can reach listens at port {place.port} of this host")


@check("NET-004", "What must be reached is reached", expected="a connection to each provider, and to who is told",
       needs=("ENV-001",))  # fmt: skip
async def egress(readers: Readers) -> Seen:
    ends = readers.egress
    if not ends:
        return unseen("there is nobody to connect to", "set a provider's key")
    went = await asyncio.gather(*(_connects(one.host, one.port) for one in ends))
    told = ", ".join(f"{one.name} {trouble or 'reached'}" for one, trouble in zip(ends, went, strict=True))
    if any(went):
        return failed(told, "let the workers out to that place: docs/deploy/network, or the firewall in between")
    return passed(f"{told}; that nothing else is, was not tried")


async def _connects(host: str, port: int) -> str:
    """Why there is no connection; '' where there is one. The host may be part of a secret, so it is not named."""
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return "does not answer"
    except socket.gaierror:
        return "has no address"
    except OSError as error:
        return "refuses" if isinstance(error, ConnectionRefusedError) else "cannot be reached"
    writer.transport.abort()
    return ""
