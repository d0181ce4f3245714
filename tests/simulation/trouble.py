"""What goes wrong in a town, and what people do there, for a minute; all of it drawn from the seed."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from notifyctl.store.keys import job_id
from simulation.post import changeable

if TYPE_CHECKING:
    from simulation.town import Inhabitant, Town

LONG = 45.0  # seconds
KINDS = ("code", "ticket", "ticket", "reminder", "cancelled", "cancelled", "newsletter")
PAUSES = (0.5, 3.0, 9.0, 18.0, 30.0, 50.0)  # the heartbeat is believed for 15


class Trouble:
    """Everything that happens to a town beside its work."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.chance = town.chance
        self.messages = [f"m{number}" for number in range(self.chance.choice((2, 3, 5, 8)))]

    async def make(self) -> None:
        """All of it at once, then calm."""
        chance = self.chance
        await asyncio.gather(
            *(self._produce(message) for message in self.messages),
            self._again(self._hurt, chance.choice((0, 1, 3, 6))),
            self._again(self._cut, chance.choice((0, 0, 1, 3))),
            self._again(self._weather, chance.choice((0, 1, 3))),
            self._again(self._meddle, chance.choice((0, 0, 2, 6))),
            asyncio.sleep(LONG),
        )
        self._resume_lanes()
        self.town.calm()

    async def _again(self, happen: Callable[[], None], times: int) -> None:
        for at in sorted(self.chance.uniform(0, LONG) for _ in range(times)):
            await asyncio.sleep(max(1000 + at - self.town.loop.time(), 0))
            happen()

    # -- producers

    async def _produce(self, message: str) -> None:
        """Enqueue a message once, or more often: the same again, in another lane, or with another text."""
        chance, town = self.chance, self.town
        await asyncio.sleep(chance.choice((0.0, 1.0, chance.uniform(0, 30))))
        kind = chance.choice(KINDS)
        delay, priority = chance.choice((0, 0, 0, 5000)), chance.choice((0, 0, 0, 3))
        await town.enqueue(message, kind, delay=delay, priority=priority)
        while chance.random() < 0.25:
            await asyncio.sleep(chance.choice((0.0, 0.5, 20.0)))
            body = chance.choice(("", "", "other"))
            await town.enqueue(message, kind, body, lane=chance.choice((0, 0, 1, 3)))

    # -- workers

    def _hurt(self) -> None:
        """One worker is killed, stopped for a while, or told to end; some of its steps later, and another comes."""
        town, chance = self.town, self.chance
        town.tidy()
        if not town.workers:
            town.arrive()
            return
        victim = chance.choice(town.workers)
        how = chance.choice((self._kill, self._kill, self._stop, self._stop, town.retire))
        if how == town.retire:
            how(victim)
            town.loop.later(chance.uniform(0, 5), town.arrive)
        else:
            victim.host.burn(chance.choice((1, 2, 3, 5, 8, 13, 21, 34, 55)), lambda: how(victim))

    def _kill(self, victim: "Inhabitant") -> None:
        self.town.kill(victim)
        self.town.loop.later(self.chance.choice((0.1, 5.0, 20.0)), self.town.arrive)

    def _stop(self, victim: "Inhabitant") -> None:
        long = self.chance.choice(PAUSES)
        self.town.diary.tell(victim.host.name, "is stopped", f"for {long:g} s")
        victim.host.stop()
        self.town.loop.later(long, self._go_on, victim)

    def _go_on(self, victim: "Inhabitant") -> None:
        self.town.diary.tell(victim.host.name, "goes on")
        victim.host.go_on()

    # -- server and providers

    def _cut(self) -> None:
        """The server is away for a while, or loses replies from now on."""
        server, chance = self.town.server, self.chance
        if chance.random() < 0.5:
            server.lossy = chance.choice((0.0, 0.03, 0.2))
            self.town.diary.tell("redis", "loses replies", server.lossy)
            return
        long = chance.choice((0.1, 1.0, 5.0, 14.0, 25.0))
        restarts = chance.random() < 0.5
        self.town.diary.tell("redis", "is away", f"for {long:g} s{' and starts anew' if restarts else ''}")
        server.away(long, restarts)

    def _weather(self) -> None:
        """One provider behaves otherwise from now on."""
        site = self.chance.choice(list(self.town.post.sites.values()))
        site.mood = changeable(self.chance)

    # -- people

    def _meddle(self) -> None:
        """A person at a dashboard does one thing to a job or to a lane, as BullMQ's own methods do it."""
        town, chance = self.town, self.chance
        base = chance.choice(town.outside.queue.bases).encode()
        job = job_id(chance.choice(self.messages)).encode()
        acts = (self._retry, self._promote, self._remove, self._edit, self._pause)
        act = chance.choices(acts, (2, 2, 1, 1, 1))[0]
        if act(base, job):
            town.diary.tell("-", "person", act.__name__.strip("_"), (base + job).decode())

    def _retry(self, base: bytes, job: bytes) -> bool:
        keys = self.town.server.keys
        places = [name for name in (b"completed", b"failed") if keys.do_zrem(base + name, job)]
        if not places:
            return False
        keys.do_xadd(base + b"events", b"*", b"event", b"waiting", b"jobId", job, b"prev", places[0])
        keys.do_hdel(base + job, b"finishedOn", b"processedOn", b"failedReason", b"returnvalue", b"defa")
        return self._wait(base, job)

    def _promote(self, base: bytes, job: bytes) -> bool:
        if not self.town.server.keys.do_zrem(base + b"delayed", job):
            return False
        self.town.server.keys.do_hset(base + job, b"delay", b"0")
        return self._wait(base, job)

    def _wait(self, base: bytes, job: bytes) -> bool:
        keys = self.town.server.keys
        keys.do_lpush(base + b"wait", job)
        if not keys.do_hexists(base + b"meta", b"paused"):
            keys.do_zadd(base + b"marker", b"0", b"0")
            self.town.server._wake()
        return True

    def _remove(self, base: bytes, job: bytes) -> bool:
        """BullMQ refuses for a job with a lock."""
        keys = self.town.server.keys
        if not keys.do_exists(base + job) or keys.do_exists(base + job + b":lock"):
            return False
        sets = [
            name for name in (b"completed", b"failed", b"delayed", b"prioritized") if keys.do_zrem(base + name, job)
        ]
        keys.do_lrem(base + b"wait", b"0", job)
        keys.do_del(base + job)
        keys.do_xadd(base + b"events", b"*", b"event", b"removed", b"jobId", job, b"prev", (*sets, b"waiting")[0])
        self.town.judge.forgive(job.decode())
        return True

    def _edit(self, base: bytes, job: bytes) -> bool:
        keys = self.town.server.keys
        data = keys.do_hget(base + job, b"data")
        if data is None:
            return False
        keys.do_hset(base + job, b"data", data.replace(b"text ", b"text by hand "))
        return True

    def _pause(self, base: bytes, job: bytes) -> bool:
        self.town.server.keys.do_hset(base + b"meta", b"paused", b"1")
        self.town.loop.later(self.chance.choice((1.0, 20.0)), self._resume, base)
        return True

    def _resume(self, base: bytes) -> None:
        self.town.server.keys.do_hdel(base + b"meta", b"paused")
        self.town.server.keys.do_zadd(base + b"marker", b"0", b"0")
        self.town.server._wake()

    def _resume_lanes(self) -> None:
        for base in self.town.outside.queue.bases:
            self._resume(base.encode())
