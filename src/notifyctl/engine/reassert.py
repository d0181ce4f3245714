"""Reassert: when the server has restarted or changed its role, nothing is claimed before everybody has told it again
what is under way and what was lately done. Whether, and for how long, is decided in `domain/identity.py`.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from msgspec import structs

from notifyctl.domain.errors import Unreachable
from notifyctl.domain.identity import Change, Identity, change, may_claim
from notifyctl.engine.memory import Known
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Attempts, Settlement
from notifyctl.store.findings import Findings
from notifyctl.store.identity import Watch
from notifyctl.store.link import Link
from notifyctl.store.workers import Beat, Workers

BATCH = 256  # calls asserted by one script


@dataclass(frozen=True, slots=True)
class Aside:
    """The way to a server that is not checked yet. `eye` is a connection of its own, to see who is there."""

    watch: Watch
    eye: Link
    attempts: Attempts
    workers: Workers
    findings: Findings


class Checker:
    """Checks the server of one worker: at its start, and whenever it has changed. `told` makes a heartbeat."""

    def __init__(self, tools: Tools, aside: Aside, told: Callable[[], Beat]) -> None:
        self._tools = tools
        self._aside = aside
        self._told = told
        self._lost = 0  # of what was told to this server already, so that an outage hides none of it

    async def run(self) -> None:
        """Look at every sign of a change, and with every heartbeat, until cancelled."""
        pace, watch = self._tools.revision.pace, self._aside.watch
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(watch.stirred.wait(), pace.heartbeat)
            watch.stirred.clear()
            try:
                await self.check()
            except Unreachable as error:
                watch.doubt()
                self._tools.log.trouble("check", error)
                await asyncio.sleep(pace.outage_poll)

    async def check(self) -> None:
        """See who is there, and let this worker go on when that is the server it knew, or when all is checked.

        Raises `Unreachable` when nobody is there, or no primary.
        """
        watch, known, eye = self._aside.watch, self._aside.watch.checked, self._aside.eye
        with eye.reach():
            met = await watch.look(eye.redis)
            if known != met:
                await watch.close()
        became = change(known or met, met)
        if became is Change.DEMOTED:
            raise Unreachable("RDS-READONLY", "Redis is no primary any more", eye.server.place)
        if became or not known:
            await self._check_all(met, became)
        watch.open(met)

    async def leave(self) -> None:
        """Take this worker out of a server that it has not checked to the end; of one that it never met nothing knows.

        Raises `Unreachable`.
        """
        if self._aside.watch.met:
            await self._aside.workers.leave(self._tools.token)

    async def _check_all(self, met: Identity, became: Change | None) -> None:
        """Tell the server what is known, then wait until everybody has."""
        since, workers = time.monotonic(), self._aside.workers
        self._lost += await self._reassert()
        crew = await workers.crew()
        await workers.join(self._tools.token, met.name)
        await workers.dismiss(await self._await_others(met, knew=became is not None, since=since))
        if reason := became or next(filter(None, (change(Identity.named(name), met) for name in crew.values())), None):
            await self._report(met, reason)
        if not met.run:
            self._tools.log.say("unseen", code="RDS-UNSEEN", reason="Redis does not tell who it is")
            await self._aside.findings.note("RDS-UNSEEN", [self._tools.token])

    async def _reassert(self) -> int:
        """Assert again what this worker knows, and what others left on disk; returns how much of it was lost."""
        aside, memory, token = self._aside, self._tools.memory, self._tools.token
        await aside.workers.beat(self._told(), self._tools.revision.pace.heartbeat_ttl)
        lost = await replay_journals(self._tools, aside.attempts, aside.findings)
        lost += await restore(aside.attempts, token, memory.known())
        await _settle(aside.attempts, token, memory.pending())
        return lost

    async def _await_others(self, met: Identity, knew: bool, since: float) -> set[str]:
        """Return when this worker may go on: those who were here before and are gone."""
        pace, workers = self._tools.revision.pace, self._aside.workers
        while True:
            await workers.beat(self._told(), pace.heartbeat_ttl)
            crew = await workers.crew()
            unchecked = {token for token, name in crew.items() if change(Identity.named(name), met)}
            living = await workers.alive(unchecked)
            if may_claim(unchecked, living, knew, time.monotonic() - since, pace.heartbeat_ttl):
                return unchecked
            await asyncio.sleep(pace.outage_poll)

    async def _report(self, met: Identity, became: Change) -> None:
        """Tell of a change, once however many workers saw it, and of what this one found lost."""
        self._tools.memory.asserted()
        self._tools.log.changed(became.value, self._lost)
        await self._aside.findings.note("RDS-CHANGED", [met.brief], "new")
        if self._lost:
            await self._aside.findings.note("RDS-LOST-WRITES", [self._tools.token], self._lost)
        self._lost = 0


async def replay_journals(tools: Tools, attempts: Attempts, findings: Findings) -> int:
    """Give the server the results that workers who are gone left on disk; returns how many of the calls it had lost.

    What cannot be read is kept, and told.
    """
    lost = 0
    for left in tools.journal.abandoned():
        if left.results:
            lost += await _replay(attempts, left.token, left.results)
            tools.log.replayed(left.token, len(left.results))
        if not left.readable:
            await findings.note("WRK-JOURNAL", [left.token])
        left.done()
    return lost


async def _replay(attempts: Attempts, token: str, settlements: Sequence[Settlement]) -> int:
    lost, _ = await attempts.reassert(token, [(item.deed, None) for item in settlements if item.deed])
    await attempts.settle(token, [structs.replace(item, restored=item.deed is not None) for item in settlements])
    return lost


async def restore(attempts: Attempts, token: str, known: Iterable[Known]) -> int:
    """Assert calls of that worker again; returns how many intents and outcomes were lost."""
    lost, rest = 0, iter(known)
    gone: list[Settlement] = []
    while batch := list(islice(rest, BATCH)):
        intents, outcomes = await attempts.reassert(token, batch)
        lost, gone = lost + intents, gone + outcomes
    await _settle(attempts, token, gone)
    return lost + len(gone)


async def _settle(attempts: Attempts, token: str, settlements: Sequence[Settlement]) -> None:
    for start in range(0, len(settlements), BATCH):
        await attempts.settle(token, settlements[start : start + BATCH])
