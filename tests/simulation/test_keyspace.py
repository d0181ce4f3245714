"""The server of the simulation against the real one: the same calls of every script give the same replies and keys.

Each sequence is drawn from a seed: producers, workers, people, broken keys, hours that pass. A failure names the seed
and prints the calls.
"""

import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lab import LOCK, NOON, W1, W2, Lab, decision, intent, outcome_of, text
from notifyctl.domain.attempt import State, Why
from notifyctl.domain.errors import NotifyctlError
from notifyctl.domain.limit import Limit
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.store.attempts import Deed
from notifyctl.store.keys import job_id
from notifyctl.store.limits import News
from notifyctl.store.queue import Addition, Held
from notifyctl.wiring.parts import Store, build_store
from simulation.client import Client, Link, encoded
from simulation.keyspace import Sorted, Stream
from simulation.loop import Loop
from simulation.server import Server

SEQUENCES, CALLS = 40, 60
MESSAGES = ("m1", "m2", "m3", "meta", "7")
OUTCOMES = (
    Outcome(Kind.ACCEPTED, provider_id="p-1"), Outcome(Kind.FAULT, code="503", http=503),
    Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout", detail='a/b "c" ü'), Outcome(Kind.THROTTLED, code="429"),
)  # fmt: skip
OPTIONS = (
    {}, {"removeOnComplete": True}, {"removeOnComplete": 1, "removeOnFail": 2}, {"removeOnFail": {"count": 1}},
    {"removeOnComplete": {"age": 3, "limit": 2}}, {"attempts": 2, "stackTraceLimit": 1}, {"removeOnComplete": False},
)  # fmt: skip
Calls = list[tuple[Any, ...]]


class Twins:
    """The real server and the simulated one, with one clock."""

    def __init__(self, lab: Lab, seed: int) -> None:
        self.lab = lab
        self.chance = random.Random(seed)
        self.loop = Loop()
        self.server = Server(self.loop, random.Random(seed))
        link = Link(Client(self.server), lab.settings.redis)
        self.store = build_store(lab.settings, link, now=lambda: lab.now)
        self.calls: Calls = []
        self.intents: list[Any] = []

    def ask(self, call: Callable[[Store], Awaitable[Any]], *words: Any) -> Any:
        """Both, which must answer alike."""
        self.calls.append((self.lab.now - NOON, *words))
        real = _told(lambda: self.lab.run(call(self.lab.store)))
        simulated = _told(lambda: self.loop.run_until_complete(call(self.store)))
        assert simulated == real
        return real

    def redis(self, *words: Any) -> None:
        """One command for both, as a person or a Node process would give it."""
        self.calls.append((self.lab.now - NOON, *words))
        name, *rest = map(encoded, words)
        real = _told(lambda: self.lab.redis(*words))
        simulated = _told(lambda: self.server.keys.call(name, *rest))
        assert (real == "WRONGTYPE") == (simulated == "WRONGTYPE")

    def compare(self) -> None:
        """Every key holds the same."""
        keys = sorted(text(self.lab.redis("KEYS", "*")))
        simulated = self.server.keys
        assert sorted(key.decode() for key in simulated.values) == keys
        for key in keys:
            assert self._simulated(key.encode()) == self._real(key), key
            lasts = self.lab.redis("PTTL", key) >= 0
            assert (key.encode() in simulated.ends) == lasts, f"{key} expires: {lasts}"

    def _real(self, key: str) -> Any:
        kind = self.lab.redis("TYPE", key)
        if kind == "stream":
            return [_row(fields) for _, fields in self.lab.redis("XRANGE", key, "-", "+")]
        reading = {"string": ("GET", key), "hash": ("HGETALL", key), "list": ("LRANGE", key, 0, -1),
                   "zset": ("ZRANGE", key, 0, -1, "WITHSCORES")}  # fmt: skip
        value = self.lab.redis(*reading[kind])
        if kind == "hash":
            return {name: word for name, word in _row(value).items() if not _is_place(key, name)}
        if kind == "zset":
            pairs = value if value and isinstance(value[0], list) else zip(value[::2], value[1::2], strict=True)
            return [(member, float(score)) for member, score in pairs]
        return value

    def _simulated(self, key: bytes) -> Any:
        value = self.server.keys.values[key]
        if isinstance(value, Stream):
            return [_row(text(list(fields))) for _, fields in value]
        if isinstance(value, Sorted):
            return [(text(member), score) for member, score in value.ranked()]
        if isinstance(value, dict):
            return {name: word for name, word in text(value).items() if not _is_place(key.decode(), name)}
        return text(value)


