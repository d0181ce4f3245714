"""A limit of calls per second, counted in fixed windows of one second."""

import time


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
