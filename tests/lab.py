"""A store on a real server whose clock the test sets, and a few words to put jobs, workers and attempts in it."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from msgspec import structs

from conftest import PASSWORD, WORKER, Valkey
from notifyctl.domain.attempt import Record, State, Why
from notifyctl.domain.breaker import Counted, Rules
from notifyctl.domain.outcome import Outcome
from notifyctl.domain.secret import Secret
from notifyctl.domain.transition import ask
from notifyctl.settings import Settings
from notifyctl.store.attempts import Admission, Intent, Settled, Settlement
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.queue import Addition, Claim, Held, Job
from notifyctl.wiring.parts import build_store

Answer = TypeVar("Answer")
NOON = 1_795_510_800_000
LOCK = 25 * 3600.0
LISTS = ("wait", "active", "paused")
SETS = ("delayed", "prioritized", "completed", "failed")
W1, W2 = "nf.host.1.a", "nf.host.2.b"


class Lab:
    """One event loop, one connection, one store with three lanes; `now` is the server's time in ms."""

    def __init__(self, valkey: Valkey, settings: Settings) -> None:
        self.runner = asyncio.Runner()
        self.valkey = valkey
        self.settings = settings
        self.now = NOON
        self.link = Link(connect(settings.redis, start=False, name="lab"), settings.redis)
        mine = replace(settings.redis, username=WORKER, password=Secret(PASSWORD))
        self.mine = Link(connect(mine, start=False, name="lab"), mine)  # what is tested has the rights of a worker
        self.store = build_store(settings, self.mine, now=lambda: self.now)
        self.bases = self.store.queue.bases

    def close(self) -> None:
        self.run(self.link.redis.aclose())
        self.run(self.mine.redis.aclose())
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)

    def redis(self, *words: object) -> Any:
        """One command; bytes become texts."""

        async def call() -> Any:
            return await self.link.redis.execute_command(*words)

        return text(self.run(call()))

    def look(self, commands: list[tuple[object, ...]]) -> list[Any]:
        """Many commands in one round trip."""

        async def call() -> list[Any]:
            pipe = self.link.redis.pipeline(transaction=False)
            for command in commands:
                pipe.execute_command(*command)
            return await pipe.execute()

        return text(self.run(call()))

    # -- jobs

    def enqueue(self, message: str, lane: int = 1, delay: int = 0, priority: int = 0, data: bytes = b"{}") -> bool:
        addition = Addition(lane, message, "booking.confirmation", data, delay, priority)
        return self.run(self.store.queue.enqueue([addition]))[0]

    def claim(self, worker: str = W1, most: int = 10, lanes: tuple[int, ...] = (10, 10, 10)) -> Claim:
        return self.run(self.store.queue.claim(worker, LOCK, worker, most, lanes))

    def claimed(self, message: str, lane: int = 1, worker: str = W1) -> Job:
        """The job of a message that is enqueued and claimed at once."""
        self.enqueue(message, lane)
        return next(job for job in self.claim(worker).jobs if job.id == message)

    def adopt(self, worker: str, *orphans: tuple[int, str, str]) -> tuple[Job, ...]:
        return self.run(self.store.queue.adopt(worker, LOCK, worker, [Held(*orphan) for orphan in orphans]))

    def hash(self, job: str, lane: int = 1) -> dict[str, str]:
        flat = self.redis("HGETALL", self.bases[lane - 1] + job)
        return dict(zip(flat[::2], flat[1::2], strict=True)) if isinstance(flat, list) else flat

    def lock(self, job: str, lane: int = 1) -> str | None:
        return self.redis("GET", f"{self.bases[lane - 1]}{job}:lock")

    def place(self, job: str, lane: int = 1) -> str | None:
        """Where BullMQ's own tools would find the job; None when nowhere."""
        return self.places([(job, lane)])[0][0]

    def places(self, jobs: list[tuple[str, int]]) -> list[tuple[str | None, str | None]]:
        """The place and the lock of each job."""
        answers = iter(self.look([command for job, lane in jobs for command in self._search(job, lane)]))
        found = []
        for job, _ in jobs:
            names = [name for name in (*LISTS, *SETS) if next(answers) is not None]
            assert len(names) <= 1, f"{job} is in {names}"
            found.append((names[0] if names else None, next(answers)))
        return found

    def _search(self, job: str, lane: int) -> list[tuple[object, ...]]:
        base = self.bases[lane - 1]
        lists: list[tuple[object, ...]] = [("LPOS", base + name, job) for name in LISTS]
        return [*lists, *(("ZSCORE", base + name, job) for name in SETS), ("GET", f"{base}{job}:lock")]

    def events(self, lane: int = 1) -> list[str]:
        """The names of a lane's events, in order."""
        entries = self.redis("XRANGE", self.bases[lane - 1] + "events", "-", "+")
        return [
            fields["event"] if isinstance(fields, dict) else fields[fields.index("event") + 1] for _, fields in entries
        ]

    def retry(self, job: str, lane: int = 1) -> None:
        """What a dashboard does to retry a finished job."""
        base = self.bases[lane - 1]
        for name in ("completed", "failed"):
            self.redis("ZREM", base + name, job)
        self.redis("HDEL", base + job, "finishedOn", "processedOn", "failedReason", "returnvalue")
        self.redis("LPUSH", base + "wait", job)

    def remove(self, job: str, lane: int = 1) -> None:
        """What a dashboard does to remove a job that nobody holds."""
        base = self.bases[lane - 1]
        self.redis("LREM", base + "wait", 0, job)
        for name in ("completed", "failed", "delayed", "prioritized"):
            self.redis("ZREM", base + name, job)
        self.redis("DEL", base + job)

    # -- the board

    def trip(self, provider: str) -> None:
        """Three faults in a row, as settled by a worker, and what follows from them."""
        boards = self.store.boards
        self.redis("HSET", f"{boards.own}breaker:{provider}", "faults", 3, "messages", 2)
        seen = self.run(boards.look())
        move = ask(provider, seen.board.breaker(provider), Counted(), Rules(), seen.now)
        assert move
        assert self.run(boards.move(move, "worker one"))

    # -- attempts

    def record(self, message: str) -> Record:
        return self.run(self.store.attempts.read(message))

    def admit(self, worker: str, *intents: Intent) -> list[Admission]:
        """The intents rest on the board that holds, unless they say otherwise."""
        version = int(self.redis("HGET", self.store.boards.own + "board", "version") or 0)
        fresh = [structs.replace(item, board=item.board or version) for item in intents]
        return self.run(self.store.attempts.admit(worker, fresh))

    def settle(self, worker: str, *settlements: Settlement) -> list[Settled]:
        return self.run(self.store.attempts.settle(worker, settlements))

    def sending(self, message: str, attempt: str = "a1", lane: int = 1, worker: str = W1) -> Job:
        """A job whose first call was admitted."""
        job = self.claimed(message, lane, worker)
        assert self.admit(worker, intent(message, attempt, self.record(message).version, lane))[0].code == "ok"
        return job


