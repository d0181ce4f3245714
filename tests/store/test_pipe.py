"""A pipe: many ask on one connection, and each gets its own replies; a lost connection is opened again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.exceptions import NoScriptError, ResponseError

from conftest import Valkey
from notifyctl.store.connect import connect
from notifyctl.store.pipe import Pipe, pack
from notifyctl.store.server import Server

PING = pack(("PING",))


@asynccontextmanager
async def piped(server: Server) -> AsyncIterator[Pipe]:
    redis = connect(server, start=False, name="pipe")
    try:
        yield Pipe(redis)
    finally:
        await redis.aclose()


def run(valkey: Valkey, story: Callable[[Pipe], Coroutine[Any, Any, None]]) -> None:
    async def told() -> None:
        async with piped(valkey.server) as pipe:
            await story(pipe)

    asyncio.run(told())


def echo(text: str | bytes) -> bytes:
    return pack(("ECHO", text))


class TestPipe:
    def test_gives_each_of_many_their_own_replies(self, valkey: Valkey) -> None:
        async def story(pipe: Pipe) -> None:
            asked = [pipe.ask([echo(f"{at}.{part}") for part in range(at)]) for at in range(1, 30)]
            told = await asyncio.gather(*asked)
            assert told == [[f"{at}.{part}".encode() for part in range(at)] for at in range(1, 30)]

        run(valkey, story)

    def test_carries_what_no_single_read_holds(self, valkey: Valkey) -> None:
        async def story(pipe: Pipe) -> None:
            texts = [bytes([at]) * 300_000 for at in range(20)]
            assert await pipe.ask([echo(text) for text in texts]) == texts

        run(valkey, story)

    def test_writes_numbers_and_text_outside_ascii_as_redis_py_does(self, valkey: Valkey) -> None:
        async def story(pipe: Pipe) -> None:
            script = "return ARGV"
            (told,) = await pipe.ask([pack(("EVAL", script, 0, "grüße\r\n", 1.5, 7, b"\x00"))])
            assert told == ["grüße\r\n".encode(), b"1.5", b"7", b"\x00"]

        run(valkey, story)

    def test_raises_a_refusal_and_goes_on(self, valkey: Valkey) -> None:
        async def story(pipe: Pipe) -> None:
            with pytest.raises(NoScriptError):
                await pipe.ask([pack(("EVALSHA", "0" * 40, 0))])
            with pytest.raises(ResponseError, match="WRONGTYPE"):
                await pipe.ask([pack(("SET", "text", "x")), pack(("HGET", "text", "x")), PING])
            assert await pipe.ask([PING]) == [b"PONG"]

        run(valkey, story)

    def test_does_not_mix_up_replies_when_somebody_stops_waiting(self, valkey: Valkey) -> None:
        async def story(pipe: Pipe) -> None:
            await pipe.ask([PING])
            leaving = asyncio.create_task(pipe.ask([echo("first")]))
            await asyncio.sleep(0)
            leaving.cancel()
            assert await pipe.ask([echo("second")]) == [b"second"]

        run(valkey, story)

    def test_tells_everybody_that_the_connection_is_lost_and_opens_another(self, valkey: Valkey) -> None:
        async def story(pipe: Pipe) -> None:
            async with piped(valkey.server) as other:
                (number,) = await pipe.ask([pack(("CLIENT", "ID"))])
                blocked = [pipe.ask([pack(("BLPOP", "nothing", 0))]) for _ in range(2)]
                waiting = [asyncio.create_task(each) for each in blocked]
                await asyncio.sleep(0)
                await other.ask([pack(("CLIENT", "KILL", "ID", number))])
                told = await asyncio.gather(*waiting, return_exceptions=True)
                assert [type(each) for each in told] == [ConnectionError, ConnectionError]
                (after,) = await pipe.ask([pack(("CLIENT", "ID"))])
                assert after > number

        run(valkey, story)

    def test_leaves_a_connection_that_must_be_opened_anew(self, valkey: Valkey) -> None:
        async def story(pipe: Pipe) -> None:
            (before,) = await pipe.ask([pack(("CLIENT", "ID"))])
            await pipe._redis.connection_pool.update_active_connections_for_reconnect()
            (after,) = await pipe.ask([pack(("CLIENT", "ID"))])
            assert after > before
            assert pipe._redis.connection_pool.can_get_connection()

        run(valkey, story)
