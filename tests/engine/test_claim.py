"""The claimer: as many messages as there is room for, the first lanes first, awake when work comes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from lab import Lab
from notifyctl.engine.claim import Claimer
from notifyctl.engine.tools import Tools
from notifyctl.store import lanes
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.queue import Addition, Job

PATIENCE = 20  # seconds until a test that waits for an event fails


class Hands:
    """What the claimer fed to us, and a way to wait for more."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self._changed = asyncio.Event()

    def take(self, job: Job) -> None:
        self.jobs.append(job)
        self._changed.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not enough():
                self._changed.clear()
                await self._changed.wait()

    @property
    def ids(self) -> list[str]:
        return [job.id for job in self.jobs]


@asynccontextmanager
async def claiming(
    lab: Lab, tools: Tools, hands: Hands
) -> AsyncIterator[tuple[Claimer, "asyncio.Task[None]", asyncio.Event]]:
    draining = asyncio.Event()
    blocking = Link(connect(lab.settings.redis, start=False, name="blocking"), lab.settings.redis)
    claimer = Claimer(tools, blocking, hands.take, draining)
    task = asyncio.create_task(claimer.run())
    try:
        yield claimer, task, draining
    finally:
        draining.set()  # ends it where Python 3.11 swallows the cancellation
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await blocking.redis.aclose()


async def add(lab: Lab, lane: int, *names: str, delay: int = 0) -> None:
    await lab.store.queue.enqueue([Addition(lane, name, "x", b"{}", delay) for name in names])


def test_a_worker_takes_no_more_than_it_can_carry_and_goes_on_as_room_becomes_free(lab: Lab, tools: Tools):
    async def story() -> None:
        hands = Hands()
        await add(lab, 1, *(f"m{number}" for number in range(11)))
        async with claiming(lab, tools, hands) as (claimer, _, _):
            await hands.until(lambda: len(hands.jobs) >= 8)
            active = await lanes.look(lab.link, lab.store.queue.names, lab.bases)
            assert (active[0].active, active[0].waiting, len(claimer.held)) == (8, 3, 8)
            for job in hands.jobs[:2]:
                claimer.release(job)
            await hands.until(lambda: len(hands.jobs) >= 10)
            assert hands.ids == [f"m{number}" for number in range(10)]
            assert len(claimer.held) == 8

    lab.run(story())


def test_bulk_leaves_room_for_critical_mail(lab: Lab, tools: Tools):
    async def story() -> None:
        hands = Hands()
        await add(lab, 3, *(f"bulk{number}" for number in range(20)))
        async with claiming(lab, tools, hands):
            await hands.until(lambda: len(hands.jobs) >= 6)
            await add(lab, 2, "standard1", "standard2")
            await hands.until(lambda: "standard1" in hands.ids)
            await add(lab, 1, "critical1", "critical2")
            await hands.until(lambda: "critical1" in hands.ids)
            assert hands.ids == [*(f"bulk{number}" for number in range(6)), "standard1", "critical1"]

    lab.run(story())


def test_a_worker_that_carries_one_message_at_a_time_takes_it_from_any_lane(lab: Lab, tools: Tools):
    async def story() -> None:
        hands, bounds = Hands(), replace(tools.revision.bounds, in_flight=1)
        alone = replace(tools, revision=replace(tools.revision, bounds=bounds))
        await add(lab, 3, "bulk")
        await add(lab, 2, "standard")
        async with claiming(lab, alone, hands) as (claimer, _, _):
            await hands.until(lambda: hands.ids == ["standard"])
            claimer.release(hands.jobs[0])
            await hands.until(lambda: hands.ids == ["standard", "bulk"])

    lab.run(story())


def test_a_sleeper_wakes_when_work_comes_to_any_lane(lab: Lab, tools: Tools):
    async def story() -> None:
        hands = Hands()
        async with claiming(lab, tools, hands):
            for lane in (3, 1, 2):
                await add(lab, lane, f"m{lane}")
                await hands.until(lambda lane=lane: f"m{lane}" in hands.ids)

    lab.run(story())


def test_a_delayed_job_comes_when_it_is_due_although_nobody_rings(lab: Lab, tools: Tools):
    async def story() -> None:
        hands = Hands()
        await add(lab, 1, "later", delay=60)
        async with claiming(lab, tools, hands):
            lab.now += 60
            await hands.until(lambda: hands.ids == ["later"])

    lab.run(story())


def test_told_to_drain_it_claims_nothing_more(lab: Lab, tools: Tools):
    async def story() -> None:
        hands = Hands()
        async with claiming(lab, tools, hands) as (_, task, draining):
            draining.set()
            await add(lab, 1, "m")
            async with asyncio.timeout(PATIENCE):
                await task
        counts = await lanes.look(lab.link, lab.store.queue.names, lab.bases)
        assert (counts[0].waiting + counts[0].active, len(hands.jobs)) == (1, counts[0].active)

    lab.run(story())


def test_a_broken_queue_stops_no_other(lab: Lab, tools: Tools):
    """Jobs whose ids are the names of BullMQ's keys, which they overwrite."""

    async def story() -> None:
        hands = Hands()
        for key in ("active", "marker"):
            await lab.link.redis.hset(lab.bases[0] + key, "data", "{}")
        async with claiming(lab, tools, hands) as (_, task, _):
            for name in ("a", "b"):
                await add(lab, 2, name)
                await hands.until(lambda name=name: name in hands.ids)  # type: ignore[misc]
            assert not task.done()
        assert sorted(held.id for held in await lab.store.queue.active()) == ["a", "b"]

    lab.run(story())


def test_an_outage_is_waited_out_and_told(lab: Lab, tools: Tools):
    """The client's answer is refused for a while, as a server that is loading its data does."""

    async def story() -> None:
        hands = Hands()
        await add(lab, 1, "m")
        await lab.link.redis.config_set("maxmemory", 1)
        try:
            async with claiming(lab, tools, hands) as (claimer, _, _):
                async with asyncio.timeout(PATIENCE):
                    while not claimer.lost_reply:  # noqa: ASYNC110 - a flag of the product, which is no event
                        await asyncio.sleep(0.01)
                assert hands.jobs == []
                await lab.link.redis.config_set("maxmemory", 0)
                await hands.until(lambda: hands.ids == ["m"])
        finally:
            await lab.link.redis.config_set("maxmemory", 0)

    lab.run(story())
