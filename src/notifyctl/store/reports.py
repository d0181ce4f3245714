"""Which reports exist, for all hosts: one hash, `reports`, a field each, `monthly/2026-10`, which is written once. A
second one, `audits`, tells of the last run of each cycle."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from notifyctl.domain.period import Cycle, Period, Ran
from notifyctl.store.link import Link


class Kept(NamedTuple):
    """A report: SHA-256 of its JSON, the host that has it, when it was made (epoch ms) and by whom; `summary` is what
    the next one needs of it."""

    sha256: str
    host: str
    at: int
    by: str
    summary: Mapping[str, Any]


class Reports:
    """The reports of one prefix."""

    def __init__(self, link: Link, own: str) -> None:
        self._link = link
        self._key, self._runs = f"{own}reports", f"{own}audits"

    async def known(self, cycle: Cycle) -> dict[str, Kept]:
        """The reports of a cycle by their period. Raises `Unreachable`."""
        with self._link.reach():
            rows = await self._link.redis.hgetall(self._key)
        prefix = f"{cycle}/"
        found = {name.decode(): text for name, text in rows.items()}
        return {
            name.removeprefix(prefix): msgspec.json.decode(text, type=Kept)
            for name, text in sorted(found.items())
            if name.startswith(prefix)
        }

    async def keep(self, period: Period, kept: Kept) -> bool:
        """Record that it exists; False when another one of that period does. Raises `Unreachable`; the same call
        again is then safe."""
        text = msgspec.json.encode(kept)
        with self._link.reach():
            name = f"{period.cycle}/{period.name}"
            new = await self._link.redis.hsetnx(self._key, name, text)
            return bool(new) or await self._link.redis.hget(self._key, name) == text

    async def ran(self, cycle: Cycle, run: Ran) -> None:
        """Record that cron ran. Raises `Unreachable`."""
        with self._link.reach():
            await self._link.redis.hset(self._runs, cycle.value, msgspec.json.encode(run))

    async def runs(self) -> dict[Cycle, Ran]:
        """The last run of each cycle that ever ran. Raises `Unreachable`."""
        with self._link.reach():
            rows = await self._link.redis.hgetall(self._runs)
        return {Cycle(name.decode()): msgspec.json.decode(text, type=Ran) for name, text in rows.items()}
