"""A whole installation for one test: server, emulator and workers as processes of their own, and ways to hurt them.

The server acknowledges nothing that is not on the disk. Everything runs at the demo's pace, so that what takes
minutes in production takes seconds here.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import redis

from conftest import free_port
from faults.proxy import Proxy, proxied
from house import Emulator, House, emulated, settled
from notifyctl.store import embedded, supervisor
from notifyctl.store.jobdata import write

TYPES = {"critical": "booking.confirmation", "standard": "booking.reminder", "bulk": "event.cancelled"}
PRIORITIES = tuple(TYPES)
PROVIDERS = ("resend", "postmark", "ses")
HTML = "<p>" + "Doors at seven. " * 1250 + "</p>"  # 20 kB
PATIENCE = 180.0  # seconds until a test gives up; a busy machine must not make it fail

Fault = dict[str, Any]


@dataclass(frozen=True)
class Mail:
    """One message of a test; its id is also its job's, as a producer should choose it."""

    id: str
    priority: str
    recipient: str

    @property
    def lane(self) -> str:
        """The base key of its queue."""
        return f"bull:email-{self.priority}:"

    def data(self, **fields: object) -> bytes:
        """Its job data."""
        base = {"id": self.id, "type": TYPES[self.priority], "to": {"email": self.recipient}, "subject": self.id}
        return write({**base, "html": HTML, **fields})


