"""TLS: what the servers speak that we talk to."""

import asyncio

from notifyctl.checks.readers import Endpoint, Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.domain.errors import Bad
from notifyctl.net.handshake import Handshake, speaks_legacy

ENDING, SOON = 7, 30  # days
NEWEST = "TLSv1.3"


@check("TLS-001", "TLS 1.3 is spoken", expected="by every server; one that is not ours may speak 1.2",
       needs=("ENV-001",))  # fmt: skip
async def newest(readers: Readers) -> Seen:
    found = await _met(readers)
    told = ", ".join(f"{one.name} {_said(answer)}" for one, answer in found)
    old = [one for one, answer in found if isinstance(answer, Handshake) and answer.version != NEWEST]
    if not found:
        return unseen(
            "no server is reached through TLS",
            "set BULLMQ_REDIS_TLS=true, or a provider's key without a URL of its own",
        )
    if any(isinstance(answer, Bad) for _, answer in found) or any(one.ours for one in old):
        return failed(told, "offer TLS 1.3, with a certificate for that name from an authority that this host knows")
    return warned(told, "ask the provider when it will speak TLS 1.3") if old else passed(told)


@check("TLS-002", "Redis refuses old versions", expected="TLS 1.0 and 1.1 are refused", needs=("TLS-001",))
async def legacy(readers: Readers) -> Seen:
    ours = [one for one in readers.endpoints if one.ours]
    if not ours:
        return passed("no server of our own is reached through TLS")
    agreeing = [one.name for one in ours if await speaks_legacy(one.host, one.port)]
    if agreeing:
        return failed(f"{', '.join(agreeing)} agrees to them", 'tls-protocols "TLSv1.2 TLSv1.3"')
    return passed("refused by an alert")


@check("TLS-004", "No certificate ends soon", expected=f"each lasts {SOON} days or longer", needs=("TLS-001",))
async def expiry(readers: Readers) -> Seen:
    found = await _met(readers)
    days = {one.name: (answer.ends - readers.today).days for one, answer in found if isinstance(answer, Handshake)}
    if not days:
        return unseen("no certificate was seen")
    told, first = ", ".join(f"{name} {left} days" for name, left in days.items()), min(days.values())
    if first < ENDING:
        return failed(told, "renew the certificate now, and find out why it was not renewed")
    return passed(told) if first >= SOON else warned(told, "renew the certificate")


async def _met(readers: Readers) -> list[tuple[Endpoint, Handshake | Bad]]:
    """What each server showed, or why it must not be trusted. Raises `Unreachable`."""
    ends = readers.endpoints
    found = await asyncio.gather(*(readers.greeter.meet(one.host, one.port) for one in ends))
    return list(zip(ends, found, strict=True))


def _said(answer: Handshake | Bad) -> str:
    return answer.version if isinstance(answer, Handshake) else f"({answer.what})"
