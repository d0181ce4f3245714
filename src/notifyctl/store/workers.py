"""Workers as Redis sees them: heartbeats, and leases for duties."""

from dataclasses import dataclass

import msgspec

from notifyctl.store.link import Link


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says of itself; `started_at` and `beat_at` in epoch ms of the worker's host."""

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


class Workers:
    """Heartbeats under `nf:...:worker:{token}`, each expiring by itself, and leases under `nf:...:lease:{duty}`."""

    def __init__(self, link: Link, own: str) -> None:
        self.link = link
        self.own = own

    async def beat(self, beat: Beat, ttl: float) -> None:
        """Say that the worker lives for the next `ttl` seconds."""
        with self.link.reach():
            await self.link.redis.set(f"{self.own}worker:{beat.token}", msgspec.json.encode(beat), px=int(ttl * 1000))

    async def leave(self, token: str) -> None:
        """Say that the worker has ended."""
        with self.link.reach():
            await self.link.redis.delete(f"{self.own}worker:{token}")

    async def alive(self, tokens: set[str]) -> set[str]:
        """Those of the tokens whose worker lives."""
        names = sorted(tokens)
        with self.link.reach():
            values = await self.link.redis.mget([f"{self.own}worker:{name}" for name in names]) if names else []
        return {name for name, value in zip(names, values, strict=True) if value}

    async def list(self) -> list[Beat]:
        """Every living worker, by name."""
        with self.link.reach():
            keys = [key async for key in self.link.redis.scan_iter(match=f"{_literal(self.own)}worker:*", count=1000)]
            values = await self.link.redis.mget(keys) if keys else []
        return sorted((msgspec.json.decode(value, type=Beat) for value in values if value), key=lambda beat: beat.name)

    async def lease(self, duty: str, token: str, ttl: float) -> bool:
        """Take or keep the lease of a duty for `ttl` seconds; False while another worker holds it."""
        key, lasting = f"{self.own}lease:{duty}", int(ttl * 1000)
        with self.link.reach():
            if await self.link.redis.set(key, token, px=lasting, nx=True):
                return True
            if await self.link.redis.get(key) != token.encode():
                return False
            return bool(await self.link.redis.pexpire(key, lasting))


def _literal(text: str) -> str:
    """A glob pattern that matches the text itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
