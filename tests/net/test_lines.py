"""Lines are kept for the next call to their address, within a number and an age."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import replace

from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.pace import DEMO
from notifyctl.net.wire import Wire
from peers import Peer, answering, serve

CALM = replace(DEMO, connect=5, total=5)


def calls(count: int, most: int, scene: Callable[[Wire, list[str]], Awaitable[None]], pace=CALM) -> list[int]:
    """Play a scene against so many answering peers; the number of connections that each of them saw."""
    with ExitStack() as stack:
        peers: list[Peer] = [stack.enter_context(serve(answering)) for _ in range(count)]

        async def run() -> None:
            async with Wire(pace, max_connections=most) as wire:
                await scene(wire, [peer.url() for peer in peers])

        asyncio.run(run())
        return [peer.connections for peer in peers]


async def call(wire: Wire, url: str) -> None:
    assert isinstance((await wire.send(Request("POST", url, (), b"x"))).answer, Response)


def test_one_after_the_other_share_one_line():
    async def scene(wire: Wire, urls: list[str]) -> None:
        for _ in range(5):
            await call(wire, urls[0])

    assert calls(1, 4, scene) == [1]


def test_calls_to_other_pages_of_an_address_share_its_line():
    async def scene(wire: Wire, urls: list[str]) -> None:
        for place in range(5):
            await call(wire, f"{urls[0]}/messages?recipient={place}")

    assert calls(1, 4, scene) == [1]


def test_many_at_once_share_the_lines_that_there_may_be():
    async def scene(wire: Wire, urls: list[str]) -> None:
        await asyncio.gather(*(call(wire, urls[0]) for _ in range(12)))

    (connections,) = calls(1, 3, scene)
    assert connections == 3


def test_an_idle_line_makes_room_for_another_address():
    async def scene(wire: Wire, urls: list[str]) -> None:
        for url in (urls[0], urls[1], urls[1], urls[0]):
            await call(wire, url)

    assert calls(2, 1, scene) == [2, 1]


def test_a_line_that_was_idle_for_too_long_is_not_used_again():
    async def scene(wire: Wire, urls: list[str]) -> None:
        await call(wire, urls[0])
        await call(wire, urls[0])

    assert calls(1, 4, scene, replace(CALM, keepalive=0)) == [2]
