"""The course of the mail: who gets it now, who would by order and pin, and why one was passed over.

Policy: mail takes the first provider of the order, a pinned one before it, whose breaker is closed. One that comes
earlier and is shut was passed over, by its breaker or by a person who isolated it; one without a key is not in the
order at all. A hold stops the mail and leaves its course as it is.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from notifyctl.domain.board import Board, in_use
from notifyctl.domain.breaker import Phase
from notifyctl.domain.route import Route, at, ordered
from notifyctl.domain.transition import Entry, Move


class Course(NamedTuple):
    """`wanted` comes first by order and pin, '' without any provider; `carrier` gets the mail, None = nobody does.

    `passed` are those before the carrier, all of them when there is none; `route` is what is not over yet.
    """

    wanted: str
    carrier: str | None
    passed: tuple[str, ...]
    route: Route

    @property
    def moved(self) -> bool:
        """Whether the mail goes elsewhere than order and pin say."""
        return self.carrier is not None and self.carrier != self.wanted


class Detour(NamedTuple):
    """Why a provider gets no mail: since when (epoch ms), by which rule and for which reason, and by whom (an Entry's
    `by`). `probed` says that it is on its way back."""

    provider: str
    since: int
    rule: str
    reason: str
    by: str
    probed: bool = False


class Return(NamedTuple):
    """A provider that was out for a while and is back: from when to when (epoch ms), and why."""

    provider: str
    out: Detour
    back: int


def course(board: Board, order: tuple[str, ...], now: int) -> Course:
    """Where an ordinary message goes at that time (epoch ms)."""
    route = at(board.route, now)
    row = ordered(order, route.pin)
    carrier = in_use(board._replace(route=route._replace(hold=None)), order, now)
    return Course(row[0] if row else "", carrier, row[: row.index(carrier)] if carrier else row, route)


def detours(board: Board, providers: Iterable[str], entries: Iterable[Entry]) -> list[Detour]:
    """Why each of the providers gets no mail; `entries` of the log come newest first. A closed one is left out."""
    listed = [*entries]
    shut = ((name, board.breaker(name)) for name in providers)
    return [
        next(_outs(listed, name), Detour(name, breaker.since, breaker.rule, breaker.reason, ""))._replace(
            probed=breaker.phase is Phase.HALF_OPEN
        )
        for name, breaker in shut
        if breaker.phase is not Phase.CLOSED
    ]


def returns(entries: Iterable[Entry], after: int) -> list[Return]:
    """The providers that came back after that time (epoch ms) and are not out again, the latest first; `entries` come
    newest first."""
    listed = [*entries]
    found = []
    for place, entry in enumerate(listed):
        move = entry.move
        if move and entry.at > after and move.after.phase is Phase.CLOSED is not move.before.phase:
            gone = any(_outs(listed[:place], move.provider))
            outs = islice(_outs(listed[place:], move.provider), 0 if gone else 1)
            found += [Return(move.provider, out, entry.at) for out in outs]
    return found


def changed(board: Board, route: Route, moves: Iterable[Move] = ()) -> Board:
    """The board as a change of the route would leave it; its version stays, since nothing was written."""
    breakers = {**board.breakers, **{move.provider: move.after for move in moves}}
    return board._replace(route=route, breakers=breakers)


def _outs(entries: Iterable[Entry], provider: str) -> Iterator[Detour]:
    """What took the provider out of use, the newest first: its window may have begun anew since then. Where a person
    did and let it back, it is the first probe that failed after that."""
    failed: Entry | None = None
    for entry in entries:
        move = entry.move
        if move is None or move.provider != provider:
            continue
        failed = entry if move.after.rule == "T7" else failed
        if move.before.phase is Phase.CLOSED is not move.after.phase:
            yield _detour(provider, failed if failed and move.after.rule == "T9" else entry)
            failed = None


def _detour(provider: str, entry: Entry) -> Detour:
    rule, reason = (entry.move.after.rule, entry.move.after.reason) if entry.move else ("", "")
    return Detour(provider, entry.at, rule, reason, entry.by)


def carriers(order: tuple[str, ...], keyed: Collection[str], told: Iterable[Collection[str]]) -> tuple[str, ...]:
    """The providers that mail may take, in the order of the route; none when nobody here knows.

    Policy: whom the workers that claim have keys for, `told` by each; where none lives, whom there is a key for here.
    """
    found = {name for names in told for name in names} or keyed
    return tuple(name for name in order if name in found)
