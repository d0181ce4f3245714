"""A drill of the failover: the real rules on a copy of the board. Nothing is written, and no provider is asked."""

from collections.abc import Sequence
from typing import NamedTuple

from notifyctl.domain.breaker import Phase, Rules
from notifyctl.domain.course import Course, course
from notifyctl.domain.drill import Scene, rehearse
from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.finding import Finding
from notifyctl.store.board import Boards


class Drill(NamedTuple):
    """What would happen, from `now` (epoch ms), to a provider that failed."""

    provider: str
    before: Course
    scenes: Sequence[Scene]
    now: int

    @property
    def tripped(self) -> Scene | None:
        """The scene after which the provider gets no more mail."""
        return next((scene for scene in self.scenes if scene.breaker.phase is Phase.OPEN), None)

    @property
    def carrier(self) -> str | None:
        """Who gets the mail while the provider is out; None = nobody, it is held."""
        return self.scenes[0].carrier if self.tripped is None and self.scenes else self.tripped and self.tripped.carrier

    def findings(self) -> list[Finding]:
        """What would not go as it should."""
        if not self.scenes or (self.tripped is None and self.scenes[0].breaker.phase is Phase.CLOSED):
            what = "automation is paused: nothing would be taken out by itself"
            return [Finding("RTE-MANUAL", "error", "automation", what, "notifyctl resume automation")]
        if self.carrier is None:
            what = f"nobody would get the mail while {self.provider} is out: it would be held"
            return [Finding("RTE-NOBODY", "error", "route", what, "set the key of another provider, or resume one")]
        return []


async def failover(boards: Boards, order: tuple[str, ...], provider: str | None, rules: Rules) -> Drill:
    """Rehearse faults of a provider, by default of the one that gets the mail; `order` is that of those with a key."""
    look = await boards.look()
    going = course(look.board, order, look.now)
    chosen = provider or going.carrier or going.wanted
    if not chosen:
        raise Misconfigured("CFG-NO-PROVIDER", "no provider of the route has a key")
    return Drill(chosen, going, rehearse(look.board, order, chosen, rules, look.now), look.now)
