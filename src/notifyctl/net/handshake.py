"""One TLS handshake with a server, to see what it speaks; nothing is asked of it afterwards."""

import asyncio
import ssl
import warnings
from datetime import UTC, date, datetime
from typing import NamedTuple

from notifyctl.domain.errors import Bad, Unreachable

PATIENCE = 5.0  # seconds for a handshake


class Handshake(NamedTuple):
    """`version` is as OpenSSL says it (`TLSv1.3`), `ends` the last day of the certificate."""

    version: str
    ends: date


class Greeter:
    """Shakes hands with each server once, and remembers what it met; what could not be reached is tried again."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, int], Handshake | Bad] = {}

    async def meet(self, host: str, port: int) -> Handshake | Bad:
        """What the server showed, or why it must not be trusted. Raises `Unreachable`."""
        if (host, port) not in self._met:
            try:
                self._met[host, port] = await shake(host, port)
            except Bad as error:
                self._met[host, port] = error
        return self._met[host, port]


async def shake(host: str, port: int) -> Handshake:
    """Speak as our clients do: name and chain of the certificate are verified.

    Raises `Bad` for a certificate that must not be trusted or a version that is too old, `Unreachable` otherwise.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        told = await _open(host, port, context, host)
    except ssl.SSLError as error:
        raise Bad("NET-TLS", getattr(error, "verify_message", "") or error.reason or str(error), host) from error
    end = ssl.cert_time_to_seconds(str((told.getpeercert() or {}).get("notAfter")))
    return Handshake(told.version() or "", datetime.fromtimestamp(end, UTC).date())


async def speaks_legacy(host: str, port: int) -> bool:
    """Whether it agrees to TLS 1.0 or 1.1. Raises `Unreachable` unless it agrees, or refuses in so many words."""
    try:
        await _open(host, port, _legacy(), None)
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            return False
        raise Unreachable("NET-TLS", f"this host cannot speak old versions either: {error.reason}", host) from error
    return True


def _legacy() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent, and nothing believed
    with warnings.catch_warnings():  # that these versions are old is why they are tried
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


async def _open(host: str, port: int, context: ssl.SSLContext, name: str | None) -> ssl.SSLObject:
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name or "")
    except ssl.SSLError:
        raise
    except (TimeoutError, OSError) as error:
        what = f"no handshake: {error.strerror if isinstance(error, OSError) and error.strerror else 'no answer'}"
        raise Unreachable("NET-TLS", what, f"{host}:{port}", "check the network, and what is in between") from error
    told: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.transport.abort()
    return told
