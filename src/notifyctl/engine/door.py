"""A door to a provider for one priority: the messages of this worker that want in, first come, first served.

Only a few ask for a token at a time. The others stand in line here, which costs nobody anything, and their job is not
given back; so a worker asks as often as it is let in and not much more, however many messages wait.
"""

import asyncio
from collections import Counter, deque

UNKNOWN = 8  # messages that may ask before the first answer tells how fast the provider's door moves


class Door:
    """`waiting` counts the messages in line by lane; it is shared by all doors of a worker."""

    def __init__(self, waiting: Counter[int]) -> None:
        self._waiting = waiting
        self._line: deque[asyncio.Future[None]] = deque()
        self._asking = 0
        self._most: float = UNKNOWN

    @property
    def length(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def enter(self) -> bool:
        """Enter at once, if nobody waits and few ask."""
        if self._line or self._asking >= self._most:
            return False
        self._asking += 1
        return True

    async def stand(self, lane: int) -> None:
        """Stand in line, and enter. A cancelled message has not entered."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        self._waiting[lane] += 1
        try:
            await place
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
            elif not place.cancelled():
                self.leave()
            raise
        finally:
            self._waiting[lane] -= 1

    def leave(self) -> None:
        """Leave; the next one enters."""
        self._asking -= 1
        self._admit()

    def widen(self, most: float) -> None:
        """Let so many ask at a time, at least 1."""
        self._most = most
        self._admit()

    def _admit(self) -> None:
        while self._line and self._asking < self._most:
            place = self._line.popleft()
            if not place.done():
                self._asking += 1
                place.set_result(None)
