"""A worker process: claims, carries, and drains when it is told to stop."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine

from notifyctl.domain.errors import Misconfigured, Unreachable
from notifyctl.engine.carry import Carrier
from notifyctl.engine.claim import Claimer
from notifyctl.engine.duties import Duties
from notifyctl.engine.reassert import Aside, Checker
from notifyctl.engine.tools import Tools
from notifyctl.store.health import eviction_policy, server_time
from notifyctl.store.link import Link
from notifyctl.store.queue import Job


class Worker:
    """One worker; `run()` returns when `stop()` was called and what it holds is done or given back."""

    def __init__(self, tools: Tools, blocking: Link, aside: Aside, host: str, pid: int) -> None:
        self._tools = tools
        self._draining = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._carrier = Carrier(tools, self._draining)
        self._claimer = Claimer(tools, blocking, self._begin, self._draining)
        self._duties = Duties(tools, self._claimer, self._draining, host, pid)
        self._checker = Checker(tools, aside, self._duties.told)

    @property
    def sent(self) -> int:
        """How many messages providers took from this worker."""
        return self._tools.log.sent

    @property
    def left(self) -> int:
        """How many jobs it holds; after `run()` those that others must take over."""
        return len(self._claimer.held)

    @property
    def asked(self) -> bool:
        """Whether it drains because somebody asked for it through Redis."""
        return self._duties.asked

    def stop(self) -> None:
        """Claim nothing more; may be called from a signal handler of the loop."""
        self._draining.set()

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Work until stopped. Raises `Misconfigured` when Redis may lose jobs, `Unreachable` when it is not there."""
        if not await self._checked():
            await self._leave(self._checker.leave())
            return
        await self._refuse_eviction()
        self._tools.clock.hear(await server_time(self._tools.queue.link))  # an adopted job may come before any claim
        await self._duties.replay_journals()
        await self._tools.board.refresh()
        await self._duties.beat()
        collect_rarely()
        ready()
        await self._work(self._checker.run(), self._duties.run(), self._claimer.run())

    async def _checked(self) -> bool:
        """Check the server; False when the worker was told to stop first."""
        checking = asyncio.create_task(self._checker.check())
        try:
            await self._until_stopped(checking)
            return not self._draining.is_set()
        finally:
            await _cancel(checking)

    async def _refuse_eviction(self) -> None:
        """A server that does not tell its policy is trusted; that it does not tell is a finding of the check."""
        try:
            await refuse_eviction(self._tools.queue.link)
        except Misconfigured as error:
            if error.code != "STORE-DENIED":
                raise
            self._tools.log.trouble("eviction", error)

    async def _work(self, *parts: Coroutine[None, None, None]) -> None:
        working = [asyncio.create_task(part) for part in parts]
        try:
            await self._until_stopped(*working)
            await self._drain()
        finally:
            await _cancel(*working, *self._tasks)
            await self._leave(self._tools.workers.leave(self._tools.token))

    async def _until_stopped(self, *tasks: asyncio.Task[None]) -> None:
        """Return when the worker was told to stop, or when one of the tasks has ended; raises what ended it."""
        draining = asyncio.create_task(self._draining.wait())
        done, _ = await asyncio.wait({draining, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        for task in done - {draining}:
            task.result()

    async def _drain(self) -> None:
        """Let what is under way end, within the pace's time; the rest stays ours on record and is adopted."""
        self._tools.limiter.open_doors()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._done(), self._tools.revision.pace.drain)

    async def _done(self) -> None:
        """Return when nothing is under way: a claim that had begun still brings in its jobs."""
        async with self._claimer.claiming:
            pass
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _leave(self, leaving: Coroutine[None, None, None]) -> None:
        try:
            await leaving
        except Unreachable as error:
            self._tools.log.trouble("leave", error)
        self._tools.journal.close()

    def _begin(self, job: Job) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, job: Job) -> None:
        """Carry one job. A bug must not take the neighbours down: it is logged, and the job comes back later."""
        try:
            await self._carrier.carry(job, asyncio.get_running_loop().time())
        except Exception as error:
            self._tools.log.bug(job.id, error)
            await self._stumble(job)
        self._claimer.release(job)

    async def _stumble(self, job: Job) -> None:
        """Give the job back; when even that fails it stays ours on record, and is taken up again."""
        try:
            await self._carrier.stumble(job)
        except Exception as error:
            self._tools.log.bug(job.id, error)


def collect_rarely() -> None:
    """Leave what start-up made out of garbage collection, and the rest to rarer rounds.

    A mail leaves no cycle behind unless it fails, yet its objects, alive while its call is under way, cause rounds
    that find nothing: a twentieth of a worker's CPU.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def refuse_eviction(link: Link) -> None:
    """Raise `Misconfigured` when Redis says that it may evict keys: an evicted job is a lost ticket."""
    policy = await eviction_policy(link)
    if policy not in ("noeviction", ""):
        raise Misconfigured(
            "RDS-EVICTION",
            f"Redis may evict keys ({policy}), and with them jobs and locks",
            "maxmemory-policy",
            "set maxmemory-policy noeviction",
        )


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    """End the tasks, however often it must be said: on Python 3.11 `wait_for`, which redis-py uses, may swallow it."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)
