"""A real message to a provider's sink address: the whole proof that it takes our mail, and nobody gets it."""

import hashlib

from notifyctl.domain.message import Address, Message
from notifyctl.domain.outcome import Outcome
from notifyctl.domain.provider import Envelope, Provider
from notifyctl.engine.clock import ProviderClocks
from notifyctl.net.wire import Wire

TEXT = b'"This message asks whether the provider works. Nobody reads it."'


async def deliver(wire: Wire, provider: Provider, sender: Address, name: str, clocks: ProviderClocks) -> Outcome:
    """What came of one call, which is not repeated; `name` tells this message from all others."""
    ref = hashlib.sha256(name.encode()).hexdigest()[:32]
    envelope = Envelope(sender, ref, key=f"nf1-{ref}")
    message = Message(f"probe/{ref}", "probe", Address(provider.sink), "Probe", text=TEXT)
    document = provider.document(message, envelope)
    now = clocks.now(provider.name)
    exchange = await wire.send(provider.request(document, envelope, now))
    return clocks.judged(provider, exchange.answer, now + exchange.seconds)
