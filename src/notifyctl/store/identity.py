"""The identity of the server at the other end, learnt on every new connection.

A pooled connection that broke is opened anew in silence, perhaps to a server that has lost writes or to another one.
So each connection of a worker asks who is there before its first command, and refuses to be used unless it is the
server that the worker has checked.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from notifyctl.domain.errors import Unreachable
from notifyctl.domain.identity import Identity

if TYPE_CHECKING:
    from redis.asyncio import Redis

_NO_COMMAND = ("unknown command", "unsupported command", "not supported")  # as servers and proxies without INFO say it
_UNCHECKED = "the server has changed, and what is under way is not checked yet"


class Watch:
    """What one worker knows of its server.

    `met` is the server that was seen last, `checked` the one from which the worker may claim. `stirred` is set when
    another look is due.
    """

    def __init__(self) -> None:
        self.met: Identity | None = None
        self.checked: Identity | None = None
        self.stirred = asyncio.Event()
        self._guarded: list[Any] = []  # redis-py leaves some methods of its pools untyped
        self._doubts = 0
        self._open = False

    def guard(self, redis: "Redis") -> None:
        """Have the connections of this client closed whenever the server has changed."""
        self._guarded.append(redis)

    def doubt(self) -> None:
        """Something was met that the checked server would not say; nothing is asked of it before another look."""
        self._shut()
        self.stirred.set()

    def demand(self, place: str, since: int | None = None) -> int:
        """Raise `Unreachable` while the server is not checked, or when it was doubted `since` an earlier demand."""
        if not self._open or since not in (None, self._doubts):
            raise Unreachable("RDS-CHANGED", _UNCHECKED, place, "nothing; the workers check it by themselves")
        return self._doubts

    async def look(self, eye: "Redis") -> Identity:
        """Who answers now, on a connection that is opened for it."""
        await eye.connection_pool.disconnect()
        await eye.ping()
        assert self.met
        return self.met

    async def close(self) -> None:
        """Let go of every connection that leads to another server than the one met last."""
        self._shut()
        for redis in self._guarded:
            await redis.connection_pool.update_active_connections_for_reconnect()
            await redis.connection_pool.disconnect(inuse_connections=False)

    def open(self, identity: Identity) -> None:
        """The worker has checked this server."""
        self.checked = identity
        self._open = True

    def _shut(self) -> None:
        self._doubts += 1
        self._open = False

    async def greet(self, connection: Any) -> None:
        """Meet a server on a new connection of the eye."""
        await connection.on_connect()
        self.met = await _ask(connection)

    async def greet_checking(self, connection: Any) -> None:
        """Let a connection be used only with the server that is being checked."""
        await self._greet_only(connection, self.met)

    async def greet_checked(self, connection: Any) -> None:
        """Let a connection be used only with the server that was checked."""
        await self._greet_only(connection, self.checked)

    async def _greet_only(self, connection: Any, expected: Identity | None) -> None:
        from redis.exceptions import ConnectionError

        await connection.on_connect()
        if await _ask(connection) != expected:
            self.doubt()
            raise ConnectionError(_UNCHECKED)


async def _ask(connection: Any) -> Identity:
    """Who is there; a server that does not tell, this user or anybody, is the same for ever."""
    from redis.exceptions import NoPermissionError, ResponseError

    told: dict[str, str] = {}
    try:
        for section in ("server", "replication"):
            await connection.send_command("INFO", section)
            told |= _fields(await connection.read_response())
    except NoPermissionError:
        return Identity()
    except ResponseError as error:
        if not any(words in str(error) for words in _NO_COMMAND):
            raise
        return Identity()
    return _identity(told)


def _fields(text: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.decode("utf-8", "replace").splitlines())
    return {name: value for name, found, value in pairs if found}


def _identity(told: Mapping[str, str]) -> Identity:
    if not told.get("run_id"):
        return Identity()
    return Identity(
        run=told["run_id"],
        role=told.get("role", "master"),
        history=told.get("master_replid", ""),
        before=told.get("master_replid2", ""),
    )
