"""The proof before a planned move: the target takes a real message to its sink address, or the mail stays."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from notifyctl.domain.finding import Finding
from notifyctl.domain.message import Address
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.domain.pace import Pace
from notifyctl.domain.provider import Provider
from notifyctl.domain.readiness import weighty
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.sink import deliver
from notifyctl.net.wire import Wire
from notifyctl.operations.route import Plan

PATIENCE = 5.0  # seconds: whoever types this waits


class Target(NamedTuple):
    """Who is to take the message; None without a key here, and then there is nothing to prove it with. `sender` is our
    address there, `force` the codes that a person passes over."""

    provider: Provider | None
    sender: Address | None
    force: Collection[str] = ()


async def proven(plan: Plan, target: Target, pace: Pace) -> Plan:
    """The plan, forbidden when the target did not take the message. One message is tried, and never a second one."""
    if target.provider is None:
        return plan
    found = await _sink(plan, target.provider, target.sender, pace)
    against = weighty(found, True, target.force)
    passed = [one for one in found if one not in against]
    return plan._replace(against=[*plan.against, *against], remarks=[*passed, *plan.remarks])


async def _sink(plan: Plan, provider: Provider, sender: Address | None, pace: Pace) -> list[Finding]:
    if sender is None:
        return [_finding(provider, "no sender is set here, so no message could be sent there")]
    async with Wire(replace(pace, total=min(pace.total, PATIENCE))) as wire:
        outcome = await deliver(wire, provider, sender, f"switchover.{uuid.uuid4().hex}", ProviderClocks(ServerClock()))
    return [] if outcome.kind is Kind.ACCEPTED else [_finding(provider, _words(outcome))]


def _words(outcome: Outcome) -> str:
    told = outcome.code or str(outcome.http or "")
    return f"a message to its sink address was not accepted: {outcome.kind}{f', {told}' if told else ''}"


def _finding(provider: Provider, what: str) -> Finding:
    hint = f"see notifyctl provider show {provider.name}, and move the mail when it takes one"
    return Finding("PRB-SINK", "error", f"provider/{provider.name}", what, hint)
