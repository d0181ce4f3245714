"""A duty: ask the accounts what they allow, so that a limit is known before it is met, and a quota before it ends."""

from notifyctl.domain.outcome import Broken
from notifyctl.domain.provider import Provider
from notifyctl.domain.quota import Allowance, rest, watch
from notifyctl.engine.tools import Tools
from notifyctl.store.limits import News


class AllowanceDuty:
    """Asks each provider that tells something; one worker does it for all."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def ask(self) -> None:
        """Ask once. A provider that does not answer, or not to this key, is left as it was. Raises `Unreachable`."""
        tools = self._tools
        if not await tools.lease("allowance", tools.revision.pace.allowance):
            return
        for name, provider in tools.providers.items():
            if told := await self._told(name, provider):
                await self._keep(name, told)

    async def _told(self, name: str, provider: Provider) -> Allowance | None:
        request = provider.allowance_request(self._tools.clocks.now(name))
        if request is None:
            return None
        answer = (await self._tools.wire.send(request)).answer
        self._tools.clocks.hear(name, answer)
        return None if isinstance(answer, Broken) else provider.allowance(answer)

    async def _keep(self, name: str, told: Allowance) -> None:
        limits, now = self._tools.limiter.limits, self._tools.clock.now()
        if told.limit:
            await limits.note(name, News(limit=told.limit))
        before = {watched.quota.name: watched for watched in (await limits.look(name)).quotas}
        watched = [watch(quota, now, before.get(quota.name)) for quota in told.quotas]
        if watched or before:
            await limits.keep_quotas(name, watched, rest(told.quotas, now))
