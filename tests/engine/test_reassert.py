"""The check of a server: who waits for whom, and what is told before anybody claims."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from lab import LOCK, W1, W2, intent, outcome_of
from notifyctl.domain.attempt import State
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.secret import Secret
from notifyctl.engine.journal import Journal
from notifyctl.engine.memory import Memory
from notifyctl.engine.reassert import Aside, Checker
from notifyctl.engine.settle import Settler
from notifyctl.engine.tools import Tools
from notifyctl.engine.worker import refuse_eviction
from notifyctl.settings import Settings, load
from notifyctl.store import embedded
from notifyctl.store.connect import connect
from notifyctl.store.identity import Watch
from notifyctl.store.link import Link
from notifyctl.store.queue import Addition
from notifyctl.store.server import Server
from notifyctl.store.workers import Beat
from notifyctl.wiring.parts import Store, build_store
from solo import Solo, solo

LONG, SHORT = 3600.0, 0.2  # seconds that a heartbeat lasts
ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1")
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Solo]:
    """A server that the test may restart and demote."""
    with solo(embedded.find_server(), tmp_path) as started:
        yield started


class Hand:
    """A worker's check, with what it does lately in its memory; `rounds` counts how often it looked for the others."""

    def __init__(self, tools: Tools, watch: Watch, store: Store, aside: Aside) -> None:
        self.tools, self.watch, self.store = tools, watch, store
        self.rounds = 0
        self.checker = Checker(tools, aside, self._told)

    def _told(self) -> Beat:
        self.rounds += 1
        return Beat(self.tools.token, self.tools.token, "host", 1, "0", "demo", 0, 0, 0, 0)

    async def sending(self, message: str, attempt: str) -> None:
        """Claim what is in the queue, and admit a call for one message of it."""
        await self.store.queue.claim(self.tools.token, LOCK, self.tools.token, 1, (1, 1, 1))
        call = intent(message, attempt)
        (admission,) = await self.store.attempts.admit(self.tools.token, [call])
        self.tools.memory.began(call, admission.now)

    async def rounds_of(self, checking: "asyncio.Task[None]", number: int) -> None:
        """Return when the check has looked so often for the others, or has ended."""
        first = self.rounds
        while self.rounds < first + number and not checking.done():  # noqa: ASYNC110 - a round is no event
            await asyncio.sleep(0.01)


Hire = Callable[..., Coroutine[Any, Any, Hand]]


@pytest.fixture
def play(own: Solo, tools: Tools, tmp_path: Path) -> Callable[[Callable[[Hire], Coroutine[Any, Any, None]]], None]:
    """Runs a story that hires workers at the server of one's own."""
    settings = load()

    async def told(story: Callable[[Hire], Coroutine[Any, Any, None]]) -> None:
        async with crew(settings, own.server, tools, tmp_path / "left") as hire:
            await story(hire)

    return lambda story: asyncio.run(told(story))


@asynccontextmanager
async def crew(settings: Settings, server: Server, tools: Tools, folder: Path) -> AsyncIterator[Hire]:
    links: list[Link] = []
    journals: list[Journal] = []

    async def hire(token: str, ttl: float = LONG, at: Server = server) -> Hand:
        watch = Watch()
        greetings = ((watch.greet, None), (watch.greet_checking, None), (watch.greet_checked, watch))
        eye, side, main = (Link(connect(at, start=False, name=token, greet=greet), at, by) for greet, by in greetings)
        links.extend((eye, side, main))
        for link in (side, main):
            watch.guard(link.redis)
        store, aside = build_store(settings, main), build_store(settings, side)
        journals.append(Journal(folder, token))
        mine = replace(
            tools, token=token, queue=store.queue, attempts=store.attempts, workers=store.workers, memory=Memory(),
            journal=journals[-1],
            revision=replace(tools.revision, pace=replace(tools.revision.pace, heartbeat_ttl=ttl, outage_poll=0.02)),
        )  # fmt: skip
        return Hand(mine, watch, store, Aside(watch, eye, aside.attempts, aside.workers, aside.findings))

    try:
        yield hire
    finally:
        for link in links:
            await link.redis.aclose()
        for journal in journals:
            with suppress(OSError):  # that of a worker that died is closed
                journal.close()


async def enqueue(hand: Hand, *messages: str) -> None:
    await hand.store.queue.enqueue([Addition(1, message, "mail", b"{}") for message in messages])


def test_the_first_worker_on_a_server_waits_for_nobody(play):
    async def story(hire: Hire) -> None:
        for token in (W1, W2):
            hand = await hire(token)
            await hand.checker.check()
            assert set(await hand.store.workers.crew()) <= {W1, W2}
            assert await hand.store.attempts.findings() == {}

    play(story)


def test_nor_does_one_that_comes_after_all_have_left_and_the_server_has_restarted(play, own: Solo):
    async def story(hire: Hire) -> None:
        early = await hire(W1)
        await early.checker.check()
        await early.store.workers.leave(W1)
        own.restart()
        late = await hire(W2)
        await late.checker.check()
        assert await late.store.attempts.findings() == {}

    play(story)


