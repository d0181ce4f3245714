"""A town for one history: a server, providers, workers that run the engine's own code, producers, and trouble.

`play(seed)` gives the whole history; the same seed gives the same one. Only the loop, the client of Redis, the wire
and the log are not the engine's.
"""

import asyncio
import gc
import itertools
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from notifyctl.domain.errors import Unreachable
from notifyctl.domain.message import Address
from notifyctl.domain.pace import PRODUCTION
from notifyctl.domain.revision import Bounds, MessageType, Priority, ProviderRules, Purpose, Revision
from notifyctl.domain.routing import lane_of
from notifyctl.engine.board import KnownBoard
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.journal import Journal
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.reassert import Aside
from notifyctl.engine.render import Renderer
from notifyctl.engine.tools import Tools
from notifyctl.engine.worker import Worker
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses
from notifyctl.settings import Settings, load
from notifyctl.store import jobdata
from notifyctl.store.connect import Greeting
from notifyctl.store.identity import Watch
from notifyctl.store.queue import Addition
from notifyctl.wiring.parts import build_store
from simulation.client import Client, Link
from simulation.diary import Diary, Log
from simulation.judge import History, Judge
from simulation.loop import Host, Loop, time_of
from simulation.post import Post, Wire, changeable, fair
from simulation.server import Server
from simulation.trouble import Trouble

PACE = replace(
    PRODUCTION,
    name="simulated", connect=1, total=5, keepalive=10, start_by=2, heartbeat=5, heartbeat_ttl=15, adopt=10, audit=25,
    reconcile=(10, 20, 40, 60), critical_resend=30, standard_resend=60, events_wait=30,
    retry=(1, 3, 8, 15, 30), sender_rest=20, drain=6, block=20, outage_poll=1,
    window=10, longest_window=40, flap=40, probe_lease=5, prober=3, account=20,
)  # fmt: skip
TYPES = {
    "code": MessageType(Purpose.SERVICE, Priority.CRITICAL, 60),
    "ticket": MessageType(Purpose.SERVICE, Priority.CRITICAL, 300),
    "reminder": MessageType(Purpose.SERVICE, Priority.STANDARD, 300),
    "cancelled": MessageType(Purpose.SERVICE, Priority.BULK, 400),
    "newsletter": MessageType(Purpose.MARKETING, Priority.BULK, 400),
}
PROVIDERS = {
    "resend": Resend("re_test"),
    "postmark": Postmark("pm-test"),
    "ses": Ses(access_key="AKIDEXAMPLE", secret_key="secret", region="eu-west-2", configuration_set=None),
}
LONGEST = 1500.0  # seconds in which every history ends
HOUR = 3600.0
SHARED_MEMORY = Path("/dev/shm")  # a folder of which the machine's disk knows nothing, where there is one


class MortalJournal(Journal):
    """A journal whose file the system closes when its process is killed; who closes it later closes nothing."""

    _closed = False

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            super().close()


@dataclass(eq=False)
class Inhabitant:
    """A worker process on its host."""

    host: Host
    worker: Worker
    journal: MortalJournal
    running: "asyncio.Task[None]"


