"""Who listens on this host, as its kernel tells; nothing is sent to anybody."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from notifyctl.domain.errors import Unreachable

_LISTENS = "0A"  # the state in /proc/self/net/tcp
# Of our own process: where a unit hides the rest of /proc (ProcSubset=pid), /proc/net is not there.
_TABLES = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))


def listening(port: int) -> list[IPv4Address | IPv6Address]:
    """The addresses at which something listens at that TCP port; raises `Unreachable` where nobody tells."""
    rows = [line.split()[1:4] for table in _TABLES if table.is_file() for line in table.read_text().splitlines()[1:]]
    if not any(table.is_file() for table in _TABLES):
        raise Unreachable("NET-LISTENERS", "this system does not tell who listens", "", "look at it with its own tools")
    found = (local.split(":") for local, _, state in rows if state == _LISTENS)
    return [_address(address) for address, at in found if int(at, 16) == port]


def _address(text: str) -> IPv4Address | IPv6Address:
    """From the kernel's words of 32 bits, each in the order of a little-endian machine."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    raw = b"".join(words)
    if len(raw) == 4:
        return IPv4Address(raw)
    address = IPv6Address(raw)
    return address.ipv4_mapped or address
