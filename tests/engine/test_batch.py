"""Batching: an idle batcher adds no wait, a busy one sends few large batches, an item that fails fails alone."""

import asyncio
from collections.abc import Sequence

import pytest

from notifyctl.engine.batch import Batcher


class Flush:
    """Doubles numbers; each batch waits for `gate` and fails when it holds a 13."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.gate.wait()
        if 13 in items:
            raise LookupError("thirteen")
        return [item * 2 for item in items]


async def submit(batcher: Batcher[int, int], *items: int) -> list[asyncio.Task[int]]:
    """The items under way, each in a task of its own."""
    tasks = [asyncio.create_task(batcher.submit(item)) for item in items]
    await asyncio.sleep(0)
    return tasks


def test_a_lone_item_goes_at_once_and_everyone_gets_its_own_answer():
    async def story() -> None:
        flush = Flush()
        batcher = Batcher(flush)
        assert await batcher.submit(1) == 2
        assert await asyncio.gather(*(batcher.submit(item) for item in (2, 3, 4))) == [4, 6, 8]
        assert flush.batches == [[1], [2, 3, 4]]

    asyncio.run(story())


def test_what_comes_while_a_batch_is_under_way_goes_into_the_next_in_order_and_not_over_the_most():
    async def story() -> None:
        flush = Flush()
        flush.gate.clear()
        batcher = Batcher(flush, most=3)
        first = await submit(batcher, 1)
        await asyncio.sleep(0)
        rest = await submit(batcher, 2, 3, 4, 5)
        flush.gate.set()
        assert await asyncio.gather(*first, *rest) == [2, 4, 6, 8, 10]
        assert flush.batches == [[1], [2, 3, 4], [5]]

    asyncio.run(story())


def test_an_item_that_cannot_be_flushed_fails_alone_and_the_next_batch_goes_on():
    async def story() -> None:
        flush = Flush()
        batcher = Batcher(flush)
        answers = await asyncio.gather(*await submit(batcher, 12, 13, 14), return_exceptions=True)
        assert [str(answer) for answer in answers] == ["24", "thirteen", "28"]
        assert await batcher.submit(15) == 30
        assert flush.batches == [[12, 13, 14], [12], [13], [14], [15]]

    asyncio.run(story())


def test_a_submitter_that_gave_up_disturbs_nobody():
    async def story() -> None:
        flush = Flush()
        flush.gate.clear()
        batcher = Batcher(flush)
        gone, stays = await submit(batcher, 1, 2)
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        flush.gate.set()
        assert await stays == 4
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(story())
