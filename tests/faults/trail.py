"""What an installation has on record of its breakers: each move, and each call with the times of Redis.

Whatever is read here must follow from itself: the log of moves replays to the state that holds (B8).
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from faults.arena import Arena
from faults.checker import OWN
from notifyctl.domain.board import Board
from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.transition import Entry, lasting, replay
from notifyctl.store.board import Boards
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.scripts import Scripts
from notifyctl.store.server import Server

MOST = 10_000


class Move(NamedTuple):
    """One move of a breaker, written at that time of the server (epoch ms)."""

    at: int
    after: Breaker

    @property
    def window(self) -> int:
        """For how long it shuts the provider, in ms."""
        return self.after.until - self.after.since


class Call(NamedTuple):
    """One admitted call; times are epoch ms of the server, `settled` is 0 while there is no outcome."""

    message: str
    at: int
    settled: int
    generation: int
    told: dict[str, Any]

    @property
    def failed(self) -> bool:
        return self.told.get("kind") == "fault"


@dataclass(frozen=True)
class Trail:
    """All of it, oldest first."""

    entries: Sequence[Entry]
    calls: dict[str, list[Call]]

    def moves(self, provider: str) -> list[Move]:
        """Those of one breaker."""
        return [Move(one.at, one.move.after) for one in self.entries if one.move and one.move.provider == provider]

    def rules(self, provider: str) -> list[str]:
        """The rules by which it moved."""
        return [move.after.rule for move in self.moves(provider)]


def trail(field: Arena) -> Trail:
    """Read it, and fail where the log does not lead to what holds."""
    entries, board = asyncio.run(_look(field.port))
    told = replay(entries)
    assert not told.broken, f"moves that do not follow: {told.broken}"
    assert told.breakers == {name: lasting(board.breaker(name)) for name in told.breakers}
    return Trail(entries, _calls(field))


def phase(field: Arena, provider: str) -> str:
    """The phase of a breaker now."""
    return (field.redis.hget(f"{OWN}breaker:{provider}", "phase") or b"closed").decode()


def shut(field: Arena, *providers: str) -> bool:
    """Whether their breakers are open."""
    return all(phase(field, name) == Phase.OPEN for name in providers)


async def _look(port: int) -> tuple[list[Entry], Board]:
    server = Server(Path(), "127.0.0.1", port)
    link = Link(connect(server, start=False, name="trail"), server)
    boards = Boards(link, Scripts(link), OWN)
    try:
        board, entries = Board(), None
        while entries != (entries := await boards.history(MOST)):  # until nothing moved while it was read
            board = (await boards.look()).board
        return entries[::-1], board
    finally:
        await link.redis.aclose()


def _calls(field: Arena) -> dict[str, list[Call]]:
    """By provider, in the order of their admission."""
    found: dict[str, list[Call]] = {}
    with field.redis.pipeline(transaction=False) as pipe:
        for key in field.redis.scan_iter(f"{OWN.replace('{', '[{]')}att:*", 1000):
            pipe.hgetall(key)
        rows = [{name.decode(): value.decode() for name, value in row.items()} for row in pipe.execute()]
    for row in sorted(rows, key=lambda row: int(row["at"])):
        told = json.loads(row.get("outcome", "0{}")[1:])
        times = int(row["at"]), int(row.get("result_at", 0))
        found.setdefault(row["provider"], []).append(Call(row["members"], *times, int(row.get("gen", 0)), told))
    return found
