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
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import redis

from conftest import free_port
from house import Emulator, House, emulated, settled
from notifyctl.store import embedded, supervisor
from notifyctl.store.jobdata import write

TYPES = {"critical": "booking.confirmation", "standard": "booking.reminder", "bulk": "event.cancelled"}
PRIORITIES = tuple(TYPES)
PROVIDERS = ("resend", "postmark", "ses")
HTML = "<p>" + "Doors at seven. " * 1250 + "</p>"  # 20 kB
PATIENCE = 60.0  # seconds until a test gives up

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
    """`order` is the route; `sent` are the messages so far, each enqueued as it should be."""

    order: Sequence[str]
    house: House
    emulator: Emulator
    port: int
    server: "subprocess.Popen[bytes]"
    redis: "redis.Redis"
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

    def enqueue(self, mail: Mail, data: bytes | None, job: str = "", lane: str = "", **unusual: str) -> None:
        """Add a job as BullMQ does: an id that exists is left alone. Job, lane and fields may be unusual."""
        base, identity = lane or mail.lane, job or mail.id
        if self.redis.exists(base + identity):
            return
        fields: dict[str, Any] = {"name": "mail", "opts": "{}", "timestamp": int(time.time() * 1000)}
        if data is not None:
            fields["data"] = data
        with self.redis.pipeline(transaction=True) as pipe:
            pipe.hset(base + identity, mapping={**fields, "delay": 0, "priority": 0, **unusual})
            pipe.lpush(f"{base}wait", identity)
            pipe.zadd(f"{base}marker", {"0": 0})
            pipe.execute()

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

    def strike(self, *faults: Fault) -> None:
        """Script faults."""
        if faults:
            self.emulator.call("POST", "/faults", list(faults))

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


@contextmanager
def arena(order: Sequence[str] = PROVIDERS, **limits: int) -> Iterator[Arena]:
    """Build an installation with this route and these limits; it ends with the test, each process by its id."""
    with tempfile.TemporaryDirectory(prefix="nf-") as name, emulated() as emulator:
        port, home = free_port(), Path(name) / "home"
        urls = {f"NOTIFYCTL_{provider.upper()}_URL": emulator.urls[provider] for provider in PROVIDERS}
        with settled(home, {**urls, "BULLMQ_REDIS_HOST": "127.0.0.1", "BULLMQ_REDIS_PORT": str(port)}) as house:
            (home / "notifyctl.toml").write_text(_configuration(order, limits))
            (home / "valkey").mkdir()
            client = redis.Redis(port=port)
            built = Arena(order, house, emulator, port, _serve(home / "valkey", port), client)
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


def _configuration(order: Sequence[str], limits: Mapping[str, int]) -> str:
    lines = ['pace = "demo"', "[route]", f"order = {list(order)}", "[limits]"]
    return "\n".join([*lines, *(f"{name} = {value}" for name, value in limits.items())])


def _serve(directory: Path, port: int) -> "subprocess.Popen[bytes]":
    """The embedded server, except that it listens on a port instead of a socket file."""
    line = supervisor.command(embedded.find_server(), directory, directory / "unused")
    return subprocess.Popen([*line, "--unixsocket", "", "--port", str(port), "--bind", "127.0.0.1"])


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
