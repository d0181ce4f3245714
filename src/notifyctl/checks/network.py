"""NET: where names lead."""

import asyncio
import socket
from ipaddress import ip_address

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.net.listeners import listening


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
        return failed(f"port {place.port} is open at {', '.join(open_)}", "bind it to loopback or a private address")
    return passed(f"nothing that all can reach listens at port {place.port} of this host")
