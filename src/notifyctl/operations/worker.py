"""Workers: run one in this process, and look at all that live."""

import asyncio
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from notifyctl.domain.errors import Usage
from notifyctl.domain.finding import Finding
from notifyctl.store import lanes
from notifyctl.store.lanes import Lane
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Beat, Workers, claiming

ENDING = (signal.SIGTERM, signal.SIGINT)


class Stoppable(Protocol):
    """A worker or a fleet of them."""

    def stop(self) -> None:
        """Drain and end."""


@contextmanager
def on_signals(running: Stoppable, at_once: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Have the first SIGTERM or SIGINT drain; a second one ends this process, after `at_once`, as if unhandled.

    After the block there is nothing left to end, and a late one must not cut off what is told of the end.
    """
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

    for number in ENDING:
        loop.add_signal_handler(number, hear, number)
    try:
        yield
    finally:
        _ignore(loop)


def _ignore(loop: asyncio.AbstractEventLoop) -> None:
    """Hear no signal any more; what comes between two of these lines is held back, and then ignored."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    for number in ENDING:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


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
    """The living workers, the lanes, the time of the look in epoch ms, and the workers that were asked to drain."""

    beats: Sequence[Beat]
    lanes: Sequence[Lane]
    now: int
    asked: frozenset[str] = frozenset()

    @property
    def waiting(self) -> int:
        """Jobs that a worker could take now."""
        return sum(lane.ready for lane in self.lanes if not lane.paused)

    @property
    def working(self) -> int:
        """Workers that still claim."""
        return len(claiming(self.beats))

    def findings(self) -> list[Finding]:
        """Degraded when jobs wait and nobody takes them."""
        if self.working or not self.waiting:
            return []
        what = f"nobody works; waiting: {self.waiting:,}"
        return [Finding("WRK-NONE", "critical", "workers", what, "start one: notifyctl worker")]


async def look(workers: Workers, queue: Queue) -> Workforce:
    """Who works, and what waits; writes nothing. Raises `Unreachable`."""
    beats, seen = await asyncio.gather(workers.list(), lanes.look(queue.link, queue.names, queue.bases))
    asked = await workers.asked_to_drain([beat.token for beat in beats])
    return Workforce(beats, seen, int(time.time() * 1000), frozenset(asked))
