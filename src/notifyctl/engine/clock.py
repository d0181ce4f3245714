"""The server's time between two answers of the server."""

import time


class ServerClock:
    """Redis TIME in epoch milliseconds, carried on by this process's monotonic clock."""

    def __init__(self) -> None:
        self._server = int(time.time() * 1000)
        self._local = time.monotonic()

    def hear(self, now: int) -> None:
        """Take the time that a script answered with."""
        self._server, self._local = now, time.monotonic()

    def now(self) -> int:
        """The server's time, as well as it is known here."""
        return self._server + int((time.monotonic() - self._local) * 1000)
