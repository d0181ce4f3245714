"""Validate a deployment: count the mail that ended since then, and hold it against the criteria of success.

Nothing is written, no lease is taken: it may run beside anything, as often as one likes.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from notifyctl.domain.archive import Row, month_of
from notifyctl.domain.validation import Measures
from notifyctl.evidence import archive


async def count(current: AsyncIterator[Row], home: Path, since: int) -> Measures:
    """What ended from `since` on (epoch ms): of `current`, which is in Redis, and of the archive below `home`.

    A message that moves meanwhile counts once. Raises `Unreachable`, and `Degraded` at a line that cannot be read.
    """
    found, seen = Measures(), set[str]()
    async for row in current:
        _count(found, seen, row, since)
    await asyncio.to_thread(_archived, found, seen, home, since)
    return found


def _archived(found: Measures, seen: set[str], home: Path, since: int) -> None:
    for month in archive.months(home):
        for row in archive.rows(home, month) if month >= month_of(since) else ():
            _count(found, seen, row, since)


def _count(found: Measures, seen: set[str], row: Row, since: int) -> None:
    if row.ended_at >= since and row.id not in seen:
        seen.add(row.id)
        found.take(row)
