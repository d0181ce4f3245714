"""A connection and the server that it leads to: commands go through `redis`, inside `reach()`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from notifyctl.domain.errors import Unreachable
from notifyctl.store.connect import reaching
from notifyctl.store.identity import Watch
from notifyctl.store.pipe import Pipe
from notifyctl.store.server import Server


@dataclass(frozen=True, slots=True)
class Link:
    """`redis` is a `redis.asyncio.Redis`; its own types mix the synchronous and asynchronous twins, so it is Any.

    With a `watch`, nothing is asked of a server that its worker has not checked. Scripts, and what is large, go through
    `pipe`, which is far cheaper.
    """

    redis: Any
    server: Server
    watch: Watch | None = None
    pipe: Pipe = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pipe", Pipe(self.redis))

    def reach(self) -> AbstractContextManager[None]:
        """Turn trouble with the connection into `Unreachable` or `Misconfigured`."""
        return reaching(self.server) if self.watch is None else self._watched(self.watch)

    @contextmanager
    def _watched(self, watch: Watch) -> Iterator[None]:
        """An answer of a server that changed meanwhile counts as lost: the other one may not know of it."""
        before = watch.demand(self.server.place)
        try:
            with reaching(self.server):
                yield
        except Unreachable as error:
            if error.code == "RDS-READONLY":
                watch.doubt()
            raise
        watch.demand(self.server.place, before)
