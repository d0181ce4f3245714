"""What the queue tells in a few numbers. Nothing here writes."""

from collections.abc import Mapping

from notifyctl.domain.metric import Latency, latency, merged
from notifyctl.store import lanes
from notifyctl.store.health import server_time
from notifyctl.store.metrics import Metrics
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Workers, claiming


class QueueFacts:
    """Reads facts of the lanes and of those who work on them. Every method raises `Unreachable`."""

    def __init__(self, queue: Queue, workers: Workers, metrics: Metrics) -> None:
        self._queue = queue
        self._workers = workers
        self._metrics = metrics

    async def workers(self) -> int:
        """How many workers take mail by their own word."""
        return len(claiming(await self._workers.list()))

    async def took(self, minutes: int) -> Latency:
        """Processing latency of what was accepted in the last minutes: from the claim to the provider's answer."""
        measured = await self._metrics.last(minutes)
        return latency(merged(histogram for minute in measured for histogram in minute.took.values()))

    async def waits(self) -> Mapping[str, int]:
        """How long ago (s) the oldest job that could be taken was enqueued, by queue; without those that have none."""
        seen = await lanes.look(self._queue.link, self._queue.names, self._queue.bases)
        now = await server_time(self._queue.link)
        return {lane.queue: max(now - lane.oldest, 0) // 1000 for lane in seen if lane.ready and lane.oldest}

    async def ended(self) -> Mapping[str, int]:
        """How many jobs that have ended each queue still keeps."""
        seen = await lanes.look(self._queue.link, self._queue.names, self._queue.bases)
        return {lane.queue: lane.completed + lane.failed for lane in seen}
