"""The route: which provider comes first, and what a person has laid over that for a while.

Policy:

- The order is the revision's. A pin puts one provider first for a time, 2 h unless told otherwise, 7 days at most:
  `prefer` leaves the breaker its say, `force` sends even where that is open. An isolated provider never gets mail.
- A hold stops all sending; automation that is paused leaves breakers as they are. Both end by themselves, too.
- What is over has no effect; the prober takes it out and puts that down.
- A change is made from the version that its author has seen, or not at all.
"""

from typing import Literal, NamedTuple

DEFAULT_FOR = 2 * 3600  # seconds
LONGEST_FOR = 7 * 86_400


class Override(NamedTuple):
    """Something that a person has laid over the route: to when (epoch ms), why, and who."""

    until: int
    reason: str
    by: str


class Pin(NamedTuple):
    """A provider that comes first for a while."""

    provider: str
    mode: Literal["prefer", "force"]
    until: int
    reason: str
    by: str


class Route(NamedTuple):
    """What holds beside the revision; `pin`, `hold` and `manual` (automation is paused) are None when nothing does."""

    pin: Pin | None = None
    hold: Override | None = None
    manual: Override | None = None


def at(route: Route, now: int) -> Route:
    """The route without what is over."""
    over = {name: None for name in Route._fields if (part := getattr(route, name)) and part.until <= now}
    return route._replace(**over) if over else route


def ordered(order: tuple[str, ...], pin: Pin | None) -> tuple[str, ...]:
    """The providers in order of preference, the pinned one first."""
    if pin is None or pin.provider not in order:
        return order
    return (pin.provider, *(name for name in order if name != pin.provider))
