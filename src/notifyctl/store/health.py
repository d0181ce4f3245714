"""Whether the server is fit to hold a queue."""

from notifyctl.store.link import Link


async def eviction_policy(link: Link) -> str:
    """What the server does when its memory is full; anything but `noeviction` may lose jobs and locks."""
    with link.reach():
        memory = await link.redis.info("memory")
    return str(memory.get("maxmemory_policy", "noeviction"))