def _told(call: Callable[[], Any]) -> Any:
    """The answer, or the kind of error."""
    try:
        return call()
    except NotifyctlError as error:
        return error.code
    except Exception as error:
        return str(error).partition(" ")[0]


def _is_place(key: str, name: str) -> bool:
    """Whether a field holds the id of an event, which is drawn from the machine's clock."""
    return ":audit:" in key and name == "events"


def _row(flat: Any) -> dict[str, str]:
    return flat if isinstance(flat, dict) else dict(zip(flat[::2], flat[1::2], strict=True))


# -- what may be called


def enqueue(twins: Twins) -> None:
    chance = twins.chance
    lane, message = chance.randint(1, 3), chance.choice(MESSAGES)
    item = Addition(lane, message, "t", b'{"id":"x"}', chance.choice((0, 0, 1, 500)), chance.choice((0, 0, 1, 9)))
    twins.ask(lambda store: store.queue.enqueue([item, item]), item)


def claim(twins: Twins) -> None:
    worker, most = twins.chance.choice((W1, W2)), twins.chance.randint(1, 4)
    twins.ask(lambda store: store.queue.claim(worker, LOCK, worker, most, (3, 2, 2)), "claim", worker, most)


def adopt(twins: Twins) -> None:
    worker = twins.chance.choice((W1, W2))
    held = [
        Held(lane, job_id(message), twins.chance.choice((W1, W2, ""))) for lane in (1, 2, 3) for message in MESSAGES
    ]
    twins.ask(lambda store: store.queue.adopt(worker, LOCK, worker, held), "adopt", worker)


def admit(twins: Twins) -> None:
    chance = twins.chance
    worker, message = chance.choice((W1, W2)), chance.choice(MESSAGES)
    known = twins.lab.record(message)
    item = intent(
        message, f"a{len(twins.intents)}", known.version + chance.choice((0, 0, 0, 1)), chance.randint(1, 3),
        provider=chance.choice(("resend", "ses")), why=chance.choice(list(Why)), rate=chance.choice((None, 2.0, 0.3)),
        trial=chance.random() < 0.3, priority=chance.choice(("critical", "standard", "bulk")),
        burst=chance.choice((1, 3)), job=job_id(message),
    )  # fmt: skip
    twins.intents.append(item)
    again = chance.choice(twins.intents)
    twins.ask(lambda store: store.attempts.admit(worker, [item, again]), worker, item, again)


def tell(twins: Twins) -> None:
    if not twins.intents:
        return
    chance, item = twins.chance, twins.chance.choice(twins.intents)
    worker, outcome = chance.choice((W1, W2)), chance.choice(OUTCOMES)
    state, action, value = chance.choice((*_ends(twins), (None, "keep", "")))
    told = outcome_of(
        item.message, item.attempt, outcome, lane=item.lane, job=item.job, state=state, action=action, value=value,
        restored=chance.random() < 0.2, provider=item.provider,
    )  # fmt: skip
    twins.ask(lambda store: store.attempts.settle(worker, [told]), worker, told)


def decide(twins: Twins) -> None:
    chance, message = twins.chance, twins.chance.choice(MESSAGES)
    worker, lane = chance.choice((W1, W2)), chance.randint(1, 3)
    version = twins.lab.record(message).version + chance.choice((0, 0, 0, -1))
    state, action, value = chance.choice(_ends(twins))
    finding = chance.choice(("", "QUE-FLOW"))
    told = decision(
        message, version, state, action, value, lane=lane, job=job_id(message), looked=chance.random() < 0.3,
        finding=finding,
    )  # fmt: skip
    twins.ask(lambda store: store.attempts.settle(worker, [told, told]), worker, told)


def _ends(twins: Twins) -> list[tuple[State | None, str, str]]:
    due = str(twins.lab.now + twins.chance.choice((0, 700)))
    return [
        (State.ACCEPTED, "complete", '{"state":"accepted"}'), (State.NO_CONSENT, "complete", "{}"),
        (State.UNKNOWN, "fail", "unknown: why"), (State.EXPIRED, "fail", "expired: why"),
        (State.HELD, "delay", due), (State.ATTEMPTING, "delay", due),
    ]  # fmt: skip


def reassert(twins: Twins) -> None:
    if not twins.intents:
        return
    item, outcome = twins.chance.choice(twins.intents), twins.chance.choice(OUTCOMES)
    told = outcome_of(item.message, item.attempt, outcome, lane=item.lane)
    deed = Deed(item, twins.lab.now - 500)
    known = twins.chance.choice(((deed, None), (deed, told), (None, told)))
    twins.ask(lambda store: store.attempts.reassert(W1, [known]), "reassert", known)


