"""Duties: what workers do beside sending. Each runs at its interval, under a lease where one worker is enough."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from notifyctl import __version__
from notifyctl.domain.errors import Unreachable
from notifyctl.engine.allowance import AllowanceDuty
from notifyctl.engine.audit import Auditor
from notifyctl.engine.claim import Claimer
from notifyctl.engine.prober import Prober
from notifyctl.engine.reassert import replay_journals
from notifyctl.engine.tools import Tools
from notifyctl.store.queue import Held
from notifyctl.store.workers import Beat


class Duties:
    """The duties of one worker; `stop()` ends them."""

    def __init__(self, tools: Tools, claimer: Claimer, draining: asyncio.Event, host: str, pid: int) -> None:
        self._tools = tools
        self._claimer = claimer
        self._draining = draining
        self._host, self._pid = host, pid
        self._started_at = int(time.time() * 1000)
        self._beating_since = 0.0
        self.asked = False
        self._auditor = Auditor(tools)
        self._allowance = AllowanceDuty(tools)
        self._prober = Prober(tools)

    async def run(self) -> None:
        """Run every duty until cancelled."""
        pace = self._tools.revision.pace
        async with asyncio.TaskGroup() as group:
            group.create_task(self._every(pace.heartbeat, self.beat))
            group.create_task(self._every(pace.heartbeat, self._tools.presence.show))  # no heartbeat waits for it
            group.create_task(self._every(pace.adopt, self.adopt))
            group.create_task(self._every(pace.audit, self.audit))
            group.create_task(self._every(pace.allowance, self.allowance))
            group.create_task(self._every(pace.watching.every, self.incidents))
            group.create_task(self._every(pace.prober, self.probe))
            group.create_task(self._every(pace.retention, self.archive))

    async def beat(self) -> None:
        """Say that this worker lives, and drain when somebody asks for it.

        Others adopt its jobs when it has said nothing for the pace's ttl. It tells of the keys that hold now.
        """
        self._tools.follow()
        if await self._tools.workers.beat(self.told(), self._tools.revision.pace.heartbeat_ttl):
            self.asked = True
            self._draining.set()
        self._beating_since = self._beating_since or time.monotonic()

    def told(self) -> Beat:
        """What this worker says of itself."""
        tools = self._tools
        return Beat(
            token=tools.token, name=tools.name, host=self._host, pid=self._pid, version=__version__,
            pace=tools.revision.pace.name, started_at=self._started_at, beat_at=int(time.time() * 1000),
            in_flight=len(self._claimer.held), sent=tools.log.sent, draining=self._draining.is_set(),
            keys=dict(tools.keys), pinned=dict(tools.pinned),
        )  # fmt: skip

    async def adopt(self) -> None:
        """Take over jobs whose worker is gone, and our own of a claim whose reply was lost.

        One worker at a time looks at everybody's jobs; each looks after its own. After an outage every heartbeat is
        missing, so nobody adopts before the others had time to beat again. Of many orphans a part is taken at once: a
        worker that drowns in them misses its own heartbeats, and they become the next one's.
        """
        pace, tools = self._tools.revision.pace, self._tools
        if not self._beating_since or time.monotonic() < self._beating_since + pace.heartbeat_ttl:
            return
        await self.replay_journals()
        everybody = await tools.lease("adopt", pace.adopt)
        if not (everybody or self._claimer.lost_reply):
            return
        async with self._claimer.claiming:
            if self._draining.is_set():
                return
            found = await self._orphans(everybody)
            orphans = found[: self._claimer.spare]
            self._claimer.lost_reply = True  # until the reply to this is there
            if orphans:
                jobs = await tools.queue.adopt(tools.token, pace.lock, tools.name, orphans)
                self._claimer.take(jobs)
                if jobs:
                    tools.log.adopted(len(jobs))
            self._claimer.lost_reply = len(orphans) < len(found)  # the rest may be of our own

    async def _orphans(self, everybody: int) -> list[Held]:
        active = await self._tools.queue.active()
        own = [held for held in active if held.lock == self._tools.token]
        lost = [held for held in own if (held.lane, held.id) not in self._claimer.held]
        if not everybody:
            return lost
        ours = {held.lock for held in active if held.lock.startswith("nf.") and held.lock != self._tools.token}
        dead = ours - await self._tools.workers.alive(ours)
        return [*lost, *(held for held in active if not held.lock or held.lock in dead)]

    async def audit(self) -> None:
        """Notice what others did to the queues."""
        await self._apart("audit", self._auditor.audit)

    async def allowance(self) -> None:
        """Ask the accounts what they allow."""
        await self._apart("allowance", self._allowance.ask)

    async def incidents(self) -> None:
        """Open, follow and end incidents, and tell people of them."""
        if self._tools.incidents:
            await self._apart("incidents", self._tools.incidents.watch)

    async def probe(self) -> None:
        """Bring providers back."""
        await self._apart("prober", self._prober.probe)

    async def archive(self) -> None:
        """Move what has ended to the files of its months, once a day."""
        retention, pace = self._tools.retention, self._tools.revision.pace
        if retention and await self._tools.lease("retention", pace.retention):
            await self._apart("retention", retention.daily)

    async def _apart(self, name: str, duty: Callable[[], Awaitable[None]]) -> None:
        """Do what only looks after things: a bug in it must not end the sending."""
        try:
            await duty()
        except Unreachable:
            raise
        except Exception as error:
            self._tools.log.bug(name, error)

    async def replay_journals(self) -> None:
        """Give Redis the results that workers who are gone left on disk."""
        await replay_journals(self._tools, self._tools.attempts, self._tools.findings)

    async def _every(self, seconds: float, duty: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await duty()
            except Unreachable as error:
                self._beating_since = 0.0
                self._tools.log.trouble(getattr(duty, "__name__", "duty"), error)
            if _told_to_end():
                return
            await asyncio.sleep(seconds)


def _told_to_end() -> bool:
    """Whether this task was cancelled; on Python 3.11 `wait_for`, which redis-py uses, may swallow that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
