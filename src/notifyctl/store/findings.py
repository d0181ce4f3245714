"""Findings as Redis counts them: how often each code was met, when last, and where."""

from collections.abc import Sequence
from typing import Literal

from notifyctl.store.link import Link
from notifyctl.store.scripts import Scripts

How = Literal["each", "new", "known"] | int
PART = 500  # places that one script notes
EXAMPLES = 5  # places of a code that are shown


class Findings:
    """Counts under `nf:...:findings`, times under `nf:...:last`, places under `nf:...:where:{code}`."""

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def note(self, code: str, places: Sequence[str], how: How = "each") -> int:
        """Count a finding at these places, such as job keys; returns how many counted.

        What lasts is one finding, however often it is looked at: `new` counts only places that are not known yet, and
        `known` only tells that it still holds. A number counts so many at each place.
        """
        counted = 0
        for at in range(0, len(places), PART):
            args = (self.scripts.now, code, how, *places[at : at + PART])
            counted += int(await self.scripts.run("note", (self.own,), args))
        return counted

    async def where(self, code: str, most: int = EXAMPLES) -> list[str]:
        """The places where a code came up, the latest first."""
        with self.link.reach():
            return [place.decode("utf-8", "replace") for place in await self._latest(code, most)]

    async def _latest(self, code: str, most: int) -> list[bytes]:
        found: list[bytes] = await self.link.redis.zrange(f"{self.own}where:{code}", 0, most - 1, desc=True)
        return found
