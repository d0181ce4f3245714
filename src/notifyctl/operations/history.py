"""Who moved what, when and why: the log of transitions, and the last automatic decision made once more."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from notifyctl.domain.breaker import Breaker, decide
from notifyctl.domain.errors import Bad
from notifyctl.domain.route import Route
from notifyctl.domain.transition import Entry, Move
from notifyctl.store.board import Boards

TRIPS = ("T1", "T2", "T3")
FAR = 10_000  # entries: all that the log keeps


class Decision(NamedTuple):
    """A decision of the log, and what the same rules say now about the same stored inputs."""

    entry: Entry
    move: Move
    again: Breaker | None

    @property
    def same(self) -> bool:
        """Whether both are equal."""
        return self.again == self.move.after


async def history(boards: Boards, most: int, provider: str | None = None) -> Sequence[Entry]:
    """The newest entries first; with a provider those of its breaker, and changes of the route that name it."""
    if provider is None:
        return await boards.history(most)
    return [entry for entry in await boards.history(FAR) if concerns(entry, provider)][:most]


def concerns(entry: Entry, provider: str) -> bool:
    """Whether an entry is about that provider."""
    if entry.move:
        return entry.move.provider == provider
    old, new = ((route or Route()).pin for route in (entry.before, entry.after))
    named = old != new and provider in (pin.provider for pin in (old, new) if pin)
    return named or entry.verb.endswith(f" {provider}")


async def last_failover(boards: Boards) -> Decision:
    """The last time a breaker took a provider out, decided again; raises `Bad` when the log has none."""
    found = _trip(await boards.history(FAR))
    if found is None:
        raise Bad("RTE-NO-FAILOVER", "no breaker has taken a provider out, as far as the log goes back")
    return found


def _trip(entries: Iterable[Entry]) -> Decision | None:
    for entry in entries:
        move = entry.move
        if move and move.after.rule in TRIPS:
            return Decision(entry, move, decide(move.before, move.event, move.rules, move.at, move.automatic))
    return None
