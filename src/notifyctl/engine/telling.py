"""Telling people of incidents.

Each message is claimed on record before it goes out, in a task of its own and within a bounded time: a notifier that
hangs delays neither the others nor the next look. One that was cut off by the death of its worker is sent again by
another when its claim has run out, under the same id.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from notifyctl.domain.errors import Unreachable
from notifyctl.domain.incident import TOOL, Incident
from notifyctl.domain.notice import Due, Notice, Told, claimed, due, failed, notice_of, owing, sent
from notifyctl.domain.pace import Watching
from notifyctl.domain.redact import redact
from notifyctl.engine.failpoint import Failpoint
from notifyctl.store.incidents import Entry, Incidents
from notifyctl.telemetry.logs import Log

TRIES = 20  # to write a result beside others who write


class Notifier(Protocol):
    """A way to tell people."""

    @property
    def name(self) -> str: ...

    def takes(self, occasion: str) -> bool:
        """Whether it is told of that."""

    async def tell(self, notice: Notice) -> Told:
        """Send one message, within its patience; never raises for what the other side does."""


class Teller:
    """Tells what is due. `realm` names the installation to those who are told."""

    def __init__(
        self, incidents: Incidents, notifiers: Sequence[Notifier], realm: str, watching: Watching, log: Log,
        failpoint: Failpoint,
    ) -> None:  # fmt: skip
        self._incidents = incidents
        self._notifiers = {one.name: one for one in notifiers}
        self._realm, self._watching = realm, watching
        self._log, self._failpoint = log, failpoint
        self._tasks: set[asyncio.Task[None]] = set()

    def owes(self, incident: Incident) -> bool:
        """Whether the incident is to be looked at again."""
        return owing(incident, tuple(self._notifiers), self._watching)

    def recorded(self, incident: Incident, texts: Sequence[str]) -> None:
        """An incident was recorded: it is logged, and not told yet."""
        self._failpoint.reach("after-incident")
        if texts:
            state = incident.state.value
            self._log.say("incident", id=incident.id, key=incident.key, state=state, texts=list(map(redact, texts)))

    async def tell(self, lease: int, now: int) -> None:
        """Begin to send what is due, and return. Raises `Unreachable`."""
        for incident in await self._incidents.owing():
            await self._begin(incident, lease, now)

    async def close(self) -> None:
        """Cut off what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin(self, incident: Incident, lease: int, now: int) -> None:
        wanted = due(incident, tuple(self._notifiers), self._watching, now)
        for one in (one for one in wanted if self._notifiers[one.notifier].takes(one.occasion)):
            claim = claimed(incident, one, self._watching, now)
            saved = await self._incidents.save(claim, (), True, lease)
            if saved.code != "ok":
                return
            incident = saved.incident
            self._failpoint.reach("before-notify")
            task = asyncio.get_running_loop().create_task(self._send(incident, one, now))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not incident.resolved_at or self.owes(incident):
            return
        await self._incidents.save(incident, (), False, lease)  # nothing is left to tell

    async def _send(self, incident: Incident, one: Due, now: int) -> None:
        """A bug in a notifier ends nothing; where Redis is away the claim runs out, and the message goes again."""
        try:
            notice = notice_of(incident, one.occasion, self._realm, now)
            told = await said(self._notifiers[one.notifier], notice, self._watching)
            self._failpoint.reach("after-notify")
            await record(self._incidents, incident.id, one, told, self._watching, self.owes)
            words = {"by": one.notifier, "well": told.well, "detail": told.detail}
            self._log.say("told", incident=incident.id, occasion=one.occasion, **words)
        except Unreachable as error:
            self._log.trouble("telling", error)
        except Exception as error:
            self._log.bug(f"telling {one.notifier}", error)


async def said(notifier: Notifier, notice: Notice, watching: Watching) -> Told:
    """Send one message; a notifier that does not keep its own time is cut off at twice its patience."""
    try:
        async with asyncio.timeout(watching.patience * 2):
            return await notifier.tell(notice)
    except TimeoutError:
        return Told(False, "no result in time")


async def record(
    incidents: Incidents, identity: str, one: Due, told: Told, watching: Watching, owes: Callable[[Incident], bool]
) -> None:
    """Record what came of a message, whatever else was recorded meanwhile. Raises `Unreachable`."""
    for _ in range(TRIES):
        incident = await incidents.get(identity)
        if incident is None:
            return
        now = await incidents.now()
        new = sent(incident, one, told.detail, now) if told.well else failed(incident, one, told.detail, watching, now)
        text = f"{one.occasion}: {one.notifier} {'told' if told.well else 'not told'}: {told.detail}"
        if (await incidents.save(new, [Entry(now, TOOL, text)], owes(new))).code == "ok":
            return
