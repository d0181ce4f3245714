"""Claim: take jobs in batches as room becomes free, and sleep on BullMQ's markers when there is nothing.

A worker carries `in_flight` messages at once. The first lane may fill all of that, each later lane an eighth
less, so a critical message always finds room beside any amount of bulk. One message of any lane always fits.
"""

import asyncio
import contextlib
from collections.abc import Callable

from notifyctl.domain.errors import Degraded, Unreachable
from notifyctl.engine.settle import broken_queue
from notifyctl.engine.tools import Tools
from notifyctl.store.link import Link
from notifyctl.store.queue import Claim, Job

BATCH = 64
GATHER = 0.005  # seconds to gather room for a larger batch; less than a provider's answer takes
CROWDED = 0.05  # seconds after which the earlier lanes are looked at again while a later one is full


class Claimer:
    """Feeds jobs to `carry` until told to stop. `blocking` is a connection of its own, to wait on markers."""

    def __init__(self, tools: Tools, blocking: Link, carry: Callable[[Job], None], draining: asyncio.Event) -> None:
        self._tools = tools
        self._blocking = blocking
        self._carry = carry
        self._draining = draining
        self._freed = asyncio.Event()
        self.held: set[tuple[int, str]] = set()
        self.lost_reply = False
        self.claiming = asyncio.Lock()

    @property
    def spare(self) -> int:
        """How many jobs may be adopted: as many as may be claimed, beside those, so that no claim keeps them out."""
        return max(2 * self._tools.revision.bounds.in_flight - len(self.held), 0)

    def release(self, job: Job) -> None:
        """A job has left this worker's hands."""
        self.held.discard((job.lane, job.id))
        self._freed.set()

    async def run(self) -> None:
        """Claim until draining; an outage of Redis is waited out, and a broken marker is not slept on."""
        while not self._draining.is_set():
            await self._room()
            try:
                await self._open()
                claim = await self._claim()
                if claim and not claim.jobs and not self._draining.is_set():
                    await self._nap(claim)
            except (Unreachable, Degraded) as error:
                self.lost_reply = True
                self._tools.log.trouble("claim", error)
                await asyncio.sleep(self._tools.revision.pace.outage_poll)

    async def _room(self) -> None:
        """Wait until a batch fits, or a short while for whatever room there is."""
        while True:
            self._freed.clear()
            free = self._free()
            if free >= min(BATCH, max(self._tools.revision.bounds.in_flight // 4, 1)):
                return
            try:
                await asyncio.wait_for(self._freed.wait(), GATHER if free > 0 else None)
            except TimeoutError:
                return

    async def _open(self) -> None:
        """Wait while nothing may be sent at all: what is not claimed keeps its place, and drains oldest first."""
        tools, now = self._tools, self._tools.clock.now()
        while (opens := tools.board.opens(tuple(tools.providers), now)) > now and not self._draining.is_set():
            await asyncio.sleep(min((opens - now) / 1000, tools.revision.pace.block))
            await tools.board.refresh()
            now = tools.clock.now()

    def _free(self) -> int:
        """How many more messages may be claimed; one at a time while all that there is room for is a probe."""
        free = self._tools.revision.bounds.in_flight - len(self.held)
        only = self._tools.board.only_probes(tuple(self._tools.providers), self._tools.clock.now())
        return min(free, 1) if only else free

    async def _claim(self) -> Claim | None:
        """One claim; none when it was time to drain before it began."""
        tools = self._tools
        async with self.claiming:
            if self._draining.is_set():
                return None
            lock = tools.revision.pace.lock
            claim = await tools.queue.claim(tools.token, lock, tools.name, min(self._free(), BATCH), self._shares())
            tools.clock.hear(claim.now)
            for queue, words in claim.broken:
                tools.log.trouble(f"claim of {queue}", broken_queue(queue, words))
            self.take(claim.jobs)
        return claim

    def take(self, jobs: tuple[Job, ...]) -> None:
        """Begin to carry jobs that are ours now."""
        self._tools.failpoint.reach("after-claim")
        for job in jobs:
            self.held.add((job.lane, job.id))
            self._carry(job)

    def _shares(self) -> list[int]:
        """How many jobs each lane may add: later lanes leave more room to the earlier ones.

        Later lanes add no more than providers will take soon, either. The first one is spared, since a critical message
        may go to another provider, also when it waits behind bulk in a lane for all.
        """
        most, busy, now = self._tools.revision.bounds.in_flight, len(self.held), self._tools.clock.now()
        rooms = [max(most * (8 - min(place, 6)) // 8, 1) for place in range(len(self._tools.queue.bases))]
        shares = [max(room - busy, 0) for room in rooms]
        board, able = self._tools.board, tuple(self._tools.providers)
        if len(shares) > 1 and board.opens(able, now, critical=True) > now:
            shares[0] = 0  # all that there is room for is a probe, and that is no critical message
        soon = [self._tools.limiter.claimable(lane, now) for lane in range(2, len(shares) + 1)]
        return [*shares[:1], *(int(min(share, most)) for share, most in zip(shares[1:], soon, strict=True))]

    async def _nap(self, claim: Claim) -> None:
        """Sleep until a marker says that there is work, a delayed job is due, or the pace's block has passed.

        While a lane has used up its share, jobs may wait there without a marker: then a free place wakes us too.
        """
        longest = self._tools.revision.pace.block
        if 0 in self._shares():
            await self._place(CROWDED)
            return
        if claim.next_due:
            longest = min(longest, max((claim.next_due - self._tools.clock.now()) / 1000, 0.001))
        if longest < 0.05:  # BZPOPMIN would cost more than the wait
            await asyncio.sleep(longest)
            return
        markers = [f"{base}marker" for base in self._tools.queue.bases]
        with self._blocking.reach():
            popped = await self._blocking.redis.bzpopmin(markers, timeout=longest)
        if popped and float(popped[2]) > self._tools.clock.now():
            await self._until(float(popped[2]), longest)

    async def _place(self, longest: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), longest)

    async def _until(self, due: float, longest: float) -> None:
        """A marker of a delayed job was taken: it must be put back by a claim when the job is due, not later."""
        await asyncio.sleep(min(max((due - self._tools.clock.now()) / 1000, 0), longest, 0.2))
