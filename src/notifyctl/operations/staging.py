"""A drill of sending: real messages to the sink address of each provider, through the engine's own way, recorded.

Nobody gets them. They are real calls, which the providers count and bill.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from notifyctl.domain.message import Address
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.domain.pace import Pace
from notifyctl.domain.progress import Listener, Step
from notifyctl.domain.provider import Provider
from notifyctl.domain.trial import Trial
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.sink import deliver
from notifyctl.net.wire import Wire

PATIENCE = 5.0  # seconds for one call
GAP = 0.25  # seconds between the beginnings of two calls: slower than the slowest default limit, 5 a second


async def drill(
    providers: Mapping[str, Provider], senders: Mapping[str, Address], count: int, pace: Pace, listen: Listener
) -> list[Trial]:
    """Send `count` messages through each provider, one after the other; all providers at once.

    `listen` hears of each as it is answered.
    """
    done = 0

    def heard(name: str) -> None:
        nonlocal done
        done += 1
        listen(Step("message", done, count * len(providers), name))

    async with Wire(replace(pace, total=min(pace.total, PATIENCE))) as wire:
        runs = [_through(wire, provider, senders[name], count, heard) for name, provider in providers.items()]
        return list(await asyncio.gather(*runs))


async def _through(wire: Wire, provider: Provider, sender: Address, count: int, heard: Callable[[str], None]) -> Trial:
    """One provider; it ends at the first message that is not taken."""
    ms: list[float] = []
    clocks = ProviderClocks(ServerClock())
    outcome: Outcome | None = None
    for number in range(count):
        if number:
            await asyncio.sleep(GAP)
        began = time.monotonic()
        outcome = await deliver(wire, provider, sender, f"staging.{uuid.uuid4().hex}", clocks)
        ms.append(round((time.monotonic() - began) * 1000, 1))
        heard(provider.name)
        if outcome.kind is not Kind.ACCEPTED:
            break
    domain = sender.email.rpartition("@")[2].lower()
    kind, code = (outcome.kind.value, outcome.code or str(outcome.http or "")) if outcome else ("", "")
    return Trial(provider.name, domain, kind, "" if kind == "accepted" else code, tuple(ms))
