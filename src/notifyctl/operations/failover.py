"""Moving the mail to another provider for a while: now, because one fails, or planned.

Both lay a pin over the route. A failover picks the readiest target when none is named, says so when the breaker has
moved the mail already, and asks nothing of the provider that fails. A switchover demands a target that is ready in
every respect. Neither needs a worker to live.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain.course import Course, course, detours
from notifyctl.domain.errors import Refused
from notifyctl.domain.finding import Finding
from notifyctl.domain.provider import Provider
from notifyctl.domain.readiness import OPEN, Target, against, readiest, weighty
from notifyctl.domain.route import Pin
from notifyctl.domain.transition import Entry
from notifyctl.operations.probe import Probe, probe
from notifyctl.operations.route import Plan
from notifyctl.store import lanes
from notifyctl.store.attempts import Attempts
from notifyctl.store.board import Boards, Look
from notifyctl.store.limits import LimitLook, ProviderLimits
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Workers, claiming

PATIENCE = 2.0  # seconds for the accounts: whoever types this waits


class Ours(NamedTuple):
    """What this installation says of its providers: the order of the revision, those with a key, the address that each
    sends from, and the accounts that can be asked."""

    order: tuple[str, ...]
    keyed: tuple[str, ...]
    senders: Mapping[str, str]
    accounts: Mapping[str, Provider]

    @property
    def row(self) -> tuple[str, ...]:
        """The order of those with a key, as the workers have it; of all when no key is set here."""
        return self.keyed or self.order

    def demand(self, provider: str | None) -> None:
        """Raise `Refused` for a provider to which no mail can be moved, whoever insists."""
        if provider and provider not in self.order:
            what = f"{provider} is not in the route of this configuration; nothing was changed"
            raise Refused("RTE-ABSENT", what, "route.order", f"add it there, or name one of {', '.join(self.order)}")


class Seen(NamedTuple):
    """A snapshot for a move: the board, who might take over, the last transitions, and how many workers live."""

    look: Look
    course: Course
    targets: Mapping[str, Target]
    entries: Sequence[Entry]
    workers: int


class Places(NamedTuple):
    """Where to look."""

    boards: Boards
    limits: ProviderLimits
    attempts: Attempts
    queue: Queue
    workers: Workers


async def see(places: Places, ours: Ours, to: str | None) -> Seen:
    """Look at everything that a move depends on, at once; nothing is written.

    Only accounts of providers that might take over are asked: the one that fails may keep us waiting.
    """
    look = await places.boards.look()
    going = course(look.board, ours.row, look.now)
    probes, last, needed, beats, entries, rooms = await asyncio.gather(
        _accounts(ours, going, to), places.attempts.last(), lanes.open_jobs(places.queue.link, places.queue.bases),
        places.workers.list(), places.boards.history(), _rooms(places.limits, ours.order),
    )  # fmt: skip
    targets = {name: _target(name, look, ours, rooms[name], probes.get(name), last, needed) for name in ours.order}
    return Seen(look, going, targets, entries, len(claiming(beats)))


async def _rooms(limits: ProviderLimits, names: Sequence[str]) -> dict[str, LimitLook]:
    return dict(zip(names, await asyncio.gather(*map(limits.look, names)), strict=True))


async def _accounts(ours: Ours, going: Course, to: str | None) -> dict[str, Probe]:
    might = [to] if to else [name for name in ours.row if name != going.carrier and not going.moved]
    asked = [name for name in might if name in ours.accounts]
    return {one.provider: one for one in await probe(ours.accounts, asked, PATIENCE)} if asked else {}


def _target(
    name: str, look: Look, ours: Ours, room: LimitLook, asked: Probe | None, last: Mapping[str, int], needed: int
) -> Target:
    accepted = (when for key, when in last.items() if key.startswith(f"{name}|accepted|"))
    sender = look.board.senders.get(f"{name}|{ours.senders.get(name, '')}", 0)
    return Target(
        name=name, keyed=name in ours.keyed, breaker=look.board.breaker(name), sender_until=sender,
        wait_until=room.closed_until, quotas=room.quotas, account=asked.health if asked else None,
        accepted_at=max(accepted, default=0), needed=needed,
    )  # fmt: skip


class Wish(NamedTuple):
    """What a person asks for: the target (None = the readiest), until when (epoch ms), by whom and why, and the codes
    of what they pass over."""

    to: str | None
    until: int
    by: str
    reason: str
    force: Collection[str] = ()


def failover(seen: Seen, wish: Wish) -> Plan:
    """Away from the provider that gets the mail, to the named one or to the readiest."""
    going, now = seen.course, seen.look.now
    pinned = going.route.pin
    done = going.moved or (pinned is not None and pinned.provider == going.carrier)
    if (wish.to is None and done) or (wish.to and wish.to == going.carrier):
        return _idle("failover", seen, wish)
    others = [target for target in seen.targets.values() if target.name != going.carrier]
    target = seen.targets[wish.to] if wish.to else next(iter(readiest(others, now)), None)
    if target is None:
        raise Refused("RTE-ALONE", f"{going.carrier} is the only provider of the route; nothing was changed")
    return _pinned("failover", seen, target, wish)


def switchover(seen: Seen, to: str, wish: Wish) -> Plan:
    """A planned move to a provider that is ready in every respect. One that carries the mail only because others are
    out is pinned all the same: then it stays when they come back."""
    going = seen.course
    if going.carrier == going.wanted == to and not going.route.pin:
        return _idle("switchover", seen, wish)
    plan = _pinned("switchover", seen, seen.targets[to], wish)
    return plan._replace(remarks=[*plan.remarks, _parity(seen, to)])


def _parity(seen: Seen, to: str) -> Finding:
    """Whether the target refuses the same recipients; nothing reads such lists yet, and that is said each time."""
    what = f"whether it suppresses the same recipients as {seen.course.carrier or 'the others'} is not known yet"
    return Finding("SUP-PARITY", "info", f"provider/{to}", what, "compare the lists of both at the providers")


def _pinned(verb: str, seen: Seen, target: Target, wish: Wish) -> Plan:
    """A breaker that is passed over needs a pin that does so, too; else the pin leaves the breaker its say."""
    found = against(target, seen.look.now)
    opened = OPEN in wish.force and any(one.code == OPEN for one in found)
    pin = Pin(target.name, "force" if opened else "prefer", wish.until, wish.reason, wish.by)
    after = seen.course.route._replace(pin=pin)
    forbids = weighty(found, verb == "switchover", wish.force)
    remarks = [*(one for one in found if one not in forbids), *_kept_back(seen)]
    return Plan(verb, seen.look, after, (), wish.by, wish.reason, wish.until, forbids, remarks)


def _kept_back(seen: Seen) -> list[Finding]:
    """What keeps the mail from going out although it was moved."""
    found = []
    if seen.course.route.hold:
        what = f"the queue is paused: {seen.course.route.hold.reason}"
        found.append(Finding("RTE-HELD", "warning", "queue", what, "go on: notifyctl resume queue"))
    if not seen.workers:
        what = "nobody works: mail goes there as soon as a worker runs"
        found.append(Finding("WRK-NONE", "critical", "workers", what, "start one: notifyctl worker"))
    return found


def _idle(verb: str, seen: Seen, wish: Wish) -> Plan:
    why = f"the mail goes through {seen.course.carrier} already"
    out = detours(seen.look.board, seen.course.passed, seen.entries)
    return Plan(verb, seen.look, seen.course.route, (), wish.by, wish.reason, idle=why, detours=out)