@dataclass
class Arena:
    """`order` is the route; `sent` are the messages so far, each enqueued as it should be.

    `ways` are the proxies on the workers' ways to the providers and to `valkey`, where they were asked for.
    """

    order: Sequence[str]
    house: House
    emulator: Emulator
    port: int
    server: "subprocess.Popen[bytes]"
    redis: "redis.Redis"
    ways: Mapping[str, Proxy]
    sent: list[Mail] = field(default_factory=list)

    def mail(self, name: str, priority: str, *faults: Fault, **fields: object) -> Mail:
        """Script the faults for one message, then enqueue it; `fields` go into its data."""
        number = len(self.sent)
        mail = Mail(f"{name}/{number}", priority, f"{name}-{number}@guests.example")
        self.strike(*({**fault, "match": {"recipient": mail.recipient}} for fault in faults))
        self.enqueue(mail, mail.data(**fields))
        self.sent.append(mail)
        return mail

    def burst(self, name: str, each: int) -> list[Mail]:
        """Enqueue so many messages of each priority."""
        return [self.mail(name, priority) for _ in range(each) for priority in PRIORITIES]

    def flood(self, name: str, count: int, priorities: Sequence[str] = PRIORITIES, **fields: object) -> list[Mail]:
        """Enqueue so many messages in one go, of these priorities in turn."""
        numbers = range(len(self.sent), len(self.sent) + count)
        mails = [Mail(f"{name}/{n}", priorities[n % len(priorities)], f"{name}-{n}@guests.example") for n in numbers]
        with self.redis.pipeline(transaction=True) as pipe:
            for mail in mails:
                _put(pipe, mail.lane, mail.id, mail.data(**fields))
            pipe.execute()
        self.sent += mails
        return mails

    def enqueue(self, mail: Mail, data: bytes | None, job: str = "", lane: str = "", **unusual: str) -> None:
        """Add a job, perhaps an unusual one, as BullMQ does: an id that exists is left alone. Waits for Redis."""
        base, identity = lane or mail.lane, job or mail.id

        def add() -> None:
            with self.redis.pipeline(transaction=True) as pipe:
                if not self.redis.exists(base + identity):
                    _put(pipe, base, identity, data, **unusual)
                    pipe.execute()

        self.eventually("a job added", lambda: _carried_out(add))

    def retry(self, mail: Mail, state: str) -> None:
        """Retry a completed or failed job as BullMQ's `job.retry(state)`, the button of a dashboard, does."""
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.zrem(f"{mail.lane}{state}", mail.id)
            pipe.hdel(mail.lane + mail.id, "finishedOn", "processedOn", "failedReason", "returnvalue")
            pipe.lpush(f"{mail.lane}wait", mail.id)
            pipe.zadd(f"{mail.lane}marker", {"0": 0})
            pipe.execute()

    def promote(self, mail: Mail) -> None:
        """Have a delayed job run now, as BullMQ's `job.promote()` does."""
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.zrem(f"{mail.lane}delayed", mail.id)
            pipe.hset(mail.lane + mail.id, "delay", 0)
            pipe.lpush(f"{mail.lane}wait", mail.id)
            pipe.zadd(f"{mail.lane}marker", {"0": 0})
            pipe.execute()

    def remove(self, mail: Mail) -> None:
        """Remove a completed job."""
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.zrem(f"{mail.lane}completed", mail.id)
            pipe.delete(mail.lane + mail.id)
            pipe.execute()

    def strike(self, *faults: Fault) -> list[int]:
        """Script faults; their numbers."""
        if not faults:
            return []
        return [fault["id"] for fault in self.emulator.call("POST", "/faults", list(faults))["faults"]]

    def slow_down(self, seconds: float) -> None:
        """Have every provider take so long for each answer, so that calls are under way when something happens."""
        self.strike(*({"provider": name, "delay_s": seconds, "times": -1} for name in PROVIDERS))

    def start(self, processes: int = 1, **environ: str) -> "subprocess.Popen[bytes]":
        """Start a worker, or a supervisor with several."""
        line = ("worker", "run", "--processes", str(processes))
        return replace(self.house, environ={**self.house.environ, **environ}).start(*line)

    def workers(self) -> list[int]:
        """Process ids of the workers that live by their own word."""
        keys = list(self.redis.scan_iter("nf:{bull}:worker:*", count=1000))
        tokens = [key.decode().partition("worker:nf.")[2] for key in keys]
        return sorted(int(token.rsplit(".", 2)[1]) for token in tokens)

    def await_workers(self, count: int) -> list[int]:
        """The process ids, as soon as there are so many."""
        return self.eventually(f"{count} workers", lambda: pids if len(pids := self.workers()) >= count else None)

    def await_end(self, mails: Sequence[Mail] | None = None) -> None:
        """Return when these jobs, or everything that is in the queues, have come to an end."""
        if mails is None:
            self.eventually("empty queues", lambda: not sum(self.backlog().values()))
        else:
            self.eventually("the end of some jobs", lambda: all(map(self.ended, mails)))

    def end_workers(self) -> None:
        """End the workers once everything has ended and the journals are told: then nothing changes any more."""
        self.await_end()
        self.eventually("empty journals", lambda: not self.kept())
        end(self.house.crew)

    def kept(self) -> int:
        """How many results are in the workers' journals."""
        return sum(path.read_bytes().count(b"\n") for path in (self.house.home / "journal").iterdir())

    def backlog(self) -> dict[str, int]:
        """How many jobs each list of BullMQ holds that have not ended."""
        names = [f"bull:email-{priority}:{name}" for priority in PRIORITIES for name in ("wait", "active")]
        delayed = [f"bull:email-{priority}:delayed" for priority in PRIORITIES]
        with self.redis.pipeline(transaction=True) as pipe:
            for name in names:
                pipe.llen(name)
            for name in delayed:
                pipe.zcard(name)
            return dict(zip([*names, *delayed], pipe.execute(), strict=True))

    def ended(self, mail: Mail) -> bool:
        """Whether its job is completed or failed."""
        return any(self.redis.zscore(f"{mail.lane}{name}", mail.id) for name in ("completed", "failed"))

    def in_flight(self) -> int:
        """How many calls are under way, or have no outcome yet."""
        return int(self.redis.zcard("nf:{bull}:inflight"))

    @property
    def adoptions(self) -> int:
        """How often a worker took over the jobs of one whose heartbeat had ended."""
        return self.house.log.count('"event":"adopted"')

    def copies(self) -> Mapping[str, int]:
        """Copies in the mailboxes by recipient."""
        counts: dict[str, int] = self.emulator.call("GET", "/mailbox/counts")["recipients"]
        return counts

    def eventually(self, what: str, look: Callable[[], Any]) -> Any:
        """What the look gives as soon as it gives something."""
        end = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < end, f"in vain: {what}\n{self.house.log[-3000:]}"
            time.sleep(0.03)
        return found

    def kill_server(self) -> None:
        """kill -9 of Redis."""
        self.server.kill()
        self.server.wait()

    def start_server(self) -> None:
        """Start Redis on the data that it left."""
        self.server = _serve(self.house.home / "valkey", self.port)
        self.eventually("a server", lambda: _answers(self.redis))


