"""Ask workers to drain: each sees it with its next heartbeat, claims nothing more, ends what it has, and exits."""

import asyncio
import time
from collections.abc import Sequence

from notifyctl.domain.errors import Bad
from notifyctl.domain.progress import Listener, Step, silent
from notifyctl.store.workers import Beat, Workers

POLL = 0.2  # seconds between two looks at who still lives


async def choose(workers: Workers, name: str | None) -> list[Beat]:
    """The living workers of that name, as `worker list` shows it, or with None all. Raises `Bad` for a name of none."""
    beats = await workers.list()
    found = [beat for beat in beats if name in (None, beat.name, beat.token, f"{beat.host}/{beat.pid}")]
    if name is not None and not found:
        raise Bad("WRK-NOT-FOUND", f"no living worker is called {name!r}", "", "notifyctl worker list")
    return found


async def wait(workers: Workers, beats: Sequence[Beat], seconds: float, listener: Listener = silent) -> list[Beat]:
    """Those that still live after so many seconds at most, none as soon as all are gone. Raises `Unreachable`."""
    end = time.monotonic() + seconds
    while True:
        alive = await workers.alive({beat.token for beat in beats})
        listener(Step("drain", len(beats) - len(alive), len(beats)))
        if not alive or time.monotonic() >= end:
            return [beat for beat in beats if beat.token in alive]
        await asyncio.sleep(POLL)