def test_what_a_restarted_server_has_lost_is_there_again_before_the_worker_goes_on(play, own: Solo):
    async def story(hire: Hire) -> None:
        hand = await hire(W1, SHORT)
        await hand.checker.check()
        await enqueue(hand, "m", "n")
        size = own.written
        await hand.sending("m", "a1")
        own.restart(keep=size)
        await hand.checker.check()
        record = await hand.store.attempts.read("m")
        assert [(item.id, item.owner) for item in record.attempts] == [("a1", W1)]
        assert await hand.store.attempts.findings() == {"RDS-CHANGED": 1, "RDS-LOST-WRITES": 1}

    play(story)


def test_an_outcome_that_no_server_has_taken_yet_is_told_too(play, own: Solo):
    async def story(hire: Hire) -> None:
        hand = await hire(W1, SHORT)
        await hand.checker.check()
        await enqueue(hand, "m")
        size = own.written
        await hand.sending("m", "a1")
        own.kill()
        told = outcome_of("m", "a1", DOUBT, state=State.UNKNOWN, action="fail", value="unknown: why")
        settling = asyncio.create_task(Settler(hand.tools).settle(told))
        await asyncio.sleep(0)
        own.restart(keep=size)
        await hand.checker.check()
        assert (await hand.store.attempts.read("m")).state is State.UNKNOWN
        await settling
        assert (await hand.store.attempts.totals())[0] == {"unknown": 1}

    play(story)


def test_a_worker_that_knew_the_server_waits_until_all_who_live_could_beat_again(play, own: Solo):
    async def story(hire: Hire) -> None:
        hand = await hire(W1)
        await hand.checker.check()
        own.restart()
        waiting = asyncio.create_task(hand.checker.check())
        await hand.rounds_of(waiting, 5)
        assert not waiting.done()
        with pytest.raises(Unreachable):
            await enqueue(hand, "m")
        while not waiting.done():  # on Python 3.11 `wait_for`, which redis-py uses, may swallow a cancellation
            waiting.cancel()
            await asyncio.sleep(0.01)

    play(story)


@pytest.mark.parametrize("new", [False, True], ids=["it was here before", "it is new"])
def test_no_worker_goes_on_before_a_living_one_has_checked(play, own: Solo, new: bool):
    async def story(hire: Hire) -> None:
        slow, quick = await hire(W1, SHORT), await hire(W2, SHORT)
        await slow.checker.check()
        if not new:
            await quick.checker.check()
        await enqueue(slow, "m")
        size = own.written
        await slow.sending("m", "a1")
        own.restart(keep=size)
        own.client.set(f"nf:{{bull}}:worker:{W1}", "alive")
        going = asyncio.create_task(quick.checker.check())
        await quick.rounds_of(going, int(3 * SHORT / 0.02))  # longer than a heartbeat lasts
        assert not going.done()
        await slow.checker.check()
        await going
        assert len((await quick.store.attempts.read("m")).attempts) == 1

    play(story)


def test_the_dead_are_waited_for_once(play, own: Solo):
    async def story(hire: Hire) -> None:
        dead = await hire(W1, SHORT)
        await dead.checker.check()
        own.restart()
        late = await hire(W2, SHORT)
        await late.checker.check()
        assert set(await late.store.workers.crew()) == {W2}
        assert await late.store.attempts.findings() == {"RDS-CHANGED": 1}

    play(story)


def test_what_a_dead_worker_left_on_disk_is_told_before_the_next_goes_on(play, own: Solo):
    async def story(hire: Hire) -> None:
        dead = await hire(W1, SHORT)
        await dead.checker.check()
        await enqueue(dead, "m")
        size = own.written
        await dead.sending("m", "a1")
        told = outcome_of("m", "a1", DOUBT, state=State.ATTEMPTING, action="delay", value="0")
        dead.tools.journal.append([structs.replace(told, deed=dead.tools.memory.deed("a1"))])
        dead.tools.journal.close()
        own.restart(keep=size)
        late = await hire(W2, SHORT)
        await late.checker.check()
        (attempt,) = (await late.store.attempts.read("m")).attempts
        assert (attempt.id, attempt.owner, attempt.digest, attempt.outcome) == ("a1", W1, "digest", DOUBT)

    play(story)


def test_a_replica_is_not_used(play, own: Solo):
    async def story(hire: Hire) -> None:
        hand = await hire(W1, SHORT)
        await hand.checker.check()
        own.client.replicaof("127.0.0.1", "1")
        with pytest.raises(Unreachable) as caught:
            await hand.checker.check()
        assert caught.value.code == "RDS-READONLY"
        with pytest.raises(Unreachable):
            await enqueue(hand, "m")
        own.client.replicaof("NO", "ONE")
        await hand.checker.check()
        await enqueue(hand, "m")
        assert await hand.store.attempts.findings() == {"RDS-CHANGED": 1}

    play(story)


def test_a_server_that_does_not_tell_who_it_is_is_used_and_is_a_finding(play, own: Solo):
    own.client.acl_setuser("shy", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@all"], commands=["-info"])
    shy = replace(own.server, username="shy", password=Secret("pw"))

    async def story(hire: Hire) -> None:
        hand = await hire(W1, at=shy)
        await hand.checker.check()
        await refuse_eviction(hand.store.attempts.link)
        await enqueue(hand, "m")
        assert await hand.store.attempts.findings() == {"RDS-UNSEEN": 1}

    play(story)
