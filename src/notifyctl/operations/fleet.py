"""A fleet: several worker processes under one small supervisor.

A worker that ends is started again, after 0.2 s, then twice as long each time, up to 10 s; one that had lived for
30 s begins anew with 0.2 s. One that somebody asked to drain is not started again: the fleet ends with its last. One
that cannot work as configured is not, either: the fleet ends with its error. Each worker reads a pipe that ends when
the supervisor is gone, however it ended, and then drains: none is left alone.
"""

import asyncio
import contextlib
import json
import os
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.exits import MISCONFIGURED, TERMINATED

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
LIVED = 30.0  # seconds after which a worker counts as having worked


class Ended(NamedTuple):
    """One worker process that ended: its exit code (below 0: minus a signal) and the document that it printed."""

    pid: int
    code: int
    document: dict[str, Any]

    @property
    def drained(self) -> bool:
        """True when nothing was left: it ended by itself, or was told to end before it began."""
        return self.code in (0, TERMINATED)

    @property
    def asked(self) -> bool:
        """True when it drained because somebody asked for it: then it is not started again."""
        return self.drained and bool(self.document.get("data", {}).get("asked"))


class Fleet:
    """`command` starts one worker that drains when its stdin ends and prints one JSON document at its end.

    `say(event, **fields)` is told of every worker that ends by itself.
    """

    def __init__(self, command: Sequence[str], processes: int, say: Callable[..., None]) -> None:
        self._command = tuple(command)
        self._processes = processes
        self._say = say
        self._stopping = asyncio.Event()
        self._living: set[Process] = set()
        self._refusal: Misconfigured | None = None

    async def run(self) -> list[Ended]:
        """Keep the workers running until `stop`; how each ended at last. Raises `Misconfigured` for all of them."""
        ended = await asyncio.gather(*(self._keep() for _ in range(self._processes)))
        if self._refusal:
            raise self._refusal
        return [end for end in ended if end]

    def stop(self) -> None:
        """Have every worker drain, once: a second word would end them. May be called from a signal handler."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._tell_all(signal.SIGTERM)

    def kill(self) -> None:
        """End every worker at once; what they hold is adopted by other workers."""
        self._tell_all(signal.SIGKILL)

    def _tell_all(self, word: int) -> None:
        for process in self._living:
            _tell(process, word)

    async def _keep(self) -> Ended | None:
        """Keep one place filled; the last end of its worker, None when it was stopped between two of them."""
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = time.monotonic()
            ended = await self._one()
            if ended.code == MISCONFIGURED:
                self._refuse(ended)
            if self._stopping.is_set() or ended.asked:
                return ended
            if time.monotonic() - started >= LIVED:
                pause = FIRST_PAUSE
            self._say("worker ended", pid=ended.pid, exit=ended.code, again_s=pause, **_why(ended))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return None

    async def _one(self) -> Ended:
        """One worker from its start to its end. Its own session keeps a terminal's Ctrl-C for the supervisor."""
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, start_new_session=True)
        assert process.stdin and process.stdout
        self._living.add(process)
        if self._stopping.is_set():
            _tell(process, signal.SIGTERM)
        try:
            printed = await process.stdout.read()
            return Ended(process.pid, await process.wait(), _document(printed))
        finally:
            self._living.discard(process)
            process.stdin.close()

    def _refuse(self, ended: Ended) -> None:
        if not self._refusal:
            finding = _finding(ended)
            what = finding.get("message", "a worker cannot work as it is configured")
            code, where, fix = (str(finding.get(name, "")) for name in ("code", "subject", "hint"))
            self._refusal = Misconfigured(code or "CFG-VALUE", what, where, fix)
            self.stop()


def _tell(process: Process, word: int) -> None:
    """Signal a worker by its id: through its handle one that is dead would be reaped, and its exit code be lost."""
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(process.pid, word)


def _document(printed: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        found = json.loads(printed)
        if isinstance(found, dict):
            return found
    return {}


def _finding(ended: Ended) -> dict[str, Any]:
    findings = ended.document.get("findings") or [{}]
    return dict(findings[0])


def _why(ended: Ended) -> dict[str, str]:
    """What the worker said of its end, for the log."""
    finding = _finding(ended)
    return {"code": finding["code"], "reason": finding["message"]} if finding else {}
