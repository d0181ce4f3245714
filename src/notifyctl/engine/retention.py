"""Retention: messages that have ended move from Redis to the files of their months, batch by batch; the history of
operations is copied to others.

First a batch is on the disk, then Redis forgets it, then its lines are added to their months (`evidence/batch.py`). A
batch that was left by whoever was killed is finished before anything else is moved. What may move is decided in
`domain/retention.py`.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from notifyctl.domain.archive import Row, month_of
from notifyctl.domain.errors import NotifyctlError, Unreachable
from notifyctl.domain.progress import Listener, Step, silent
from notifyctl.domain.retention import LastMove, due, may_leave
from notifyctl.domain.revision import MessageType
from notifyctl.engine.failpoint import Failpoint
from notifyctl.evidence import archive, months, operations
from notifyctl.evidence.batch import Batch, Batches
from notifyctl.store.board import Boards
from notifyctl.store.retired import Ended, Retired
from notifyctl.telemetry.logs import Log

MOST = 200  # messages of a batch
PAUSE_S = 0.02  # between two batches of the duty: a worker that sends beside it has nothing to wait for
NO_FAILPOINT = Failpoint()


class Planned(NamedTuple):
    """What a move would do: messages by month, and how many that are as old stay, since they are in doubt."""

    months: Mapping[str, int]
    staying: int
    looked_at: int

    @property
    def total(self) -> int:
        """How many would move."""
        return sum(self.months.values())


class Retention:
    """Moves the messages of one prefix to `home`; `types` tell the purpose of each, `host` whose disk this is."""

    def __init__(
        self,
        retired: Retired,
        home: Path,
        types: Mapping[str, MessageType],
        host: str,
        boards: Boards,
        failpoint: Failpoint = NO_FAILPOINT,
    ) -> None:
        self._retired = retired
        self._boards = boards
        self._home = home
        self._batches = Batches(home, retired.realm)
        self._types = types
        self._host = host
        self._failpoint = failpoint
        self._known: dict[str, set[int]] = {}

    async def plan(self, before: int, listener: Listener = silent) -> Planned:
        """What would move of what ended before that time (epoch ms). Nothing is written. Raises `Unreachable`."""
        found: Counter[str] = Counter()
        looked, staying = 0, 0
        async for count, part in self._ended(before):
            leaving = [one.row for one in part if may_leave(one.record)]
            found.update(month_of(row.ended_at) for row in leaving)
            looked, staying = looked + count, staying + len(part) - len(leaving)
            listener(Step("look", looked))
        return Planned(found, staying, looked)

    async def move(self, before: int, listener: Listener = silent, total: int | None = None, pause: float = 0) -> int:
        """Move what ended before that time (epoch ms), and copy the history of operations; returns how many messages it
        moved.

        Raises `Unreachable`, `Misconfigured` when the disk does not take them, `Refused` while another process moves:
        whatever was not finished is by the next move, and a message has one line.
        """
        with months.locked(self._home, archive.FOLDER, wait=False):
            await self._copy_operations()
            self._known.clear()
            moved = await self._finish_left()
            async for _, part in self._ended(before):
                moved += await self._move([self._row(one) for one in part if may_leave(one.record)])
                listener(Step("archive", moved, max(total, moved) if total else None))
                await asyncio.sleep(pause)
            self._known.clear()  # a worker lives on for weeks
        return moved

    async def _copy_operations(self) -> None:
        """Add the transitions that the files do not have yet. They stay in Redis, too, which keeps the last of them."""
        with months.locked(self._home, operations.FOLDER, wait=False):
            after = await asyncio.to_thread(operations.latest, self._home)
            while stored := await self._boards.entries(after):
                await asyncio.to_thread(operations.write, self._home, stored)
                after = stored[-1][0]

    async def rows(self, month: str) -> AsyncIterator[Row]:
        """Those of a month, as `every` gives them. Raises `Unreachable`."""
        async for row in self.every():
            if month_of(row.ended_at) == month:
                yield row

    async def every(self) -> AsyncIterator[Row]:
        """Messages that have ended and have no line yet, those in doubt too, each once. Raises `Unreachable`.

        They are in Redis; or in a batch that somebody left when Redis had forgotten it, and may have lines by now.
        """
        for row in await self._left_over():
            yield row
        told: set[int] = set()  # while its table of keys grows or shrinks, a server tells some of them again
        async for names in self._retired.all():
            for one in await self._retired.read([name for name in dict.fromkeys(names) if hash(name) not in told]):
                if one.record.state.terminal and not one.record.archived:
                    yield self._row(one)
            told.update(map(hash, names))

    async def _left_over(self) -> list[Row]:
        left = await asyncio.to_thread(self._batches.kept)
        if left is None:
            return []
        there = await self._retired.read([row.id for row in left.rows])
        gone = {one.record.id for one in there if one.record.archived}
        return [row for row in left.rows if row.id in gone]

    async def _ended(self, before: int) -> AsyncIterator[tuple[int, list[Ended]]]:
        async for looked, names in self._retired.ended(before):
            yield looked, await self._retired.read(names[:MOST])
            for first in range(MOST, len(names), MOST):
                yield 0, await self._retired.read(names[first : first + MOST])

    def _row(self, one: Ended) -> Row:
        kind = self._types.get(one.row.type)
        return one.row._replace(purpose=kind.purpose.value if kind else "")

    async def _move(self, rows: Sequence[Row]) -> int:
        """One batch. What has its line already, as when Redis has lost that it was moved, is only forgotten again."""
        known = {month: await self._known_of(month) for month in {month_of(row.ended_at) for row in rows}}
        there = [row for row in rows if archive.key(row) in known[month_of(row.ended_at)]]
        new = [row for row in rows if archive.key(row) not in known[month_of(row.ended_at)]]
        mark = f"{self._host} {time.time_ns():x}"
        await self._retired.retire(there, mark)
        if not new:
            return 0
        one = await asyncio.to_thread(self._batches.keep, mark, new)
        self._failpoint.reach("after-batch")
        return await self._finish(one)

    async def _finish_left(self) -> int:
        left = await asyncio.to_thread(self._batches.kept)
        return await self._finish(left) if left else 0

    async def _finish(self, one: Batch) -> int:
        """Have Redis forget a batch that is on the disk, and add its lines."""
        taken = await self._retired.retire(one.rows, one.mark)
        self._failpoint.reach("after-retire")
        added = await asyncio.to_thread(self._batches.add, one, taken)
        self._failpoint.reach("after-lines")
        await asyncio.to_thread(self._batches.let_go)
        for row in (row for row, was in zip(one.rows, taken, strict=True) if was):
            self._known.get(month_of(row.ended_at), set()).add(archive.key(row))
        return added

    async def _known_of(self, month: str) -> set[int]:
        if month not in self._known:
            self._known[month] = await asyncio.to_thread(archive.known, self._home, month)
        return self._known[month]


class RetentionDuty:
    """The daily move of one worker; `after` are the ms after its end for which a message stays in Redis."""

    def __init__(self, retention: Retention, retired: Retired, after: int, name: str, log: Log) -> None:
        self._retention = retention
        self._retired = retired
        self._after = after
        self._name = name
        self._log = log

    async def daily(self) -> None:
        """Move what is old enough when the last move is a day ago. The caller has the lease. Raises `Unreachable`."""
        now = await self._retired.now()
        if not due(await self._retired.last(), now):
            return
        await self._retired.note_try(now)
        try:
            moved = await self._retention.move(now - self._after, pause=PAUSE_S)
        except Unreachable:
            raise
        except NotifyctlError as error:  # a full disk, or a person's move: the next look tries again
            self._log.trouble("retention", error)
            return
        await self._retired.note(LastMove(now, self._name, moved))
        if moved:
            self._log.say("archived", messages=moved)
