"""Which order of providers, on which tariffs, costs least and still keeps the reserve that failover needs.

Policy: the first of the route carries the month, the others carry nothing as long as it lives. Each of them must be
able to take over on the busiest day, or the route has no standby on the day on which it needs one. So no provider is
ever taken out of the route, none is put on a tariff that could not carry that day, and the quota that an account has
been granted apart from its tariff (Amazon's 24 hours) counts, too. Among what keeps the reserve the cheapest is
advised; among equals what changes least. Where the present keeps the reserve, what is advised is never dearer.

Money is all that is weighed. How fast a provider is, how well its mail arrives, and how surely a doubt is settled
there (Resend replays, Postmark searches, Amazon waits for an event) is for people to weigh.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product
from typing import NamedTuple

from notifyctl.domain.cost import Traffic, bill, room
from notifyctl.domain.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Account:
    """An account: its tariff now, those that it may be on, and the mails a day that it was granted apart from its
    tariff (None = not told); `told` is False for a tariff that is a guess."""

    provider: str
    tariff: Tariff
    choices: Mapping[str, Tariff]
    granted: int | None = None
    told: bool = True


class Leg(NamedTuple):
    """One place in a route: the account, on a tariff."""

    account: Account
    tariff: Tariff

    @property
    def changed(self) -> bool:
        """Whether the tariff is another one than now."""
        return self.tariff.name != self.account.tariff.name


class Gap(NamedTuple):
    """Why a provider could not take over: it has `room` for so many mails of a `span` (day or month), `needs` more."""

    provider: str
    span: str
    room: int
    needs: int


Routing = Sequence[Leg]


class Advice(NamedTuple):
    """The present and the best routing; `cost` and `best_cost` in micro-dollars a month, None where it takes not all of
    the mail. `best` None = no routing keeps the reserve; `gaps` are those of the present."""

    present: Routing
    cost: int | None
    gaps: Sequence[Gap]
    best: Routing | None
    best_cost: int | None
    compared: int

    @property
    def saves(self) -> int | None:
        """Micro-dollars a month, negative where keeping the reserve costs more; None where one has no price."""
        return None if self.cost is None or self.best_cost is None else self.cost - self.best_cost

    @property
    def worth(self) -> bool:
        """Whether there is something to change: it saves money, or the present does not keep the reserve."""
        return self.best is not None and (bool(self.gaps) or bool(self.saves and self.saves > 0))


def advise(present: Sequence[Account], traffic: Traffic) -> Advice:
    """Compare all orders of the accounts, each on each tariff that it may be on."""
    now = [Leg(one, one.tariff) for one in present]
    every = list(_routings(present))
    fit = [routing for routing in every if not gaps(routing, traffic)]
    best = min(fit, key=lambda routing: _rank(routing, now, traffic), default=None)
    return Advice(now, cost(now, traffic), gaps(now, traffic), best, cost(best, traffic) if best else None, len(every))


def cost(routing: Routing, traffic: Traffic) -> int | None:
    """What a month costs in micro-dollars while the first lives; None when its tariff does not take the mail."""
    bills = [bill(leg.tariff, 0 if place else traffic.mails) for place, leg in enumerate(routing)]
    return None if None in bills else sum(one.total for one in bills if one)


def gaps(routing: Routing, traffic: Traffic) -> list[Gap]:
    """Who could not do what it may have to: the first the month and the busiest day, the others that day."""
    found = []
    for place, leg in enumerate(routing):
        day = _day(leg)
        if day is not None and day < traffic.peak_day:
            found.append(Gap(leg.account.provider, "day", day, traffic.peak_day))
        if not place and bill(leg.tariff, traffic.most) is None:
            found.append(Gap(leg.account.provider, "month", leg.tariff.included, traffic.most))
    return found


def _day(leg: Leg) -> int | None:
    limits = [limit for limit in (room(leg.tariff), leg.account.granted) if limit is not None]
    return min(limits, default=None)


def _routings(present: Sequence[Account]) -> Iterator[Routing]:
    for order in permutations(present):
        for tariffs in product(*map(_open, order)):
            yield [Leg(*pair) for pair in zip(order, tariffs, strict=True)]


def _open(account: Account) -> list[Tariff]:
    """What an account may be on: what it is on, and what everybody can get."""
    others = [one for one in account.choices.values() if one.offered and one.name != account.tariff.name]
    return [account.tariff, *others]


def _rank(routing: Routing, now: Routing, traffic: Traffic) -> tuple[int, int]:
    """The price, then how many pairs changed places and how many accounts their tariff."""
    places = [[leg.account for leg in now].index(leg.account) for leg in routing]
    swapped = sum(before > after for before, after in combinations(places, 2))
    return cost(routing, traffic) or 0, swapped + sum(leg.changed for leg in routing)
