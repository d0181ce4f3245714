"""When waits must end: one timer for all of them, since a timer for each costs as much as parsing its answer.

Calls last equally long at most, so they mostly end in the order in which they began; one that does not has a timer of
its own.
"""

import asyncio
from collections import deque
from typing import Any


class Deadlines:
    """Ends what is not answered in time with TimeoutError; `close()` forgets everything."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waits: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, answer: "asyncio.Future[Any]", end: float) -> None:
        """Let the answer fail when it is not there at `end` of the loop's clock."""
        waits = self._waits
        while waits and waits[0][1].done():
            waits.popleft()
        if waits and end < waits[-1][0]:
            self._loop.call_at(end, _expire, answer)
            return
        waits.append((end, answer))
        if self._timer is None:
            self._timer = self._loop.call_at(end, self._sweep)

    def close(self) -> None:
        """Nothing is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _sweep(self) -> None:
        """End the waits whose time has come, then sleep until the next one."""
        self._timer, waits, now = None, self._waits, self._loop.time()
        while waits and (waits[0][0] <= now or waits[0][1].done()):
            _expire(waits.popleft()[1])
        if waits:
            self._timer = self._loop.call_at(waits[0][0], self._sweep)


def _expire(answer: "asyncio.Future[Any]") -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
