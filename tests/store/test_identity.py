"""The watch: each connection asks who is there, and none is used with a server that was not checked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis as sync

from conftest import Valkey, free_port
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.identity import Change, Identity, change
from notifyctl.domain.secret import Secret
from notifyctl.store import embedded
from notifyctl.store.connect import connect
from notifyctl.store.identity import Watch
from notifyctl.store.link import Link
from notifyctl.store.server import Server
from solo import Solo, solo


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Solo]:
    """A server that the test may restart and demote."""
    with solo(embedded.find_server(), tmp_path) as started:
        yield started


@asynccontextmanager
async def watched(server: Server) -> AsyncIterator[tuple[Watch, Link, Link]]:
    """A watch, its eye, and a guarded link."""
    watch = Watch()
    eye = Link(connect(server, start=False, name="eye", greet=watch.greet), server)
    link = Link(connect(server, start=False, name="guarded", greet=watch.greet_checked), server, watch)
    watch.guard(link.redis)
    async with eye.redis, link.redis:
        yield watch, eye, link


def story(server: Server, tell: Callable[[Watch, Link, Link], Awaitable[None]]) -> None:
    async def run() -> None:
        async with watched(server) as parts:
            await tell(*parts)

    asyncio.run(run())


async def ping(link: Link) -> None:
    with link.reach():
        await link.redis.ping()


def test_a_server_tells_who_it_is(valkey: Valkey) -> None:
    async def tell(watch: Watch, eye: Link, link: Link) -> None:
        met = await watch.look(eye.redis)
        with sync.Redis(port=valkey.port) as client:
            told = {**client.info("server"), **client.info("replication")}
        assert (met.run, met.role, met.history) == (told["run_id"], "master", told["master_replid"])
        assert met.before == "0" * 40
        assert await watch.look(eye.redis) == met

    story(valkey.server, tell)


def test_nothing_is_asked_of_a_server_before_it_is_checked(valkey: Valkey) -> None:
    async def tell(watch: Watch, eye: Link, link: Link) -> None:
        with pytest.raises(Unreachable) as caught:
            await ping(link)
        assert caught.value.code == "RDS-CHANGED"
        watch.open(await watch.look(eye.redis))
        await ping(link)

    story(valkey.server, tell)


def test_a_connection_that_is_opened_anew_in_silence_is_refused_by_another_server(own: Solo) -> None:
    async def tell(watch: Watch, eye: Link, link: Link) -> None:
        known = await watch.look(eye.redis)
        watch.open(known)
        await ping(link)
        own.restart()
        for _ in range(2):  # the first may find the old connection broken
            with pytest.raises(Unreachable):
                await ping(link)
        assert watch.stirred.is_set()
        met = await watch.look(eye.redis)
        assert change(known, met) is Change.RESTARTED
        await watch.close()
        watch.open(met)
        await ping(link)

    story(own.server, tell)


def test_an_answer_that_comes_after_a_doubt_counts_as_lost(valkey: Valkey) -> None:
    async def tell(watch: Watch, eye: Link, link: Link) -> None:
        watch.open(await watch.look(eye.redis))
        with pytest.raises(Unreachable), link.reach():
            await link.redis.ping()
            watch.doubt()
        with pytest.raises(Unreachable), link.reach():
            pytest.fail("nothing may be asked")

    story(valkey.server, tell)


@pytest.mark.parametrize(
    "write",
    ["return redis.call('SET', 'k', 'v')", "local ok, why = pcall(redis.call, 'SET', 'k', 'v'); error(why, 0)"],
)
def test_a_primary_that_was_demoted_is_doubted_at_its_first_refusal_of_a_write(own: Solo, write: str) -> None:
    async def tell(watch: Watch, eye: Link, link: Link) -> None:
        watch.open(await watch.look(eye.redis))
        await ping(link)
        own.client.replicaof("127.0.0.1", str(free_port()))
        with pytest.raises(Unreachable) as caught, link.reach():
            await link.redis.eval(write, 0)
        assert caught.value.code == "RDS-READONLY"
        with pytest.raises(Unreachable) as caught:
            await ping(link)
        assert caught.value.code == "RDS-CHANGED"
        assert not (await watch.look(eye.redis)).primary

    story(own.server, tell)


def test_a_worker_that_slept_on_a_marker_hears_of_the_demotion(own: Solo) -> None:
    async def tell(watch: Watch, eye: Link, link: Link) -> None:
        watch.open(await watch.look(eye.redis))

        async def sleep() -> None:
            with link.reach():
                await link.redis.bzpopmin("marker", timeout=8)

        sleeping = asyncio.create_task(sleep())
        while not own.client.info("clients")["blocked_clients"]:  # noqa: ASYNC110 - a sleeper at the server is no event
            await asyncio.sleep(0.01)
        own.client.replicaof("127.0.0.1", str(free_port()))
        with pytest.raises(Unreachable) as caught:
            await sleeping
        assert caught.value.code == "RDS-READONLY"

    story(own.server, tell)


def test_a_server_that_does_not_know_the_question_is_taken_as_it_is(tmp_path: Path) -> None:
    """As some managed ones are."""

    async def tell(watch: Watch, eye: Link, link: Link) -> None:
        watch.open(await watch.look(eye.redis))
        assert watch.checked == Identity()
        await ping(link)

    with solo(embedded.find_server(), tmp_path, "--rename-command", "INFO", "") as mute:
        story(mute.server, tell)


def test_a_server_that_does_not_tell_is_taken_as_it_is(own: Solo) -> None:
    own.client.acl_setuser("shy", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@all"], commands=["-info"])
    server = Server(Path("unused"), host="127.0.0.1", port=own.port, username="shy", password=Secret("pw"))

    async def tell(watch: Watch, eye: Link, link: Link) -> None:
        watch.open(await watch.look(eye.redis))
        assert watch.checked == Identity()
        await ping(link)

    story(server, tell)
