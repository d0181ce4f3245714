"""PRV: the accounts at the providers, read without sending anything."""

import asyncio
import time

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.domain.provider import Health, Provider, health_of
from notifyctl.net.control import Control


@check("PRV-001", "Each provider takes our key", expected="ready, of two providers at least", needs=("ENV-001",))
async def keys(readers: Readers) -> Seen:
    if not readers.accounts:
        return unseen("no provider has a key", "set the key of one at least: docs/configuration.md")
    async with Control() as control:
        asked = [_ask(control, provider) for provider in readers.accounts.values()]
        healths = dict(zip(readers.accounts, await asyncio.gather(*asked), strict=True))
    told = "; ".join(f"{name}: {health.detail or health.state}" for name, health in healths.items())
    states = {health.state for health in healths.values()}
    if "misconfigured" in states:
        return failed(told, "correct the key or the account: notifyctl probe")
    if "unreachable" in states:
        return unseen(told, "check the network, and the provider's status page")
    if "degraded" in states:
        return warned(told, "look at the account at the provider")
    if len(healths) == 1:
        return warned(
            f"{told}; it is alone", "give a second provider a key: one that dies alone takes all mail with it"
        )
    return passed(told)


async def _ask(control: Control, provider: Provider) -> Health:
    return health_of(provider, await control.call(provider.probe_request(time.time())))
