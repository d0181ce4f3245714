"""The accounts at the providers, each asked once in a run however many checks want to know."""

import asyncio
import time
from collections.abc import Mapping

from notifyctl.domain.outcome import Broken
from notifyctl.domain.provider import Health, Provider, health_of
from notifyctl.domain.quota import Quota
from notifyctl.net.control import Control


class Accounts:
    """Those of the providers with a key; they are only read."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers
        self._healths: dict[str, Health] | None = None

    def __bool__(self) -> bool:
        return bool(self._providers)

    @property
    def names(self) -> list[str]:
        """The providers, in the order of the route."""
        return list(self._providers)

    async def healths(self) -> Mapping[str, Health]:
        """What each says of itself."""
        if self._healths is None:
            async with Control() as control:
                asked = [_ask(control, provider) for provider in self._providers.values()]
                self._healths = dict(zip(self._providers, await asyncio.gather(*asked), strict=True))
        return self._healths

    async def quotas(self) -> Mapping[str, tuple[Quota, ...]]:
        """The quotas of each that tells some."""
        async with Control() as control:
            told = await asyncio.gather(*(_quotas(control, provider) for provider in self._providers.values()))
        return {name: quotas for name, quotas in zip(self._providers, told, strict=True) if quotas}


async def _ask(control: Control, provider: Provider) -> Health:
    return health_of(provider, await control.call(provider.probe_request(time.time())))


async def _quotas(control: Control, provider: Provider) -> tuple[Quota, ...]:
    request = provider.allowance_request(time.time())
    answer = await control.call(request) if request else None
    told = None if answer is None or isinstance(answer, Broken) else provider.allowance(answer)
    return told.quotas if told else ()