def intent(message: str, attempt: str, version: int = 0, lane: int = 1, **changes: Any) -> Intent:
    """A first call through Resend that wants to be made; `changes` name other fields of `Intent`."""
    base = Intent(
        lane=lane, job=message, message=message, version=version, attempt=attempt, provider="resend", why=Why.FIRST,
        digest="digest", body="body", revision=1, type="booking.confirmation", priority="critical", rate=None, burst=1,
    )  # fmt: skip
    return structs.replace(base, **changes)


def outcome_of(message: str, attempt: str, outcome: Outcome, **changes: Any) -> Settlement:
    """The outcome of an attempt; the job is kept unless `changes` say otherwise."""
    base = Settlement(
        lane=1, job=message, message=message, version=None, attempt=attempt, outcome=outcome, provider="resend",
        provider_id=outcome.provider_id, reason="why", action="keep",
    )  # fmt: skip
    return structs.replace(base, **changes)


def decision(
    message: str, version: int, state: State | None, action: str, value: str = "", **changes: Any
) -> Settlement:
    """A decision without a call, made on that version of the record."""
    base = Settlement(1, message, message, version, state=state, reason="why", action=action, value=value)
    return structs.replace(base, **changes)


def text(value: Any) -> Any:
    """Replies as texts."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list | tuple):
        return [text(item) for item in value]
    if isinstance(value, dict):
        return {text(key): text(item) for key, item in value.items()}
    return value