class Town:
    """Everything of one history."""

    def __init__(self, seed: int, loop: Loop, folder: Path, settings: Settings) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.loop = loop
        self.folder = folder
        self.settings = settings
        self.diary = Diary(loop)
        self.server = Server(loop, self.chance)
        self.post = Post(loop, self.chance, PACE, self.diary.tell)
        self.revision = self._revision()
        self.workers: list[Inhabitant] = []
        self.dead: list[Inhabitant] = []
        self.names = itertools.count(1)
        self.outside = build_store(self.settings, self.link(None))  # whoever is not a worker
        self.judge = Judge(self.server.keys, self.post, self.outside)

    def _revision(self) -> Revision:
        order = tuple(self.chance.sample(("resend", "postmark", "ses"), self.chance.choice((1, 2, 3, 3, 3))))
        rate = self.chance.choice((None, None, 2.0))
        rules = {name: ProviderRules(rate=rate, burst=2) for name in PROVIDERS}
        return Revision(
            sender=Address("tickets@venue.example", "The Venue"), pace=PACE, types=MappingProxyType(TYPES),
            order=order, providers=MappingProxyType(rules), bounds=Bounds(in_flight=self.chance.choice((4, 16))),
        )  # fmt: skip

    def link(self, host: Host | None, greet: Greeting | None = None, watch: Watch | None = None) -> Link:
        """A connection of that host."""
        return Link(Client(self.server, host, greet), self.settings.redis, watch)

    # -- workers

    def arrive(self) -> None:
        """A new worker on a new host."""
        name = f"w{next(self.names)}"
        host = Host(self.loop, name, self.chance.choice((0.0, 0.0, HOUR, -HOUR)))
        host.context.run(self._begin, host)

    def _begin(self, host: Host) -> None:
        token = f"nf.{host.name}.1.a"
        watch, journal = Watch(), MortalJournal(self.folder, token)
        parts = build_store(self.settings, self.link(host, watch.greet_checked, watch))
        blocking = self.link(host, watch.greet_checked, watch)
        past = build_store(self.settings, self.link(host, watch.greet_checking))
        for link in (parts.link, blocking, past.link):
            watch.guard(link.redis)
        providers = {name: PROVIDERS[name] for name in self.revision.order}
        clock, log = ServerClock(), Log(self.diary, host.name)
        tools = Tools(
            token=token, name=host.name, revision=self.revision, providers=providers, queue=parts.queue,
            attempts=parts.attempts, workers=parts.workers, presence=Absence(), census=parts.census,
            findings=parts.findings, limiter=Limiter(parts.limits),
            renderer=Renderer(self.revision, parts.attempts.own, providers), wire=Wire(self.post, host),
            journal=journal, log=log, clock=clock, clocks=ProviderClocks(clock), failpoint=Failpoint(),
            board=KnownBoard(parts.boards, parts.attempts, self.revision, host.name, clock, log),
        )  # fmt: skip
        aside = Aside(watch, self.link(host, watch.greet), past.attempts, past.workers, past.findings)
        worker = Worker(tools, blocking, aside, host.name, 1)
        running = self.loop.create_task(worker.run(), context=host.context)
        self.workers.append(Inhabitant(host, worker, journal, running))
        self.diary.tell(host.name, "starts", f"skew {host.skew:g}")

    def kill(self, inhabitant: Inhabitant) -> None:
        """The process is gone; its connections and files are closed by the system."""
        if inhabitant in self.workers:
            self.workers.remove(inhabitant)
            self.dead.append(inhabitant)
            inhabitant.host.kill()
            self.server.cut_off(inhabitant.host)
            inhabitant.journal.close()
            self.diary.tell(inhabitant.host.name, "is killed")

    def retire(self, inhabitant: Inhabitant) -> None:
        """The process is told to end, as a deployment does it."""
        if inhabitant in self.workers and not inhabitant.host.stopped:
            self.diary.tell(inhabitant.host.name, "is told to end")
            inhabitant.host.context.run(inhabitant.worker.stop)

    def tidy(self) -> None:
        """Forget workers that have ended by themselves; without any there is a new one."""
        for inhabitant in [item for item in self.workers if item.running.done()]:
            self.workers.remove(inhabitant)
            self.dead.append(inhabitant)
            inhabitant.journal.close()
        if not self.workers:
            self.arrive()

    def failures(self) -> list[str]:
        """Workers that ended otherwise than they should: told to, or without a server at their start."""
        ended = [item for item in (*self.dead, *self.workers) if item.running.done() and not item.running.cancelled()]
        return [
            f"{item.host.name} ended with {item.running.exception()!r}"
            for item in ended
            if not isinstance(item.running.exception(), Unreachable | None)
        ]

    # -- messages

    async def enqueue(
        self, message: str, kind: str, body: str = "", lane: int = 0, delay: int = 0, priority: int = 0
    ) -> None:
        """A producer adds a message, again and again until the server said that it has it; lane 0 is the right one."""
        fields = {"id": message, "type": kind, "to": {"email": f"{message}@fans.example"}, "subject": message}
        data = jobdata.write({**fields, "text": f"text {body}"})
        lane = lane or lane_of(TYPES[kind].priority, 3)
        self.judge.expect(message, TYPES[kind])
        addition = Addition(lane, message, kind, data, delay, priority)
        while True:
            try:
                (added,) = await self.outside.queue.enqueue([addition])
            except Unreachable:
                await asyncio.sleep(0.3)
                continue
            self.diary.tell("-", "enqueued" if added else "was there", message, kind, body)
            return

    # -- the history

    async def live(self) -> None:
        """Trouble for a minute, then calm until everything has come to rest; then the workers end."""
        for _ in range(self.chance.choice((2, 2, 3, 4))):
            self.arrive()
        for site in self.post.sites.values():
            site.mood = changeable(self.chance)
        await Trouble(self).make()
        self.diary.tell("-", "calm")
        await self._rest()
        for inhabitant in list(self.workers):
            self.retire(inhabitant)
        await asyncio.wait([inhabitant.running for inhabitant in self.workers])
        await self.judge.read()

    def calm(self) -> None:
        """End all trouble, so that what is to come to an end can."""
        self.server.lossy = 0.0
        for inhabitant in self.workers:
            inhabitant.host.spare()
            inhabitant.host.go_on()
        self.tidy()
        if self.chance.random() < 0.7:
            for site in self.post.sites.values():
                site.mood = fair()

    async def _rest(self) -> None:
        """Return when nothing has been left to do for longer than a call and a heartbeat last, or it takes too long."""
        end, quiet = self.loop.time() + LONGEST, 0
        while quiet < 3 and self.loop.time() < end:
            await asyncio.sleep(PACE.adopt)
            self.tidy()
            quiet = quiet + 1 if self.judge.at_rest() else 0

    async def end(self) -> None:
        """Take apart what is left; nothing that happens now counts."""
        self.server.over = self.post.over = True
        for inhabitant in (*self.dead, *self.workers):
            await inhabitant.host.bury()
            inhabitant.journal.close()


class Absence:
    """In the place of the connections that only a dashboard sees."""

    async def show(self) -> None:
        """Nothing is shown."""

    async def close(self) -> None:
        """There is nothing to close."""


def play(seed: int, settings: Settings | None = None, keep: bool = False) -> History:
    """The history of one seed; `keep` its text even when nothing is wrong."""
    loop = Loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # tasks of killed hosts end without anybody to look
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="nf-", dir=base) as name, time_of(loop), without_collection():
        town = Town(seed, loop, Path(name), settings or load())
        try:
            loop.run_until_complete(town.live())
            wrong = [*town.judge.verdict(town.folder), *town.diary.bugs, *town.failures()]
            return town.judge.history(seed, wrong, town.diary, keep)
        finally:
            loop.run_until_complete(town.end())
            loop.close()


@contextmanager
def without_collection() -> Iterator[None]:
    """Leave garbage for later, and undo what a worker told the collector of its process."""
    thresholds, enabled = gc.get_threshold(), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        if enabled:
            gc.enable()
