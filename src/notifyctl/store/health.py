"""Whether the server is fit to hold a queue."""

from notifyctl.domain.errors import Misconfigured
from notifyctl.store.link import Link


async def eviction_policy(link: Link) -> str:
    """What the server does when its memory is full; '' where it does not tell. Raises `Unreachable`.

    Anything but `noeviction` may lose jobs and locks.
    """
    from redis.exceptions import ResponseError

    try:
        with link.reach():
            memory = await link.redis.info("memory")
    except (Misconfigured, ResponseError):  # this user may not ask, or nobody
        return ""
    return str(memory.get("maxmemory_policy", "noeviction"))


async def server_time(link: Link) -> int:
    """The server's time in epoch ms."""
    with link.reach():
        seconds, micros = await link.redis.time()
    return int(seconds) * 1000 + int(micros) // 1000