HICCUP = 2  # adoptions for which the machine may be to blame: it may hold processes up for as long as a heartbeat lasts


@contextmanager
def arena(
    order: Sequence[str] = PROVIDERS, *, by_proxy: bool = False, seed: int = 0, breaker: bool = False, **limits: int
) -> Iterator[Arena]:
    """Build an installation with this route and these limits; it ends with the test, each process by its id.

    With `by_proxy` the workers reach everything through proxies. `seed` is that of the emulator. With `breaker` the
    breakers trip as they do for real.
    """
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="nf-"))
        emulator = stack.enter_context(emulated("--seed", str(seed)))
        port, home = free_port(), Path(name) / "home"
        targets = {**{provider: port_of(emulator.urls[provider]) for provider in PROVIDERS}, "valkey": port}
        ways = {name: stack.enter_context(proxied(target)) for name, target in targets.items()} if by_proxy else {}
        ports = {name: ways[name].port if by_proxy else target for name, target in targets.items()}
        with settled(home, _addresses(ports)) as house:
            house.config.write_text(_configuration(order, breaker, limits))
            (home / "valkey").mkdir()
            client = redis.Redis(port=port)
            built = Arena(order, house, emulator, port, _serve(home / "valkey", port), client, ways)
            try:
                built.eventually("a server", lambda: _answers(client))
                yield built
                end(house.crew)
            finally:
                end(house.crew, signal.SIGKILL)
                client.close()
                built.server.terminate()
                built.server.wait()


def end(crew: "list[subprocess.Popen[bytes]]", number: int = signal.SIGTERM) -> None:
    """Signal the processes that live, and wait until they have ended."""
    for process in crew:
        if process.poll() is None:
            os.kill(process.pid, number)
    for process in crew:
        process.wait(PATIENCE)


def port_of(url: str) -> int:
    """The port of an address of the emulator."""
    return int(url.rpartition(":")[2])


def _put(pipe: Any, base: str, identity: str, data: bytes | None, **unusual: str) -> None:
    made = {"name": "mail", "opts": "{}", "timestamp": int(time.time() * 1000), "delay": 0, "priority": 0}
    pipe.hset(base + identity, mapping={**made, **({} if data is None else {"data": data}), **unusual})
    pipe.lpush(f"{base}wait", identity)
    pipe.zadd(f"{base}marker", {"0": 0})


def _addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """The environment that leads a worker to these ports."""
    urls = {f"NOTIFYCTL_{name.upper()}_URL": f"http://127.0.0.1:{ports[name]}" for name in PROVIDERS}
    return {**urls, "BULLMQ_REDIS_HOST": "127.0.0.1", "BULLMQ_REDIS_PORT": str(ports["valkey"])}


def _configuration(order: Sequence[str], breaker: bool, limits: Mapping[str, int]) -> str:
    """Without `breaker` they trip for a refused account alone: so every mail meets the fault that is meant for it."""
    still = [] if breaker else ["[breaker]", "faults = 1_000_000", "calls = 1_000_000"]
    lines = ['pace = "demo"', "[route]", f"order = {list(order)}", *still, "[limits]"]
    return "\n".join([*lines, *(f"{name} = {value}" for name, value in limits.items())])


def _serve(directory: Path, port: int) -> "subprocess.Popen[bytes]":
    """The embedded server, except that it listens on a port instead of a socket file, and can be told to sleep."""
    line = supervisor.command(embedded.find_server(), directory, directory / "unused")
    unlike = ("--unixsocket", "", "--port", str(port), "--bind", "127.0.0.1", "--enable-debug-command", "local")
    return subprocess.Popen([*line, *unlike])


def _answers(client: "redis.Redis") -> bool:
    return _carried_out(client.ping)


def _carried_out(work: Callable[[], object]) -> bool:
    """Whether Redis was there for it."""
    try:
        work()
    except (redis.ConnectionError, redis.TimeoutError):
        return False
    return True
