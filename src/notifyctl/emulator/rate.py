"""Limits of calls per second, counted in fixed windows of one second, and of mails per day and month."""

import time
from collections import deque

DAY = 86_400.0  # seconds
MONTH = 30 * DAY


class Window:
    """Counts calls in the current second of the monotonic clock."""

    def __init__(self) -> None:
        self._second = 0
        self._used = 0

    def take(self, limit: int | None, calls: int = 1) -> bool:
        """Use `calls` of this second's `limit`; False when it does not hold that many (nothing is used).

        Without a limit nothing is counted, so one that is set later starts with a whole second's worth.
        """
        if limit is None:
            return True
        self._turn()
        if self._used + calls > limit:
            return False
        self._used += calls
        return True

    def remaining(self, limit: int) -> int:
        """Calls left in this second."""
        self._turn()
        return max(0, limit - self._used)

    def _turn(self) -> None:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._used = second, 0


class Quota:
    """Counts the mails of the last `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()

    @property
    def used(self) -> int:
        """How many there were."""
        while self._times and self._times[0] <= time.time() - self._seconds:
            self._times.popleft()
        return len(self._times)

    def exceeded(self, limit: int | None, mails: int = 1) -> bool:
        """Whether so many more would be too many; `limit` None allows any."""
        return limit is not None and self.used + mails > limit

    def count(self, mails: int = 1) -> None:
        """So many were accepted."""
        self._times.extend([time.time()] * mails)
