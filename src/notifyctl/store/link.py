"""A connection and the server that it leads to: commands go through `redis`, inside `reach()`."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from notifyctl.store.connect import reaching
from notifyctl.store.server import Server


@dataclass(frozen=True, slots=True)
class Link:
    """`redis` is a `redis.asyncio.Redis`; its own types mix the synchronous and asynchronous twins, so it is Any."""

    redis: Any
    server: Server

    def reach(self) -> AbstractContextManager[None]:
        """Turn trouble with the connection into `Unreachable` or `Misconfigured`."""
        return reaching(self.server)
