"""The board: breakers, route and closed senders at one version, and what follows from them for a message.

Policy: a provider takes a message when its breaker is closed, or half-open with its probe's place free, and our sender
is not closed there; a forced pin passes over the breaker, not over an isolation. A sender that a provider refused
(From, domain, stream, configuration set) is closed there for 300 s: other senders go on, and the breaker is not
touched. Under a hold nobody takes anything.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from notifyctl.domain.breaker import Breaker, Phase, Rules, open_from
from notifyctl.domain.route import Route, at, ordered


class Board(NamedTuple):
    """A snapshot. `version` grows with each change of it; `senders` says until when (epoch ms) a provider refuses a
    sender: keys are `provider|address`."""

    version: int = 0
    breakers: Mapping[str, Breaker] = MappingProxyType({})
    route: Route = Route()
    senders: Mapping[str, int] = MappingProxyType({})

    def breaker(self, provider: str) -> Breaker:
        """That provider's; one of which nothing is known is closed."""
        return self.breakers.get(provider, Breaker())


def shut_until(
    board: Board, provider: str, sender: str, now: int, critical: bool = False, lease: float = Rules().lease
) -> int:  # fmt: skip
    """Until when a message of that sender may not go there, epoch ms; 0 or a time that is over = it may.

    `lease` (s) is that of a probe: in a half-open phase a `critical` message waits for one, and may go then.
    """
    route, breaker = at(board.route, now), board.breaker(provider)
    if route.hold:
        return route.hold.until
    shut = 0 if forced(board, provider, now) else open_from(breaker, now, lease, critical)
    return max(shut, board.senders.get(f"{provider}|{sender}", 0))


def forced(board: Board, provider: str, now: int) -> bool:
    """Whether a person has said that mail goes there whatever its breaker says; an isolation is stronger."""
    pin = at(board.route, now).pin
    pinned = pin is not None and pin.mode == "force" and pin.provider == provider
    return pinned and board.breaker(provider).phase is not Phase.ISOLATED


def probes(board: Board, provider: str, now: int) -> bool:
    """Whether a call there needs the place of the probe."""
    return board.breaker(provider).phase is Phase.HALF_OPEN and not forced(board, provider, now)


def calm(board: Board) -> bool:
    """Whether everything is open to everybody, so that nothing needs to be asked of the board."""
    closed = all(breaker.phase is Phase.CLOSED for breaker in board.breakers.values())
    return closed and board.route == Route() and not board.senders


def carries(board: Board, provider: str, now: int) -> bool:
    """Whether a provider gets ordinary mail: its breaker is closed, or a person passes over it. A hold is aside."""
    return board.breaker(provider).phase is Phase.CLOSED or forced(board, provider, now)


def in_use(board: Board, order: tuple[str, ...], now: int) -> str | None:
    """The provider to which an ordinary message goes now; None when all are shut, half-open ones included."""
    route = at(board.route, now)
    able = () if route.hold else ordered(order, route.pin)
    return next((name for name in able if carries(board, name, now)), None)
