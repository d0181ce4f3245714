"""Whether the server is fit to hold a queue."""

from notifyctl.store.link import Link


async def eviction_policy(link: Link) -> str:
    """What the server does when its memory is full; anything but `noeviction` may lose jobs and locks."""
    with link.reach():
        memory = await link.redis.info("memory")
    return str(memory.get("maxmemory_policy", "noeviction"))


async def server_time(link: Link) -> int:
    """The server's time in epoch ms."""
    with link.reach():
        seconds, micros = await link.redis.time()
    return int(seconds) * 1000 + int(micros) // 1000
