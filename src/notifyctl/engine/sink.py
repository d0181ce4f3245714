"""A real message to a provider's sink address: the whole proof that it takes our mail, and nobody gets it."""

import hashlib

from notifyctl.domain.message import Address, Message
from notifyctl.domain.outcome import MISTIMED, Outcome
from notifyctl.domain.provider import Envelope, Provider
from notifyctl.engine.clock import ProviderClocks
from notifyctl.net.wire import Wire

TEXT = b'"This message asks whether the provider works. Nobody reads it."'


async def deliver(wire: Wire, provider: Provider, sender: Address, name: str, clocks: ProviderClocks) -> Outcome:
    """What came of a message; `name` tells it from all others. Its call is not repeated, but for one that was refused
    because it was signed with a wrong time: that was not taken, and its answer told the right one."""
    outcome = await _called(wire, provider, sender, name, clocks)
    return await _called(wire, provider, sender, name, clocks) if outcome.code == MISTIMED else outcome


async def _called(wire: Wire, provider: Provider, sender: Address, name: str, clocks: ProviderClocks) -> Outcome:
    ref = hashlib.sha256(name.encode()).hexdigest()[:32]
    envelope = Envelope(sender, ref, key=f"nf1-{ref}")
    message = Message(f"probe/{ref}", "probe", Address(provider.sink), "Probe", text=TEXT)
    document = provider.document(message, envelope)
    now = clocks.now(provider.name)
    exchange = await wire.send(provider.request(document, envelope, now))
    return clocks.judged(provider, exchange.answer, now + exchange.seconds)
