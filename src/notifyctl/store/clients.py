"""Who is connected: the names under which BullMQ shows the workers of our queues."""

import base64
from collections.abc import Sequence

from notifyctl.domain.audit import foreign_workers
from notifyctl.domain.errors import Misconfigured
from notifyctl.store.link import Link


async def strangers(link: Link, queues: Sequence[str]) -> list[str] | None:
    """Names of connections of workers that are not ours; None where the server does not tell. Raises `Unreachable`."""
    from redis.exceptions import ResponseError

    try:
        with link.reach():
            clients = await link.redis.client_list()
    except (Misconfigured, ResponseError):  # managed servers refuse CLIENT LIST, or do not know it
        return None
    names = [client.get("name", "") for client in clients if client.get("db") == str(link.server.db)]
    return foreign_workers(names, [worker_base(link.server.prefix, queue) for queue in queues])


def worker_base(prefix: str, queue: str) -> str:
    """What the names of the connections of a queue's workers begin with."""
    return f"{prefix}:{base64.b64encode(queue.encode()).decode()}"
