"""The lines to every address: busy ones, and idle ones that the next call may use.

At most `most` lines are open over all addresses. A call that finds every place taken waits for one; an idle line to
another address gives its place up. An idle line is used last in, first out, so that the others may grow old and be
closed: after `keepalive` seconds a provider may have given it up without our having heard of it.
"""

import asyncio
from collections import defaultdict
from functools import lru_cache

from aiohttp.connector import Connection
from yarl import URL

from notifyctl.net.dialler import Dialler
from notifyctl.net.parcel import Parcel


class Lines:
    """Takes lines from a dialler and keeps them. Every line that was taken is given back by `keep` or `drop`."""

    def __init__(self, dialler: Dialler, keepalive: float, most: int) -> None:
        self._dialler = dialler
        self._keepalive = keepalive
        self._most = most
        self._places = asyncio.Semaphore(most)
        self._busy = 0
        self._idle: defaultdict[URL, list[tuple[float, Connection]]] = defaultdict(list)
        self._loop = asyncio.get_running_loop()

    async def take(self, url: URL, parcel: Parcel, end: float) -> Connection:
        """A line to the address; raises what the dialler raises, and TimeoutError at `end` of the loop's clock."""
        if not self._places.locked() and (connection := self._pop(url)):
            await self._places.acquire()  # does not wait
            self._busy += 1
            return connection
        async with asyncio.timeout_at(end):
            return await self._wait(url, parcel)

    async def _wait(self, url: URL, parcel: Parcel) -> Connection:
        """Wait for a place, then use what has become idle meanwhile, or open a line."""
        await self._places.acquire()
        self._busy += 1
        try:
            connection = self._pop(url)
            if connection is None:
                self._make_room()
                connection = await self._dialler.open(url, parcel)
        except BaseException:
            self._leave()
            raise
        return connection

    def keep(self, url: URL, connection: Connection) -> None:
        """Give a line back that has had its whole answer; one that cannot carry another call is closed."""
        if self._dialler.may_keep(connection):
            self._idle[_address(url)].append((self._loop.time(), connection))
        else:
            connection.close()
        self._leave()

    def drop(self, connection: Connection) -> None:
        """Close a line after a call that failed."""
        connection.close()
        self._leave()

    def close(self) -> None:
        """Close what is idle."""
        for stack in self._idle.values():
            for _, connection in stack:
                connection.close()
            stack.clear()

    def _leave(self) -> None:
        self._busy -= 1
        self._places.release()

    def _pop(self, url: URL) -> Connection | None:
        """The youngest idle line; when even that one is too old, all of them are closed."""
        stack = self._idle[_address(url)]
        while stack:
            since, connection = stack.pop()
            if self._loop.time() - since < self._keepalive:
                return connection
            connection.close()
        return None

    def _make_room(self) -> None:
        """Close the oldest idle line when a further line would be one too many."""
        idle = [stack for stack in self._idle.values() if stack]
        if idle and self._busy + sum(map(len, idle)) > self._most:
            min(idle, key=lambda stack: stack[0][0]).pop(0)[1].close()


@lru_cache(maxsize=256)
def _address(url: URL) -> URL:
    """Where a line to a URL leads: scheme, host and port."""
    return url.origin()
