"""Incidents: a duty that opens, follows and ends them by itself.

One worker at a time does it, under a lease whose number fences each write. What is wrong is recorded first and told
second, see `telling`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from notifyctl.domain.cause import ALL, HOLD, Cause, Sight, causes
from notifyctl.domain.incident import TOOL, Event, Gone, Incident, Merged, Seen, after, opened, story
from notifyctl.domain.pace import Pace
from notifyctl.domain.review import IN_DOUBT, Item, item, renewed
from notifyctl.engine import sight
from notifyctl.engine.sight import Readers
from notifyctl.engine.telling import Teller
from notifyctl.store.incidents import Entry
from notifyctl.store.workers import Workers

LEASE = 3  # looks after which another worker may take over
RESTS = 3  # a sender is well again after so many of its rests without a refusal: between them it is tried
REVIEWED = ("provider", "sender")  # kinds of causes of which a person should say what became of them


class IncidentDuty:
    """The duty of one worker, whose identity is `token`; `senders` are those of a `Sight`."""

    def __init__(
        self,
        readers: Readers,
        workers: Workers,
        teller: Teller,
        senders: Mapping[str, str],
        token: str,
        pace: Pace,
    ) -> None:
        self._readers = readers
        self._workers = workers
        self._teller = teller
        self._senders, self._token = senders, token
        self._pace, self._watching = pace, pace.watching

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return self._watching.every

    async def watch(self) -> None:
        """Look once, unless another worker does. Raises `Unreachable`."""
        lease = await self._workers.lease("incidents", self._token, LEASE * self._watching.every)
        if lease:
            await self._teller.tell(lease, await self._follow(lease))

    async def close(self) -> None:
        """Cut off what is being sent; another worker sends it again."""
        await self._teller.close()

    async def _follow(self, lease: int) -> int:
        """Record what is wrong, and what is over; returns the server's time in epoch ms."""
        seen = await sight.look(self._readers, self._senders, 1)  # this worker lives
        now, before = seen.sight.now, {one.key: one for one in seen.open}
        found = {one.key: one for one in causes(seen.sight, before.keys(), seen.outage, seen.hold)}
        for cause in found.values():
            await self._see(lease, before.get(cause.key), cause, seen.sight)
        outage = await self._newest(ALL, before, found)
        hold = await self._newest(HOLD, before, found)
        for key in before.keys() - found.keys():
            event = self._ending(before[key], found, outage, hold)
            if event is not None:
                await self._step(lease, before[key], event, seen.sight)
        await self._queue_doubtful(seen.doubtful, before)
        return now

    async def _see(self, lease: int, old: Incident | None, cause: Cause, seen: Sight) -> None:
        new = after(old, Seen(cause), 0, seen.now) if old else opened(cause, seen.now)
        if new:
            await self._save(lease, old, new, seen)

    async def _newest(
        self, key: str, before: Mapping[str, Incident], found: Mapping[str, Cause]
    ) -> Incident | None:  # fmt: skip
        """The open incident of a cause, also when it was opened in this look."""
        if key in before or key not in found:
            return before.get(key)
        last = await self._readers.incidents.last_of(key)
        return last if last and not last.resolved_at else None

    def _ending(
        self, incident: Incident, found: Mapping[str, Cause], outage: Incident | None, hold: Incident | None
    ) -> Event | None:
        """What is not told yet becomes part of the outage of everything, a lane's also of a hold. What people know of
        stays as it is while that lasts: the provider is down, and the lane's mail waits, all the more."""
        lane, provider = incident.key.startswith("lane/"), incident.key.startswith("provider/")
        parent = (outage if lane or provider else None) or (hold if lane else None)
        if parent and not incident.sendings:
            return Merged(parent.id)
        lasts = ((lane or provider) and ALL in found) or (lane and HOLD in found)
        return None if lasts else Gone()

    async def _step(self, lease: int, incident: Incident, event: Event, seen: Sight) -> None:
        sender = incident.key.startswith("sender/")
        calm = self._pace.sender_rest * RESTS if sender else self._watching.calm
        new = after(incident, event, calm, seen.now)
        if new:
            await self._save(lease, incident, new, seen)

    async def _save(self, lease: int, old: Incident | None, new: Incident, seen: Sight) -> None:
        """Record a change; somebody who was faster makes the next look decide again."""
        texts = story(old, new)
        if old is None or new.resolved_at:
            texts.append(f"to do then: {seen.open:,}; in doubt: {seen.doubtful:,}")
        entries = [Entry(seen.now, TOOL, text) for text in texts]
        saved = await self._readers.incidents.save(new, entries, self._teller.owes(new), lease)
        if saved.code != "ok":
            return
        self._teller.recorded(saved.incident, texts)
        if old is None or new.worse_at > old.worse_at:
            await self._to_review(saved.incident)

    async def _to_review(self, incident: Incident) -> None:
        kind, _, subject = incident.key.partition("/")
        if kind in REVIEWED and incident.severity == "critical":
            since = incident.worse_at or incident.opened_at
            await self._ask(item(kind, subject, incident.what, since, incident.id))

    async def _queue_doubtful(self, doubtful: Sequence[tuple[str, int]], before: Mapping[str, Incident]) -> None:
        """Put mails in doubt into the review queue; those that wait there stay as they are."""
        held = before.get("unknown")
        known = {one.id for one in await self._readers.reviews.waiting(sight.MOST)} if doubtful else set()
        for name, since in doubtful:
            if f"unknown/{name}" not in known:
                await self._ask(item("unknown", name, IN_DOUBT, since, held.id if held else ""))

    async def _ask(self, new: Item) -> None:
        """Let an item wait for a person, unless it waits already, or was decided since."""
        reviews = self._readers.reviews
        old = None if await reviews.save(new) else await reviews.get(new.id)
        if old and renewed(old, new.since) is not old:
            await reviews.save(replace(new, version=old.version))
