"""Workers as Redis sees them: heartbeats, and leases for duties."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from notifyctl.store.link import Link
from notifyctl.store.scripts import Scripts

FORGOTTEN_MS = 86_400_000  # a token that has not beaten for so long leaves the list of tokens
DRAIN_MS = 3_600_000  # what a worker that does not live any more was asked is forgotten


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says of itself; `started_at` and `beat_at` in epoch ms of the worker's host, `keys` the
    fingerprints of those that it uses, by provider; `pinned` the variables of those that come from its environment."""

    token: str
    name: str
    host: str
    pid: int
    version: str
    pace: str
    started_at: int
    beat_at: int
    in_flight: int
    sent: int
    draining: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    pinned: dict[str, str] = field(default_factory=dict)


def claiming(beats: Iterable[Beat]) -> list[Beat]:
    """The workers that still take mail."""
    return [beat for beat in beats if not beat.draining]


class Workers:
    """Heartbeats under `nf:...:worker:{token}`, each expiring by itself, and leases under `nf:...:lease:{duty}`.

    `nf:...:workers` has the tokens of those that beat lately, so that nobody searches all keys for them. A request to
    drain stands under `nf:...:drain:{token}` until its worker has left, an hour at most.
    """

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def beat(self, beat: Beat, ttl: float) -> bool:
        """Say that the worker lives for the next `ttl` seconds; True when somebody asks it to drain."""
        pipe = self.link.redis.pipeline(transaction=False)
        pipe.set(f"{self.own}worker:{beat.token}", msgspec.json.encode(beat), px=int(ttl * 1000))
        pipe.zadd(f"{self.own}workers", {beat.token: beat.beat_at})
        pipe.zremrangebyscore(f"{self.own}workers", "-inf", beat.beat_at - FORGOTTEN_MS)
        pipe.exists(f"{self.own}drain:{beat.token}")
        with self.link.reach():
            return bool((await pipe.execute())[-1])

    async def ask_to_drain(self, tokens: Sequence[str], by: str, reason: str) -> None:
        """Ask workers to drain, which each sees with its next heartbeat. The same again changes nothing."""
        pipe = self.link.redis.pipeline(transaction=False)
        for token in tokens:
            told = msgspec.json.encode({"by": by, "reason": reason})
            pipe.set(f"{self.own}drain:{token}", told, px=DRAIN_MS, nx=True)
        with self.link.reach():
            await pipe.execute()

    async def asked_to_drain(self, tokens: Sequence[str]) -> set[str]:
        """Those of the workers that were asked to drain."""
        with self.link.reach():
            found = await self.link.redis.mget([f"{self.own}drain:{token}" for token in tokens]) if tokens else []
        return {token for token, told in zip(tokens, found, strict=True) if told}

    async def leave(self, token: str) -> None:
        """Say that the worker has ended."""
        pipe = self.link.redis.pipeline(transaction=False)
        pipe.delete(f"{self.own}worker:{token}", f"{self.own}drain:{token}")
        pipe.hdel(f"{self.own}crew", token)
        pipe.zrem(f"{self.own}workers", token)
        with self.link.reach():
            await pipe.execute()

    async def join(self, token: str, server: str) -> None:
        """Say that the worker has checked this server; it counts as one of the crew until it leaves or is dismissed."""
        with self.link.reach():
            await self.link.redis.hset(f"{self.own}crew", token, server)

    async def crew(self) -> dict[str, str]:
        """Every worker that joined and did not leave, living or not, and the server that it has checked last."""
        with self.link.reach():
            rows = await self.link.redis.hgetall(f"{self.own}crew")
        return {token.decode(): server.decode() for token, server in rows.items()}

    async def dismiss(self, tokens: set[str]) -> None:
        """Forget workers that have ended without leaving."""
        with self.link.reach():
            if tokens:
                await self.link.redis.hdel(f"{self.own}crew", *tokens)

    async def alive(self, tokens: set[str]) -> set[str]:
        """Those of the tokens whose worker lives."""
        names = sorted(tokens)
        with self.link.reach():
            values = await self.link.redis.mget([f"{self.own}worker:{name}" for name in names]) if names else []
        return {name for name, value in zip(names, values, strict=True) if value}

    async def list(self) -> list[Beat]:
        """Every living worker, by name."""
        with self.link.reach():
            tokens = [token.decode() for token in await self.link.redis.zrange(f"{self.own}workers", 0, -1)]
            values = await self.link.redis.mget([f"{self.own}worker:{token}" for token in tokens]) if tokens else []
        return sorted((msgspec.json.decode(value, type=Beat) for value in values if value), key=lambda beat: beat.name)

    async def lease(self, duty: str, token: str, ttl: float) -> int:
        """Take or keep the lease of a duty for `ttl` seconds; 0 while another worker holds it. With 0 seconds it goes.

        The number grows with each new holder: what must not be written by one that overslept its lease is fenced by it.
        """
        return int(await self.scripts.run("lease", (self.own,), (duty, token, int(ttl * 1000))))
