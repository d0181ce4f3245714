"""What mail costs: counted in the attempts on record, priced by the tariffs of the accounts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from notifyctl.domain import tariff
from notifyctl.domain.advice import Account
from notifyctl.domain.cost import Bill, Traffic, bill, cheapest
from notifyctl.domain.outcome import Certainty, Kind
from notifyctl.domain.progress import Listener, Step, silent
from notifyctl.domain.revision import Revision
from notifyctl.domain.usage import Usage
from notifyctl.evidence import archive
from notifyctl.store import search
from notifyctl.store.limits import ProviderLimits
from notifyctl.store.queue import Queue

GRANTED = "24 hours"  # the quota that an account is granted apart from its tariff, as Amazon tells it


class Line(NamedTuple):
    """One provider in a month: its tariff, whether that was told by the configuration, mails, and their bill; None
    where the tariff does not take so many."""

    tariff: tariff.Tariff
    told: bool
    mails: int
    bill: Bill | None


async def count(queue: Queue, home: Path, since: str, listener: Listener = silent) -> Usage:
    """All calls on record: those in Redis, and those of messages that ended since that month (`2026-10`) and were
    archived. Raises `Unreachable`, and `Degraded` at a line of the archive that cannot be read."""
    usage, seen = Usage(), set[str]()
    async for part in search.taken(queue):
        for one in part:
            if one.id not in seen:  # while its table of keys grows or shrinks, a server tells some of them again
                usage.add(one.provider, one.at, one.sure)
            seen.add(one.id)
        listener(Step("count", len(seen), None, "in Redis"))
    for month in archive.months(home):
        if month >= since:
            _count_archived(usage, archive.calls(home, month), seen)
            listener(Step("count", len(seen), None, f"archive of {month}"))
    return usage


def _count_archived(usage: Usage, calls: Iterable[archive.Counted], seen: Collection[str]) -> None:
    """A message is in both places for a moment while it is archived: its calls count once."""
    for call in calls:
        sure = call.kind == Kind.ACCEPTED
        if call.id not in seen and (sure or call.certainty == Certainty.AMBIGUOUS):
            usage.add(call.provider, call.at, sure)


async def granted(limits: ProviderLimits, providers: Sequence[str]) -> dict[str, int]:
    """The mails a day that accounts were granted, as far as a worker has asked them. Raises `Unreachable`."""
    found = {}
    for name in providers:
        for watched in (await limits.look(name)).quotas:
            if watched.quota.name == GRANTED and watched.quota.limit > 0:
                found[name] = watched.quota.limit
    return found


def prices(revision: Revision) -> tariff.Prices:
    """The prices that hold: the list, with what the configuration says."""
    return revision.prices or tariff.PRICES


def accounts(revision: Revision, order: Sequence[str], traffic: Traffic, granted_: Mapping[str, int]) -> list[Account]:
    """The accounts in the order of the route. One whose tariff is not told is taken to be on the cheapest that does
    what its place in the route asks of it: the first carries the traffic, the others could on the busiest day."""
    standby = Traffic(0, 0, traffic.peak_day)
    return [
        Account(
            *(name, assumed(revision, name, standby if place else traffic), prices(revision)[name]),
            *(granted_.get(name), bool(revision.providers[name].plan)),
        )
        for place, name in enumerate(order)
    ]


def assumed(revision: Revision, provider: str, traffic: Traffic) -> tariff.Tariff:
    """The tariff of an account: the one that is told, or what a careful owner would be on; when none is enough, the
    last of the list."""
    known, told = prices(revision)[provider], revision.providers[provider].plan
    if told:
        return known[told]
    return cheapest(known, traffic.mails, traffic.most, traffic.peak_day) or list(known.values())[-1]


def lines(accounts: Sequence[Account], mails: Mapping[str, int]) -> list[Line]:
    """The bill of each account for so many mails of a month."""
    return [
        Line(
            one.tariff,
            one.told,
            mails.get(one.provider, 0),
            bill(one.tariff, mails.get(one.provider, 0)),
        )
        for one in accounts
    ]