def limit(twins: Twins) -> None:
    news = News(
        closed=twins.chance.choice((None, 0, 900)),
        limit=twins.chance.choice((None, Limit(5), Limit(1, 4))),
        remaining=twins.chance.choice((None, 0)),
        verdict=twins.chance.choice(("", "good", "many")),
        rate=twins.chance.choice((None, 3.0)),
    )
    twins.ask(lambda store: store.limits.note("resend", news), "limit", news)


def look(twins: Twins) -> None:
    for message in MESSAGES:
        twins.ask(lambda store, message=message: store.attempts.read(message), "read", message)
    twins.ask(lambda store: store.queue.active(), "active")
    twins.ask(lambda store: store.attempts.totals(), "totals")
    twins.ask(lambda store: store.attempts.unknown(), "unknown")
    twins.ask(lambda store: store.attempts.in_flight(), "in flight")


def audit(twins: Twins) -> None:
    """A pass over one lane, under a lease that may be another's."""
    base, worker = twins.chance.choice(twins.lab.bases), twins.chance.choice((W1, W2))
    lease = twins.ask(lambda store: store.workers.lease("audit", worker, 3600), "lease", worker)
    lane = twins.ask(lambda store: store.census.begin(base, lease), "begin", base)
    if isinstance(lane, str):
        return
    twins.ask(lambda store: store.census.tail(base, lease, lane.number), "tail", base)
    twins.ask(lambda store: store.census.mark(base, lease, lane.number), "mark", base)
    twins.ask(lambda store: _missing(store, base, lane.number), "missing", base)
    twins.ask(lambda store: store.findings.note("QUE-GHOST", [base, "x"], again=False), "note", base)
    twins.ask(lambda store: store.census.forget(base, [b"m1"]), "forget", base)


async def _missing(store: Store, base: str, number: int) -> list[Any]:
    removed = await store.census.traces(base, number, [b"m1", b"m2"])
    return [removed, *[traces async for traces in store.census.missing(base, number)]]


def heartbeat(twins: Twins) -> None:
    duty, worker = twins.chance.choice(("adopt", "seal")), twins.chance.choice((W1, W2))
    twins.ask(lambda store: store.workers.lease(duty, worker, 3600), "lease", duty, worker)
    twins.ask(lambda store: store.workers.join(worker, "server"), "join", worker)
    twins.ask(lambda store: store.workers.crew(), "crew")
    twins.ask(lambda store: store.workers.alive({W1, W2}), "alive")
    twins.ask(lambda store: store.workers.leave(worker), "leave", worker)


def meddle(twins: Twins) -> None:
    """A person, or another client of BullMQ."""
    chance, base = twins.chance, twins.chance.choice(twins.lab.bases)
    job = job_id(chance.choice(MESSAGES))
    key = base + job
    acts: list[Calls] = [
        [("HSET", f"{base}meta", "paused", "1")], [("HDEL", f"{base}meta", "paused", "concurrency")],
        [("HSET", f"{base}meta", "concurrency", chance.choice((1, 2)))],
        [("LREM", f"{base}wait", 0, job), ("ZREM", f"{base}delayed", job), ("DEL", key)],
        [("HSET", key, "opts", json.dumps(chance.choice(OPTIONS)))],
        [("HSET", key, "defa", "stalled", "stc", chance.choice((1, "x")))],
        [("HSET", key, "rjk", "daily")], [("HSET", key, "parentKey", "p")],
        [("HSET", key, "deid", "d1"), ("SET", f"{base}de:d1", job)],
        [("LPUSH", f"{base}wait", job)], [("DEL", f"{key}:lock")],
        [("SET", f"{base}delayed", "broken")], [("DEL", f"{base}delayed")],
    ]  # fmt: skip
    for words in chance.choice(acts):
        twins.redis(*words)


def time_passes(twins: Twins) -> None:
    twins.lab.now += twins.chance.choice((0, 1, 400, 5000, 3_600_000))


RARE = (adopt, reassert, limit, look, heartbeat, meddle, audit)
RULES = (*(enqueue, claim, admit, tell, decide) * 3, *RARE, *(time_passes,) * 2)


def test_the_same_calls_give_the_same_replies_and_the_same_keys(lab: Lab):
    for seed in range(SEQUENCES):
        lab.redis("FLUSHALL")
        lab.now = NOON
        twins = Twins(lab, seed)
        try:
            for _ in range(CALLS):
                twins.chance.choice(RULES)(twins)
            twins.compare()
        except AssertionError as error:
            told = "\n".join(" ".join(map(str, call)) for call in twins.calls)
            pytest.fail(f"{told}\nseed={seed}: {error}", pytrace=False)
        finally:
            twins.loop.close()
