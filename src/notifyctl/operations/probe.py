"""Probe: ask each provider's account whether it would take our mail. Read-only, costs no mail."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain import exits
from notifyctl.domain.finding import Finding
from notifyctl.domain.outcome import TOLERANCE
from notifyctl.domain.provider import Health, Provider, health_of
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.net.control import TIMEOUT, Control

_SKIPPED = Health("skipped", "no key is set", {})


class _Bad(NamedTuple):
    """What a state other than ready means."""

    exit: int
    code: str
    severity: str
    hint: str


_BAD = {
    "misconfigured": _Bad(exits.BAD, "PRB-MISCONFIGURED", "error", "check the key and the account at the provider"),
    "unreachable": _Bad(exits.UNREACHABLE, "PRB-UNREACHABLE", "error", "check the network, and the provider's status"),
    "degraded": _Bad(exits.DEGRADED, "PRB-DEGRADED", "warning", "look at the account at the provider"),
}


class Probe(NamedTuple):
    """The verdict on one provider, and how long its answer took (0 when it was not asked)."""

    provider: str
    health: Health
    ms: int


async def probe(providers: Mapping[str, Provider], names: Sequence[str], patience: float = TIMEOUT) -> list[Probe]:
    """Ask all named providers at once; one without a key is skipped. `patience` in seconds for each."""
    async with Control(patience) as control:
        return list(await asyncio.gather(*(_ask(control, name, providers.get(name)) for name in names)))


async def _ask(control: Control, name: str, provider: Provider | None) -> Probe:
    if provider is None:
        return Probe(name, _SKIPPED, 0)
    clocks = ProviderClocks(ServerClock())
    started, now = time.monotonic(), clocks.now(name)
    answer = await control.call(provider.probe_request(now))
    ms = round((time.monotonic() - started) * 1000)
    clocks.hear(name, answer)
    if provider.capabilities.signs and abs(clocks.now(name) - now - ms / 1000) > TOLERANCE:  # then it says nothing yet
        answer = await control.call(provider.probe_request(clocks.now(name)))
    return Probe(name, health_of(provider, answer), ms)


def findings(probes: Sequence[Probe]) -> list[Finding]:
    """What is wrong, one finding a provider."""
    found = [(one, _BAD[one.health.state]) for one in probes if one.health.state in _BAD]
    return [
        Finding(bad.code, bad.severity, f"provider/{one.provider}", one.health.detail, bad.hint) for one, bad in found
    ]


def verdict(probes: Sequence[Probe]) -> int:
    """The exit code: misconfigured before unreachable before degraded; a skipped one does not count."""
    states = {one.health.state for one in probes}
    return next((bad.exit for state, bad in _BAD.items() if state in states), exits.OK)
