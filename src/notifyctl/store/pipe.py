"""One connection that is kept, for whoever asks often: commands go out at once, replies come back in their order.

redis-py opens it (address, TLS, user, greeting); from then on its layers for a command are left out. They cost a
worker as much as carrying the mail to a provider does, above all where replies are large: it reads in small pieces.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from hiredis import Reader

from notifyctl.store.connect import ANSWER

Argument = str | bytes | int | float


def pack(words: Iterable[Argument]) -> bytes:
    """A command as it goes over the wire."""
    texts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(texts) + b"".join([b"$%d\r\n%b\r\n" % (len(text), text) for text in texts])


class Pipe:
    """A connection of a client (`redis.asyncio.Redis`), opened at the first command and again after it was lost."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._opening = asyncio.Lock()
        self._connection: Any = None
        self._stream: _Stream | None = None

    async def ask(self, commands: Sequence[bytes]) -> list[Any]:
        """The reply to each packed command; raises what redis-py would, for the first that is refused.

        A connection that does not answer in time is given up, and with it what others have asked there.
        """
        stream = await self._current()
        try:
            async with asyncio.timeout(ANSWER):
                replies = await stream.ask(commands)
        except TimeoutError:
            stream.abort()
            raise
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    async def _current(self) -> "_Stream":
        if self._stream is None or self._unfit(self._stream):
            async with self._opening:
                if self._stream is None or self._unfit(self._stream):
                    self._stream = await self._open()
        return self._stream

    def _unfit(self, stream: "_Stream") -> bool:
        """Whether it is lost, or leads to a server that is not ours any more."""
        return stream.closed or bool(self._connection.should_reconnect())

    async def _open(self) -> "_Stream":
        pool = self._redis.connection_pool
        if self._connection is not None:
            before, self._connection, self._stream = self._connection, None, None
            await before.disconnect(nowait=True)
            await pool.release(before)
        self._connection = await pool.get_connection()
        return _Stream(self._connection)


class _Stream(asyncio.Protocol):
    """Takes the place of redis-py's own reader, which hears only of the end, for whoever waits for that."""

    def __init__(self, connection: Any) -> None:
        self._transport = connection._writer.transport
        self._before: asyncio.Protocol = self._transport.get_protocol()
        self._reader = Reader(replyError=connection._parser.parse_error)
        self._asked: deque[tuple[int, list[Any], asyncio.Future[list[Any]]]] = deque()
        self._transport.set_protocol(self)

    @property
    def closed(self) -> bool:
        """Whether nothing more can be asked."""
        return bool(self._transport.is_closing())

    def ask(self, commands: Sequence[bytes]) -> "asyncio.Future[list[Any]]":
        """The replies; whoever stops waiting for them does not disturb the others."""
        future = asyncio.get_running_loop().create_future()
        self._asked.append((len(commands), [], future))
        self._transport.write(b"".join(commands))
        return future

    def abort(self) -> None:
        """Give everything up that was asked."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            count, replies, future = self._asked[0]
            replies.append(reply)
            if len(replies) == count:
                self._asked.popleft()
                if not future.done():
                    future.set_result(replies)

    def connection_lost(self, exc: Exception | None) -> None:
        while self._asked:
            future = self._asked.popleft()[2]
            if not future.done():
                future.set_exception(ConnectionError("the connection was lost before the reply"))
        self._before.connection_lost(exc)
