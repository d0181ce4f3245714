"""Presence: what BullMQ's `getWorkers()` and dashboards see of a worker, which is the names of its connections."""

from collections.abc import Sequence
from contextlib import suppress

from notifyctl.domain.errors import Unreachable
from notifyctl.store.clients import worker_base
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.server import Server


class Presence:
    """One idle connection for each queue, since a connection has one name."""

    def __init__(self, server: Server, queues: Sequence[str], worker: str) -> None:
        names = [client_name(server.prefix, queue, worker) for queue in queues]
        self._links = [Link(connect(server, start=False, name=name), server) for name in names]

    async def show(self) -> None:
        """Open the connections, or keep them open. It is for the eye only, so that an outage is no error here."""
        for link in self._links:
            with suppress(Unreachable), link.reach():
                await link.redis.ping()

    async def close(self) -> None:
        """End the connections."""
        for link in self._links:
            await link.redis.aclose()


def client_name(prefix: str, queue: str, worker: str) -> str:
    """The name under which BullMQ counts a connection as a worker of that queue."""
    return f"{worker_base(prefix, queue)}:w:{worker}"
