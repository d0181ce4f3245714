"""A drill: what the rules would do if a provider began to fail now. Pure: a copy of the board, the real decisions.

The story goes as in production: calls to the provider that gets the mail fail one after another, until the breaker
trips; the mail goes to whoever comes next; when the window is over, probes go well until the provider is back.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from notifyctl.domain.board import Board, in_use
from notifyctl.domain.breaker import Breaker, Counted, Phase, Probed, Rules, Time
from notifyctl.domain.transition import ask

_PROBE = "drill"
_MOST = 1_000  # steps; more would mean that the rules never come to an end


class Scene(NamedTuple):
    """One step: when (epoch ms), what happened, the breaker after it, who gets mail then (None = nobody)."""

    at: int
    what: str
    rule: str
    breaker: Breaker
    carrier: str | None


def rehearse(board: Board, order: tuple[str, ...], provider: str, rules: Rules, now: int) -> list[Scene]:
    """The scenes from the first fault to the provider's return; `now` in epoch ms. A provider that is not closed
    begins with the end of its window."""
    return list(islice(_scenes(board, order, provider, rules, now), _MOST))


def _scenes(board: Board, order: tuple[str, ...], provider: str, rules: Rules, now: int) -> Iterator[Scene]:
    automatic = board.route.manual is None or board.route.manual.until <= now

    def scene(what: str, moved: bool = True) -> Scene:
        breaker = board.breaker(provider)
        return Scene(now, what, breaker.rule if moved else "", breaker, in_use(board, order, now))

    for number in range(1, rules.faults + 1):
        if board.breaker(provider).phase is not Phase.CLOSED:
            break
        board = _with(board, provider, _failed(board.breaker(provider)))
        move = ask(provider, board.breaker(provider), Counted(), rules, now, automatic)
        board = _with(board, provider, move.after if move else board.breaker(provider))
        yield scene(f"fault {number} at {provider}", move is not None)
    if board.breaker(provider).phase is Phase.CLOSED:
        return
    now = max(board.breaker(provider).until, now)
    while (move := ask(provider, _probing(board.breaker(provider)), _event(board, provider), rules, now)) is not None:
        board = _with(board, provider, move.after)
        yield scene(_told(move.after, rules))


def _event(board: Board, provider: str) -> Time | Probed:
    return Probed(_PROBE, True) if board.breaker(provider).phase is Phase.HALF_OPEN else Time()


def _probing(breaker: Breaker) -> Breaker:
    return breaker._replace(probe=_PROBE) if breaker.phase is Phase.HALF_OPEN else breaker


def _failed(breaker: Breaker) -> Breaker:
    """What settling one more fault counts; each of a message of its own."""
    return breaker._replace(faults=breaker.faults + 1, messages=min(breaker.messages + 1, 2))


def _told(breaker: Breaker, rules: Rules) -> str:
    if breaker.phase is Phase.CLOSED:
        return f"probe {rules.probes} went well"
    return f"probe {breaker.successes} went well" if breaker.successes else "the window is over"


def _with(board: Board, provider: str, breaker: Breaker) -> Board:
    return board._replace(breakers={**board.breakers, provider: breaker})
