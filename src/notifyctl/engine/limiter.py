"""The limiter: tells Redis what providers say of their room; `admit` takes the tokens."""

from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.store.limits import ProviderLimits

DEFAULT_CLOSURE_MS = 1000  # Postmark and SES name no wait with 429; their advice is to begin with a second


class Limiter:
    """Listens to outcomes. Only what changed is passed on, so an ordinary answer costs nothing."""

    def __init__(self, limits: ProviderLimits) -> None:
        self._limits = limits
        self._rates: dict[str, float] = {}

    async def hear(self, provider: str, outcome: Outcome) -> int:
        """Pass on what an outcome says; returns until when the provider is closed (epoch ms, 0 = open)."""
        rate = self._news(provider, outcome)
        closed = closure(outcome)
        if rate is None and closed is None:
            return 0
        end = await self._limits.note(provider, closed, rate)
        if rate is not None:
            self._rates[provider] = rate
        return end

    def _news(self, provider: str, outcome: Outcome) -> float | None:
        if outcome.limits is None or outcome.limits.window_s <= 0:
            return None
        rate = outcome.limits.limit / outcome.limits.window_s
        if rate <= 0 or self._rates.get(provider) == rate:
            return None
        return rate


def closure(outcome: Outcome) -> int | None:
    """For how many milliseconds a throttled answer closes the provider; None when it does not.

    An ambiguous one (the same key is still being worked on) concerns its message alone.
    """
    if outcome.kind is not Kind.THROTTLED or outcome.ambiguous or outcome.code == "late":
        return None
    return outcome.retry_after_ms or DEFAULT_CLOSURE_MS
