"""What providers say of their room: closures after 429, limits learnt from headers and accounts, quotas."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from notifyctl.domain.limit import PACE_RULES, Limit
from notifyctl.domain.quota import Rest, Watched
from notifyctl.store.link import Link
from notifyctl.store.pipe import Argument
from notifyctl.store.scripts import Scripts

_PACE_RULES = msgspec.msgpack.encode(PACE_RULES)


class News(NamedTuple):
    """What answers told: closed for so many ms, a limit, the calls that its window still has; `verdict` is `good`,
    `many` (one call too many) or ''. `rate` is the one in force as far as the teller knows, calls a second."""

    closed: int | None = None
    limit: Limit | None = None
    remaining: float | None = None
    verdict: str = ""
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class LimitLook:
    """What is known of a provider's room. `closed_until` in epoch ms, 0 = open; `rate` in calls a second that we plan
    for, `pace` the one tried meanwhile, None = unknown."""

    closed_until: int
    rate: float | None
    pace: float | None
    quotas: tuple[Watched, ...]


class ProviderLimits:
    """The shared limits of every provider under one prefix."""

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def note(self, provider: str, news: News) -> int:
        """Let everybody know; returns the end of the closure (epoch ms, 0 = none). Raises `Unreachable`."""
        limit = news.limit and news.limit.recorded
        told = (limit.rate, limit.burst, limit.planned, limit.span * 1000) if limit else (None, None, None, None)
        args: list[Argument] = [provider, self.scripts.now, _text(news.closed), _text(news.remaining)]
        args += [news.verdict, _text(news.rate), _PACE_RULES, *map(_text, told)]
        return int(await self.scripts.run("limit", (self.own,), args))

    async def look(self, provider: str) -> LimitLook:
        """What is known; writes nothing. Raises `Unreachable`."""
        with self.link.reach():
            key = self._key(provider)
            until, rate, pace, quotas = await self.link.redis.hmget(key, "until", "rate", "pace", "quotas")
        watched = msgspec.json.decode(quotas or b"[]", type=tuple[Watched, ...])
        return LimitLook(int(until or 0), _number(rate), _number(pace), watched)

    async def keep_quotas(self, provider: str, quotas: Sequence[Watched], rest: Rest | None) -> None:
        """Replace what is known of the quotas; `admit` counts the rest down until then. Raises `Unreachable`."""
        key, counted = self._key(provider), ("left", "leaves2", "leaves3", "renew")
        with self.link.reach():
            pipe = self.link.redis.pipeline(transaction=True)
            pipe.hset(key, "quotas", msgspec.json.encode(quotas))
            if rest is None:
                pipe.hdel(key, *counted)
            else:
                numbers = (rest.left, rest.standard_leaves, rest.bulk_leaves, rest.renew)
                for name, number in zip(counted, numbers, strict=True):
                    pipe.hset(key, name, number)
            await pipe.execute()

    def _key(self, provider: str) -> str:
        return f"{self.own}limit:{provider}"


def _text(value: float | None) -> float | str:
    return "" if value is None else value


def _number(value: bytes | None) -> float | None:
    return None if value is None else float(value)
