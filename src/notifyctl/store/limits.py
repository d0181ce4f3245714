"""What providers say of their room: closures after 429, and rates learnt from headers."""

from notifyctl.store.link import Link
from notifyctl.store.scripts import Scripts


class ProviderLimits:
    """The shared limits of every provider under one prefix."""

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def note(self, provider: str, closed_ms: int | None, rate: float | None) -> int:
        """Close a provider for so many ms, or learn its rate in calls a second; returns the end of the closure."""
        args = [provider, self.scripts.now, "" if closed_ms is None else closed_ms, "" if rate is None else rate]
        return int(await self.scripts.run("limit", (self.own,), args))

    async def closed_until(self, provider: str) -> int:
        """Until when the provider is closed, in ms (0 = open)."""
        with self.link.reach():
            value = await self.link.redis.hget(f"{self.own}limit:{provider}", "until")
        return int(value or 0)
