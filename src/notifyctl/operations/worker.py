"""Workers: run one in this process, and look at all that live."""

import asyncio
import os
import signal
import stat
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from notifyctl.domain.errors import Usage
from notifyctl.domain.finding import Finding
from notifyctl.store.queue import LaneCounts, Queue
from notifyctl.store.workers import Beat, Workers


class Stoppable(Protocol):
    """A worker or a fleet of them."""

    def stop(self) -> None:
        """Drain and end."""


def on_signals(running: Stoppable, at_once: Callable[[], None] = lambda: None) -> None:
    """Have the first SIGTERM or SIGINT drain; a second one ends this process, after `at_once`, as if unhandled."""
    loop = asyncio.get_running_loop()
    told: list[int] = []

    def hear(number: signal.Signals) -> None:
        told.append(number)
        if len(told) == 1:
            running.stop()
            return
        at_once()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hear, number)


def on_end_of(stream: int, running: Stoppable) -> None:
    """Drain when a pipe ends, by file number: whoever holds its other end is gone. Raises `Usage` for no pipe."""
    if not stat.S_ISFIFO(os.fstat(stream).st_mode):
        raise Usage("CLI-USAGE", "--until-eof needs a pipe on stdin", "--until-eof", "leave it out")
    loop = asyncio.get_running_loop()

    def hear() -> None:
        if not os.read(stream, 4096):
            loop.remove_reader(stream)
            running.stop()

    loop.add_reader(stream, hear)


class Workforce(NamedTuple):
    """The living workers, the lanes, and the time of the look in epoch ms."""

    beats: Sequence[Beat]
    lanes: Sequence[LaneCounts]
    now: int

    @property
    def waiting(self) -> int:
        """Jobs that a worker could take now."""
        return sum(lane.waiting + lane.prioritized for lane in self.lanes if not lane.paused)

    @property
    def working(self) -> int:
        """Workers that still claim."""
        return sum(not beat.draining for beat in self.beats)

    def findings(self) -> list[Finding]:
        """Degraded when jobs wait and nobody takes them."""
        if self.working or not self.waiting:
            return []
        what = f"nobody works; waiting: {self.waiting:,}"
        return [Finding("WRK-NONE", "critical", "workers", what, "start one: notifyctl worker")]


async def look(workers: Workers, queue: Queue) -> Workforce:
    """Who works, and what waits; writes nothing. Raises `Unreachable`."""
    beats, lanes = await asyncio.gather(workers.list(), queue.counts())
    return Workforce(beats, lanes, int(time.time() * 1000))
