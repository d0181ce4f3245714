"""Batching by itself: whatever is submitted while one batch is under way goes into the next.

An idle batcher adds no wait; a busy one sends few, large batches. This is what keeps a script call per mail cheap.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Gathers items, flushes up to `most` of them at once, and gives each submitter its own answer."""

    def __init__(self, flush: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], most: int = 128) -> None:
        self._flush = flush
        self._most = most
        self._pending: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Answer:
        """Put the item into the next batch and await its answer.

        A batch that fails is flushed again one by one, so that an item that cannot be flushed fails alone.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending.append((item, future))
        if self._runner is None:
            self._runner = asyncio.get_running_loop().create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[: self._most], self._pending[self._most :]
                await self._answer(batch)
        finally:
            self._runner = None

    async def _answer(self, batch: list[tuple[Item, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._flush([item for item, _ in batch])
        except Exception as error:
            await self._answer_apart(batch, error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _answer_apart(self, batch: list[tuple[Item, "asyncio.Future[Answer]"]], error: Exception) -> None:
        if len(batch) > 1:
            for pair in batch:
                await self._answer([pair])
        elif not batch[0][1].done():
            batch[0][1].set_exception(error)
