"""What the queue tells in two numbers. Nothing here writes."""

from collections.abc import Mapping

from notifyctl.store import lanes
from notifyctl.store.health import server_time
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Workers


class QueueFacts:
    """Reads facts of the lanes and of those who work on them. Every method raises `Unreachable`."""

    def __init__(self, queue: Queue, workers: Workers) -> None:
        self._queue = queue
        self._workers = workers

    async def workers(self) -> int:
        """How many workers take mail by their own word."""
        return sum(not beat.draining for beat in await self._workers.list())

    async def waits(self) -> Mapping[str, int]:
        """How long ago (s) the oldest job that could be taken was enqueued, by queue; without those that have none."""
        seen = await lanes.look(self._queue.link, self._queue.names, self._queue.bases)
        now = await server_time(self._queue.link)
        return {lane.queue: max(now - lane.oldest, 0) // 1000 for lane in seen if lane.ready and lane.oldest}
