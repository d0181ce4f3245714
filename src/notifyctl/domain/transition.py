"""Transitions: what was decided about breakers and route, kept so that the same decision can be made again.

Policy: a move is logged with everything that `decide` was asked, and with its answer. So the log replays to the state
(B8), and whoever doubts a move asks the same function once more. Counts and the place of a probe change between two
moves without an entry: they are part of what a move was asked, but not of the chain.
"""

from collections.abc import Iterable
from typing import NamedTuple

from notifyctl.domain.breaker import Breaker, Event, Rules, decide
from notifyctl.domain.route import Route


class Move(NamedTuple):
    """What `decide` was asked about a provider and what it said. `at` is the server's time then, epoch ms."""

    provider: str
    before: Breaker
    event: Event
    rules: Rules
    automatic: bool
    at: int
    after: Breaker

    @property
    def sound(self) -> bool:
        """Whether the same question has the same answer."""
        return decide(self.before, self.event, self.rules, self.at, self.automatic) == self.after


class Entry(NamedTuple):
    """One line of the log of transitions: a move, or a change of the route.

    `by` is '' or `worker NAME` for the tool itself, else who did it; `at` is the server's time of the write, epoch ms.
    `verb` and `reason` say what was asked for; for a move by itself they are its rule and reason.
    """

    id: str
    at: int
    by: str
    move: Move | None = None
    verb: str = ""
    reason: str = ""
    before: Route | None = None
    after: Route | None = None


class Replayed(NamedTuple):
    """What a log leads to. `broken` are the ids of entries that do not follow from those before, or whose decision
    would come out otherwise."""

    breakers: dict[str, Breaker]
    route: Route
    broken: tuple[str, ...]


def ask(
    provider: str, before: Breaker, event: Event, rules: Rules, at: int, automatic: bool = True
) -> Move | None:  # fmt: skip
    """The move that follows from an event, None when nothing does."""
    after = decide(before, event, rules, at, automatic)
    return after and Move(provider, before, event, rules, automatic, at, after)


def replay(entries: Iterable[Entry]) -> Replayed:
    """Go through a log, oldest entry first. One that was cut at its beginning starts from what its entries found."""
    breakers: dict[str, Breaker] = {}
    route: Route | None = None
    broken = []
    for entry in entries:
        if entry.move and not _follows(breakers, entry.move):
            broken.append(entry.id)
        if entry.after is not None and route not in (None, entry.before):
            broken.append(entry.id)
        if entry.move:
            breakers[entry.move.provider] = entry.move.after
        route = route if entry.after is None else entry.after
    return Replayed(breakers, route or Route(), tuple(broken))


def lasting(breaker: Breaker) -> Breaker:
    """A breaker without what changes between two moves."""
    return breaker._replace(faults=0, messages=0, refused="", probe="", probe_until=0)


def _follows(breakers: dict[str, Breaker], move: Move) -> bool:
    known = breakers.get(move.provider)
    return move.sound and known in (None, lasting(move.before))
