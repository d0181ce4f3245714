"""What a Redis tells about itself. Nothing here writes."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from notifyctl.domain.errors import Degraded, Misconfigured
from notifyctl.store.connect import connect
from notifyctl.store.link import Link


class ServerFacts:
    """Reads facts of the server over one connection.

    Every method raises `Unreachable`, `Misconfigured` where this user may not ask, and `Degraded` where nobody may.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    async def round_trips(self, count: int) -> list[float]:
        """How long so many pings took, in ms, the shortest first."""
        took = []
        with self._asked():
            await self._link.redis.ping()  # connects
            for _ in range(count):
                began = time.perf_counter()
                await self._link.redis.ping()
                took.append((time.perf_counter() - began) * 1000)
        return sorted(took)

    async def info(self, section: str) -> Mapping[str, Any]:
        """A section of INFO."""
        with self._asked():
            return dict(await self._link.redis.info(section))

    async def user(self) -> str:
        """Who we are to the server."""
        with self._asked():
            name = await self._link.redis.execute_command("ACL", "WHOAMI")
        return name.decode() if isinstance(name, bytes) else str(name)

    async def may(self, name: str, calls: Sequence[Sequence[str]]) -> list[bool | None]:
        """Whether that user may do these, which are not done: ACL DRYRUN (Redis 7); None where the server cannot say,
        as for a command that it does not know or with another number of arguments."""
        pipe = self._link.redis.pipeline(transaction=False)
        for words in calls:
            pipe.execute_command("ACL", "DRYRUN", name, *words)
        with self._asked():
            answers = await pipe.execute(raise_on_error=False)
            if error := next((one for one in answers if _untold(one)), None):
                raise error
        return [None if isinstance(one, Exception) else one in (b"OK", "OK", True) for one in answers]

    async def allows(self, words: Sequence[str]) -> bool:
        """Whether we may do this, which is done: so it must be harmless."""
        try:
            with self._asked():
                await self._link.redis.execute_command(*words)
        except Misconfigured:
            return False
        return True

    async def clock(self) -> float:
        """Seconds by which the server's clock is ahead of ours, give or take a round trip."""
        with self._asked():
            before = time.time()
            seconds, micros = await self._link.redis.time()
        return float(int(seconds) + int(micros) / 1e6 - (before + time.time()) / 2)

    async def lets_strangers_in(self) -> bool:
        """Whether a connection without a name and a password may speak."""
        server = replace(self._link.server, username=None, password=None)
        stranger = Link(connect(server, start=False, name=""), server)
        try:
            with stranger.reach():
                return bool(await stranger.redis.ping())
        except Misconfigured:
            return False
        finally:
            await stranger.redis.aclose()

    @contextmanager
    def _asked(self) -> Iterator[None]:
        from redis.exceptions import ResponseError

        try:
            with self._link.reach():
                yield
        except ResponseError as error:
            raise Degraded("STORE-UNTOLD", f"Redis does not tell: {error}", self._link.server.place) from error


def _untold(answer: object) -> bool:
    """Whether it is no answer to the question but a refusal to be asked."""
    from redis.exceptions import NoPermissionError

    return isinstance(answer, NoPermissionError) or "subcommand" in f"{answer}".lower().partition("'")[0]
