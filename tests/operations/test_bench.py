"""A load test that does not come to its end says so, and leaves nobody waiting for ever."""

import asyncio
import sys
from collections.abc import Sequence

import pytest

from lab import Lab
from notifyctl.domain.bench import About, Grade, judge
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.progress import Step, silent
from notifyctl.operations.bench import Load, additions, ready, run

ABOUT = About(0, "ci", "1", "", "emulator", "production")


def test_without_a_worker_the_queue_does_not_drain(lab: Lab) -> None:
    steps: list[Step] = []
    load = Load(20, "ann@customers.example", stall=0.01)
    told = lab.run(run(lab.store.queue, lab.store.retired, load, ABOUT, 0, steps.append))
    assert (told.drained, told.total.open, told.total.accepted, judge(told)) == (False, 20, 0, Grade.BAD)
    assert [(one.what, one.done) for one in steps if one.done][-1:] == [("enqueued", 20)]


def test_those_that_wait_hide_none_of_those_that_ended_behind_them(lab: Lab) -> None:
    class Behind:
        """The first 200 wait; each that is asked about behind them has ended."""

        now = lab.store.retired.now

        async def read(self, names: Sequence[str]) -> list[object]:
            for name in names:
                if "/before/" in name or int(name.rpartition("/")[2]) >= 200:
                    key, at = f"{lab.store.queue.own}msg:{name}", lab.now
                    await lab.store.link.redis.hset(key, mapping={"state": "accepted", "changed_at": at, "version": 1})
            return await lab.store.retired.read(names)

    load = Load(300, "ann@customers.example", rate=10**6, stall=4)
    told = lab.run(run(lab.store.queue, Behind(), load, ABOUT, 0, silent))  # type: ignore[arg-type]  # reads and tells the time
    assert (told.total.sent, told.total.open) == (300, 200)


def test_it_tells_when_the_workers_that_it_started_end_at_once(lab: Lab) -> None:
    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(sys.executable, "-c", "")

    async def begin() -> None:
        async with ready(lab.store.workers, 1, start):
            pytest.fail("nobody is ready")

    with pytest.raises(Unreachable, match="BEN-NO-WORKER"):
        lab.run(begin())


def test_an_error_while_it_enqueues_is_told(lab: Lab) -> None:
    class Broken:
        names = lab.store.queue.names

        async def enqueue(self, batch: object) -> None:
            raise Unreachable("STORE-DOWN", "gone")

    load = Load(20, "ann@customers.example", rate=10)
    with pytest.raises(Unreachable, match="STORE-DOWN"):
        lab.run(run(Broken(), lab.store.retired, load, ABOUT, 0, silent))  # type: ignore[arg-type]  # only enqueues


def test_each_job_has_a_lane_and_no_other_test_has_its_name() -> None:
    one, other = (additions(Load(10, "a@b.example"), token, 3) for token in ("one", "other"))
    assert [sum(job.lane == lane for job in one) for lane in (1, 2, 3)] == [1, 3, 6]
    assert {job.lane for job in additions(Load(10, "a@b.example"), "one", 1)} == {1}
    assert not {job.message_id for job in one} & {job.message_id for job in other}
