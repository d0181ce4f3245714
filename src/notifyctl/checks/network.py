"""NET: where names lead."""

import asyncio
import socket
from ipaddress import ip_address

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned


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
