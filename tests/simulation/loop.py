"""An event loop whose time is not real, for many hosts in one process.

Whatever runs belongs to the host in whose context it was begun. When nothing is ready the clock jumps to the next
timer, so an hour costs nothing. A host can be stopped (its callbacks wait) or killed (they never run): both happen
between two callbacks of that host, which is at an await of one of its tasks.
"""

import asyncio
import contextvars
import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

HOST: contextvars.ContextVar["Host | None"] = contextvars.ContextVar("host", default=None)
NOWHERE = contextvars.Context()  # what belongs to no host goes on whatever happens to hosts
EPOCH = 1_795_510_800  # the server's time, in seconds, at which every history begins


class Stuck(Exception):
    """Nothing is ready and nothing will be."""


class Host:
    """A machine with one process. `skew` is how far its wall clock is off, in seconds; `fuse` what waits to happen."""

    def __init__(self, loop: "Loop", name: str, skew: float = 0.0) -> None:
        self.loop = loop
        self.name = name
        self.skew = skew
        self.context = contextvars.copy_context()
        self.context.run(HOST.set, self)
        self.stopped = self.killed = False
        self.tasks: list[asyncio.Task[Any]] = []
        self._waiting: list[asyncio.Handle] = []
        self._left = 0
        self._fuse: Callable[[], None] | None = None

    def burn(self, steps: int, then: Callable[[], None]) -> None:
        """Let something happen to this host before its so many-th step from now."""
        self._left, self._fuse = steps, then

    def spare(self) -> None:
        """Let what was to happen not happen."""
        self._fuse = None

    def step(self, handle: asyncio.Handle) -> None:
        """Run a callback of this host, or not."""
        if self._fuse and not self.stopped:
            self._left -= 1
            if self._left <= 0:
                fuse, self._fuse = self._fuse, None
                fuse()
        if self.stopped or self.killed:
            self._waiting.append(handle)
        else:
            handle._run()

    def stop(self) -> None:
        """What SIGSTOP does."""
        self.stopped = True

    def go_on(self) -> None:
        """What SIGCONT does."""
        self.stopped = False
        if not self.killed:
            self.loop.take(self._waiting)
            self._waiting = []

    def kill(self) -> None:
        """What SIGKILL does: no step of this host is ever run again."""
        self.killed = True

    async def bury(self) -> None:
        """Take the tasks of a killed host apart after its history has ended, so that Python need not."""
        self.killed = self.stopped = False
        self.spare()
        pending = [task for task in self.tasks if not task.done()]
        self.loop.take(self._waiting)
        while pending:
            for task in pending:
                task.cancel()
            _, rest = await asyncio.wait(pending, timeout=1)
            pending = list(rest)
        for task in self.tasks:
            if not task.cancelled():
                task.exception()


class Loop(asyncio.BaseEventLoop):
    """The loop; `time()` begins at 1,000 s."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1000.0
        self.set_task_factory(_task)

    def time(self) -> float:
        return self._now

    def take(self, handles: list[asyncio.Handle]) -> None:
        """Callbacks that are ready again."""
        self._ready.extend(handles)

    def later(self, seconds: float, call: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call something that belongs to no host."""
        return self.call_later(seconds, call, *args, context=NOWHERE)

    def _run_once(self) -> None:
        ready = self._ready
        if not ready:
            self._advance()
        while ready:
            handle = ready.popleft()
            if handle._cancelled:
                continue
            host = handle._context.get(HOST)
            if host is None:
                handle._run()
            else:
                host.step(handle)
            if self._stopping:
                return

    def _advance(self) -> None:
        timers = self._scheduled
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)
        if not timers:
            raise Stuck
        self._now = max(self._now, timers[0]._when)
        while timers and timers[0]._when <= self._now:
            self._ready.append(heapq.heappop(timers))

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """Nobody else wakes this loop."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is left out when its time comes."""


def _task(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
    task = asyncio.Task(coroutine, loop=loop, **more)
    context = more.get("context")
    host = context.get(HOST) if context is not None else HOST.get()
    if host is not None:
        host.tasks.append(task)
    return task


@contextmanager
def time_of(loop: Loop) -> Iterator[None]:
    """Let `time.time` and `time.monotonic` tell the loop's time; each host sees its own wall clock."""
    real = time.time, time.monotonic

    def wall() -> float:
        host = HOST.get()
        return EPOCH + loop.time() + (host.skew if host else 0.0)

    time.time, time.monotonic = wall, loop.time
    try:
        yield
    finally:
        time.time, time.monotonic = real
