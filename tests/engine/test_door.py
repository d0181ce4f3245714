"""A door: few ask at a time, the others wait in the order in which they came."""

import asyncio
from collections import Counter

import pytest

from notifyctl.engine.door import UNKNOWN, Door


@pytest.fixture
def waiting() -> Counter[int]:
    return Counter()


@pytest.fixture
def door(waiting: Counter[int]) -> Door:
    """One that lets one ask at a time."""
    door = Door(waiting)
    door.widen(1)
    return door


async def line(door: Door, names: str, entered: list[str]) -> list[asyncio.Task[None]]:
    """A message of lane 3 for each letter, in line."""

    async def come(name: str) -> None:
        await door.stand(3)
        entered.append(name)

    tasks = [asyncio.create_task(come(name)) for name in names]
    await asyncio.sleep(0)
    return tasks


def test_a_few_enter_before_anything_is_known():
    door = Door(Counter())
    assert [door.enter() for _ in range(UNKNOWN + 1)] == [True] * UNKNOWN + [False]


def test_those_in_line_enter_one_after_the_other(door: Door, waiting: Counter[int]):
    async def story() -> None:
        entered: list[str] = []
        assert door.enter()
        tasks = await line(door, "abc", entered)
        assert (entered, door.length, waiting[3]) == ([], 3, 3)
        for count in (1, 2, 3):
            door.leave()
            await tasks[count - 1]
            assert entered == list("abc"[:count])
        assert (door.length, waiting[3]) == (0, 0)

    asyncio.run(story())


def test_nobody_overtakes_those_in_line(door: Door):
    async def story() -> None:
        entered: list[str] = []
        assert door.enter()
        tasks = await line(door, "a", entered)
        door.leave()
        assert not door.enter()
        await tasks[0]
        assert not door.enter()

    asyncio.run(story())


def test_a_wider_door_lets_more_enter_at_once(door: Door):
    async def story() -> None:
        entered: list[str] = []
        assert door.enter()
        tasks = await line(door, "abcd", entered)
        door.widen(3)
        await asyncio.gather(*tasks[:2])
        assert entered == ["a", "b"]
        door.widen(float("inf"))
        await asyncio.gather(*tasks)
        assert door.enter()

    asyncio.run(story())


def test_who_gives_up_takes_no_place_with_it(door: Door, waiting: Counter[int]):
    async def story() -> None:
        entered: list[str] = []
        assert door.enter()
        tasks = await line(door, "abc", entered)
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        door.leave()
        tasks[1].cancel()  # in the moment in which it was let in
        await asyncio.wait(tasks[1:])
        assert (entered, waiting[3]) == (["c"], 0)
        door.leave()
        assert door.enter()

    asyncio.run(story())
