"""Incidents as people work with them: look, write to the timeline, take over, tell again, end, look back."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from notifyctl.domain.breaker import Phase
from notifyctl.domain.cause import ALL, Cause, causes
from notifyctl.domain.course import carriers
from notifyctl.domain.errors import Bad, OutcomeUnknown, Refused
from notifyctl.domain.incident import Event, Incident, after, opened
from notifyctl.domain.notice import OPENED, RECOVERED, Due, Told, claimed, notice_of, owing
from notifyctl.domain.pace import Watching
from notifyctl.engine import sight
from notifyctl.engine.sight import Readers
from notifyctl.engine.telling import Notifier, record, said
from notifyctl.store.incidents import Entry, Incidents
from notifyctl.store.workers import Workers, claiming

TRIES = 8  # to write beside the duty
AS_ID, BY_FLAG = "name one of them as ID", "name one of them with --id ID"


class Shown(NamedTuple):
    """An incident with its timeline."""

    incident: Incident
    timeline: Sequence[Entry]


class Changed(NamedTuple):
    """What was written; `did` is False when there was nothing to do."""

    incident: Incident
    did: bool


class Detected(NamedTuple):
    """What is wrong, gravest first; and the providers that get no mail still, as what is left of an outage of all."""

    causes: Sequence[Cause]
    left: Sequence[str]


async def detect(
    readers: Readers, workers: Workers, addresses: Mapping[str, str], keyed: Collection[str]
) -> Detected:  # fmt: skip
    """What is wrong now; writes nothing. `addresses` are those that we send from at each provider of the
    route, `keyed` the providers with a key here. Raises `Unreachable`."""
    working = claiming(await workers.list())
    names = carriers(tuple(addresses), keyed, (beat.keys for beat in working)) or addresses
    seen = await sight.look(readers, {name: addresses[name] for name in names}, len(working))
    found = causes(seen.sight, {one.key for one in seen.open}, seen.outage, seen.hold)
    told = {one.key for one in found}
    shut = [name for name in names if seen.sight.board.breaker(name).phase is Phase.OPEN]
    return Detected(found, [name for name in shut if not told & {ALL, f"provider/{name}"}])


async def pick(incidents: Incidents, identity: str | None, *, over: bool = False, hint: str = AS_ID) -> Incident:
    """The incident of that id; without one the only one that is open, or with `over` else the latest.

    Raises `Bad` when there is none, `Refused` with the hint when several are open and none was named.
    """
    if identity:
        found = await incidents.get(identity)
        if found is None:
            raise Bad("INC-NOT-FOUND", f"there is no incident {identity!r}", identity, "see notifyctl incident list")
        return found
    there = await incidents.open() or (await incidents.latest(1) if over else [])
    if not there:
        raise Bad("INC-NOT-FOUND", "no incident is open", "", "look what is wrong: notifyctl incident detect")
    if len(there) > 1:
        names = ", ".join(one.id for one in there)
        raise Refused("INC-WHICH", f"several are open: {names}; nothing was changed", "", hint)
    return there[0]


async def default_reason(incidents: Incidents, given: str | None) -> str | None:
    """The reason of a change: what was given, else the open incident when exactly one is open, else None."""
    there = [] if given else await incidents.open()
    return f"{there[0].id}: {there[0].title}" if len(there) == 1 else given


async def shown(incidents: Incidents, identity: str | None) -> Shown:
    """An incident and its timeline. Raises as `pick`."""
    found = await pick(incidents, identity, over=True)
    return Shown(found, await incidents.timeline(found.id))


async def note(incidents: Incidents, identity: str | None, text: str, by: str, hint: str = BY_FLAG) -> Changed:
    """Write to the timeline of an incident, whatever its state. Raises as `pick`."""
    return await _change(incidents, identity, lambda one, now: one, by, text, over=bool(identity), hint=hint)


async def log(
    incidents: Incidents, identity: str | None, text: str, severity: str, by: str, new: bool = False
) -> Changed:
    """Write to the timeline of the open incident; when none is open, or with `new`, open one by hand with that
    severity."""
    if not new and (identity or await incidents.open()):
        return await note(incidents, identity, text, by, f"{BY_FLAG}, or open another one with --new")
    now = await incidents.now()
    cause = Cause(f"manual/{now}", severity, text[:100], text, "", "", now)
    saved = await incidents.save(opened(cause, now, by), [Entry(now, by, text)])
    if saved.code == "taken":  # somebody did so in the same millisecond
        return await note(incidents, saved.incident.id, text, by)
    return Changed(saved.incident, True)


async def foresee(incidents: Incidents, identity: str | None, event: Event) -> Changed:
    """What `change` would do now, for the question that is asked before it; writes nothing. Raises as `change`."""
    found = await pick(incidents, identity, over=True)
    return Changed(found, after(found, event, 0, await incidents.now()) is not None)


async def change(incidents: Incidents, identity: str | None, event: Event, by: str, text: str) -> Changed:
    """Let something happen to an incident, with a line in its timeline. Raises as `pick` and `incident.after`."""
    return await _change(incidents, identity, lambda one, now: after(one, event, 0, now), by, text)


async def _change(
    incidents: Incidents, identity: str | None, step: Callable[[Incident, int], Incident | None], by: str, text: str,
    over: bool = True, hint: str = AS_ID,
) -> Changed:  # fmt: skip
    for _ in range(TRIES):
        old = await pick(incidents, identity, over=over, hint=hint)
        now = await incidents.now()
        new = step(old, now)
        if new is None:
            return Changed(old, False)
        saved = await incidents.save(new, [Entry(now, by, text)], owing=True)  # the duty sees what is left to tell
        if saved.code == "ok":
            return Changed(saved.incident, True)
    raise OutcomeUnknown("INC-BUSY", "others write to this incident all the time", identity or "", "try again")


async def notify(
    incidents: Incidents, identity: str | None, notifiers: Sequence[Notifier], realm: str, watching: Watching
) -> list[tuple[str, Told]]:
    """Tell everybody of an incident, now and again, all at once; the results in the order of the notifiers.

    Each is claimed and recorded as the duty does it. Raises as `pick`.
    """
    found = await pick(incidents, identity, over=True)
    names = tuple(one.name for one in notifiers)
    owes = partial(owing, notifiers=names, watching=watching)
    return list(await asyncio.gather(*(_tell(incidents, found.id, one, realm, watching, owes) for one in notifiers)))


async def _tell(
    incidents: Incidents, identity: str, notifier: Notifier, realm: str, watching: Watching,
    owes: Callable[[Incident], bool],
) -> tuple[str, Told]:  # fmt: skip
    for _ in range(TRIES):
        found, now = await pick(incidents, identity), await incidents.now()
        one = Due(RECOVERED if found.resolved_at else OPENED, notifier.name)
        saved = await incidents.save(claimed(found, one, watching, now))
        if saved.code == "ok":
            notice = notice_of(saved.incident, one.occasion, realm, now, again=f"/{now}")
            told = await said(notifier, notice, watching)
            await record(incidents, identity, one, told, watching, owes)
            return notifier.name, told
    return notifier.name, Told(False, "not sent: others write to this incident all the time")
