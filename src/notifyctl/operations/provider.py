"""Providers as the engine sees them now: breaker, calls, room, closed senders; on request their account, too."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain.breaker import Breaker
from notifyctl.domain.course import Course, Detour, carriers, course, detours
from notifyctl.domain.provider import Health, Provider
from notifyctl.domain.transition import Entry
from notifyctl.operations.probe import probe
from notifyctl.store.attempts import Attempts
from notifyctl.store.board import Boards, Checked, Look, Sunk
from notifyctl.store.limits import LimitLook, ProviderLimits
from notifyctl.store.workers import Workers, claiming


class Carrier(NamedTuple):
    """One provider of the route. `calls` counts outcomes by `kind.certainty`; `senders` says until when (epoch ms) each
    of our senders is closed there; `accepted_at` is when it took a mail last (0 = never); `account` is None when it was
    not asked; `detour` says why it gets no mail; `sunk` is the daily message to its sink, `checked` what its account
    told the prober last, None when there was none."""

    name: str
    keyed: bool
    breaker: Breaker
    room: LimitLook
    calls: Mapping[str, int]
    senders: Mapping[str, int]
    accepted_at: int
    account: Health | None
    detour: Detour | None
    sunk: Sunk | None = None
    checked: Checked | None = None


class Carriers(NamedTuple):
    """The providers in the order of the revision, where the mail goes, and the server's time (epoch ms)."""

    found: Sequence[Carrier]
    course: Course
    now: int


async def look(
    boards: Boards, limits: ProviderLimits, attempts: Attempts, workers: Workers, order: tuple[str, ...],
    keyed: tuple[str, ...], accounts: Mapping[str, Provider],
) -> Carriers:  # fmt: skip
    """Look at all providers; `keyed` have a key here, those in `accounts` are asked. Nothing is written."""
    keyed = carriers(order, keyed, [beat.keys for beat in claiming(await workers.list())])
    seen, (entries, sinks, checked), totals, last, rooms, asked = await asyncio.gather(
        boards.look(), _told(boards), attempts.totals(), attempts.last(), _rooms(limits, order), _asked(accounts)
    )
    out = {one.provider: one for one in detours(seen.board, order, entries)}
    found = [
        _carrier(name, seen, rooms[name], totals[1], last)._replace(
            keyed=name in keyed,
            account=asked.get(name),
            detour=out.get(name),
            sunk=sinks.get(name),
            checked=checked.get(name),
        )
        for name in order
    ]
    return Carriers(found, course(seen.board, keyed or order, seen.now), seen.now)


def _carrier(name: str, seen: Look, room: LimitLook, calls: Mapping[str, int], last: Mapping[str, int]) -> Carrier:
    accepted = (when for key, when in last.items() if key.startswith(f"{name}|accepted|"))
    closed = {key.partition("|")[2]: until for key, until in seen.board.senders.items() if key.startswith(f"{name}|")}
    open_ = {address: until for address, until in closed.items() if until > seen.now}
    mine = {key.replace("|", ".").removeprefix(f"{name}."): n for key, n in calls.items() if key.startswith(f"{name}|")}
    breaker = seen.board.breaker(name)
    return Carrier(name, True, breaker, room, mine, open_, max(accepted, default=0), None, None)


async def _told(boards: Boards) -> tuple[Sequence[Entry], Mapping[str, Sunk], Mapping[str, Checked]]:
    """The last transitions, and what sinks and accounts told the prober."""
    return await asyncio.gather(boards.history(), boards.sinks(), boards.health())


async def _rooms(limits: ProviderLimits, names: Sequence[str]) -> dict[str, LimitLook]:
    return dict(zip(names, await asyncio.gather(*map(limits.look, names)), strict=True))


async def _asked(accounts: Mapping[str, Provider]) -> dict[str, Health]:
    return {one.provider: one.health for one in await probe(accounts, tuple(accounts))} if accounts else {}
