"""The simulated Redis: one keyspace behind connections that are slow, and lose what they carry when told to.

A command that has left its host is carried out even when that host dies meanwhile. When the server is away a command
never arrives, or its effect stands and the reply is lost; the caller cannot tell which.
"""

import asyncio
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ConnectionError as Lost
from redis.exceptions import NoScriptError

from simulation.keyspace import Keyspace
from simulation.loop import EPOCH, Host, Loop
from simulation.lua import Interpreter

LUA = Interpreter()
SLOW = 0.004  # seconds, the longest way of a command or of a reply


@dataclass(eq=False)
class Sleeper:
    """A client that waits in BZPOPMIN."""

    keys: list[bytes]
    reply: "asyncio.Future[Any]"
    host: Host | None


class Server:
    """The server. `away_until` is the loop's time until which nothing arrives; `lossy` how often a reply is lost."""

    def __init__(self, loop: Loop, chance: random.Random) -> None:
        self.loop = loop
        self.chance = chance
        self.keys = Keyspace(lambda: int((EPOCH + loop.time()) * 1_000_000))
        self.away_until = 0.0
        self.lossy = 0.0
        self.over = False
        self.lost_replies = 0
        self.era = 0  # how often it has started
        self._scripts: dict[str, str] = {}
        self._sleepers: list[Sleeper] = []
        self._serial = 0

    @property
    def now(self) -> int:
        """The server's time in ms."""
        return self.keys.clock() // 1000

    @property
    def info(self) -> dict[str, str]:
        """INFO, as far as somebody reads it."""
        told = {"maxmemory_policy": "noeviction", "run_id": f"run{self.era}", "role": "master"}
        return {**told, "master_replid": f"history{self.era}", "master_replid2": "0" * 40}

    def away(self, seconds: float, restarts: bool) -> None:
        """Be unreachable for a while; who waits is cut off. In a restart the scripts are forgotten, no key is."""
        self.away_until = self.loop.time() + seconds
        if restarts:
            self.era += 1
            self._scripts.clear()
        for sleeper in self._sleepers:
            _fail(sleeper.reply, "the server went away")
        self._sleepers.clear()

    def cut_off(self, host: Host) -> None:
        """The connections of a host are gone."""
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper.host is not host]

    async def ask(self, work: Callable[[], Any]) -> Any:
        """Carry a command to the server and its reply back."""
        reply: asyncio.Future[Any] = self.loop.create_future()
        if self.over:
            raise Lost("the history is over")
        self.loop.later(self.chance.random() * SLOW, self._arrive, work, reply)
        return await reply

    def _arrive(self, work: Callable[[], Any], reply: "asyncio.Future[Any]") -> None:
        if self.loop.time() < self.away_until:
            _fail(reply, "connection refused")
            return
        try:
            value, error = work(), None
        except Exception as raised:
            value, error = None, raised
        if self._sleepers:
            self._wake()
        if self.chance.random() < 0.3:
            self.loop.later(self.chance.random() * SLOW, self._answer, reply, value, error)
        else:
            self._answer(reply, value, error)

    def _answer(self, reply: "asyncio.Future[Any]", value: Any, error: Exception | None) -> None:
        if self.loop.time() < self.away_until or (self.lossy and self.chance.random() < self.lossy):
            self.lost_replies += 1
            _fail(reply, "the connection was reset")
        elif reply.done():
            return
        elif error:
            reply.set_exception(error)
        else:
            reply.set_result(value)

    # -- waiting for markers

    async def pop(self, keys: list[bytes], seconds: float, host: Host | None) -> Any:
        """BZPOPMIN."""
        if self.over:
            raise Lost("the history is over")
        sleeper = Sleeper(keys, self.loop.create_future(), host)
        self.loop.later(self.chance.random() * SLOW, self._lie_down, sleeper, seconds)
        return await sleeper.reply

    def _lie_down(self, sleeper: Sleeper, seconds: float) -> None:
        if self.loop.time() < self.away_until:
            _fail(sleeper.reply, "connection refused")
            return
        self._sleepers.append(sleeper)
        self._wake()
        self.loop.later(seconds, self._give_up, sleeper)

    def _give_up(self, sleeper: Sleeper) -> None:
        if sleeper in self._sleepers:
            self._sleepers.remove(sleeper)
        if not sleeper.reply.done():
            sleeper.reply.set_result(None)

    def _wake(self) -> None:
        for sleeper in list(self._sleepers):
            key = next((key for key in sleeper.keys if self.keys.values.get(key)), None)
            if key is not None:
                member, score = self.keys.do_zpopmin(key)
                self._sleepers.remove(sleeper)
                self.loop.later(SLOW, self._answer, sleeper.reply, (key, member, float(score)), None)

    # -- scripts

    def evaluate(self, text: str, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
        """EVAL."""
        self._scripts[hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()] = text
        return LUA.run(text, self.keys, keys, args)

    def evaluate_known(self, digest: str, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
        """EVALSHA."""
        if digest not in self._scripts:
            raise NoScriptError("No matching script. Please use EVAL.")
        return LUA.run(self._scripts[digest], self.keys, keys, args)


def _fail(reply: "asyncio.Future[Any]", words: str) -> None:
    if not reply.done():
        reply.set_exception(Lost(words))
