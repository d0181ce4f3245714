"""Waits end at their time, in whatever order they were begun, and those that were answered are left alone."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from notifyctl.net.deadlines import Deadlines

TICK = 0.002  # seconds


async def play(ends: Sequence[int], answered: Sequence[bool]) -> list[tuple[int, str, bool]]:
    """For each wait: its end in ticks, what came of it, and whether that came before its end."""
    loop, deadlines = asyncio.get_running_loop(), Deadlines()
    start = loop.time()
    seen: list[tuple[int, str, bool]] = []

    async def wait(end: int, is_answered: bool) -> None:
        answer: asyncio.Future[str] = loop.create_future()
        deadlines.watch(answer, start + end * TICK)
        if is_answered:
            answer.set_result("answered")
        try:
            word = await answer
        except TimeoutError:
            word = "too late"
        seen.append((end, word, loop.time() < start + end * TICK))

    await asyncio.gather(*(wait(*each) for each in zip(ends, answered, strict=True)))
    deadlines.close()
    return seen


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=12))
def test_an_answer_that_does_not_come_fails_at_its_end_and_not_before(waits):
    ends, answered = zip(*waits, strict=True)
    seen = asyncio.run(play(ends, answered))
    assert sorted((end, word) for end, word, _ in seen) == sorted(
        (end, "answered" if there else "too late") for end, there in waits
    )
    assert not [end for end, word, early in seen if early and word == "too late"]


def test_earlier_ends_come_first_although_they_were_watched_later():
    seen = asyncio.run(play([40, 4, 20, 1], [False] * 4))
    assert [end for end, _, _ in seen] == [1, 4, 20, 40]


def test_what_was_answered_is_not_kept():
    async def scene() -> int:
        deadlines, end = Deadlines(), asyncio.get_running_loop().time() + 60
        for _ in range(1000):
            answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            deadlines.watch(answer, end)
            answer.set_result(None)
        deadlines.close()
        return len(deadlines._waits)

    assert asyncio.run(scene()) <= 1
