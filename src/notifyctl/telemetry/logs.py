"""Logs: JSON lines on stderr, written a tenth of a second later in one go, so that a line costs microseconds. For a
person at a terminal they are short and plain.

A recipient appears only as a keyed hash and a domain; subjects and bodies never appear.
"""

import asyncio
import hashlib
import os
import select
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from notifyctl.domain.attempt import Finish
from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.errors import NotifyctlError
from notifyctl.domain.message import Message
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.redact import redact

FLUSH = 0.1  # seconds
PIECE = 4096  # bytes that a pipe which is not full takes without making us wait
CALM = 60.0  # seconds without it after which trouble counts as new
_UNSAFE = {code: "\ufffd" for code in (*range(32), *range(127, 160))}  # would reprogram a terminal
REPEATS = 5  # lines of the same trouble before only every hundredth is written


class _Call(msgspec.Struct, omit_defaults=True):
    """The line of every mail: a struct is written far faster than a dict."""

    ts: float
    level: str
    event: str
    worker: str
    message: str
    type: str
    provider: str
    outcome: Kind
    certainty: Certainty
    code: str
    http: int
    provider_id: str
    detail: str
    ms: float
    processing_ms: float
    to: str
    lines_missed_before: int = 0


class Log:
    """The log of one worker. `pepper` keys the recipient hashes; `fd` takes the lines; `sent` counts acceptances;
    `plain` writes for a person."""

    def __init__(self, worker: str, pepper: bytes, fd: int = 2, plain: bool = False) -> None:
        self._worker = worker
        self._pepper = hashlib.sha256(pepper).digest()  # a key of any length becomes one that BLAKE2 takes
        self._fd = fd
        self._plain = plain
        self._lines: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._missed = 0
        self._troubles: dict[tuple[str, str], tuple[int, float]] = {}
        self.sent = 0

    def call(self, message: Message, provider: str, outcome: Outcome, seconds: float, processing: float) -> None:
        """One provider call and what came of it, after `seconds` for the call and `processing` since the claim."""
        accepted = outcome.kind is Kind.ACCEPTED and not outcome.ambiguous
        self.sent += accepted
        self._append(_Call(
            round(time.time(), 3), "info" if accepted else "warning", "call", self._worker,
            message=message.id, type=message.type, provider=provider, outcome=outcome.kind, certainty=outcome.certainty,
            code=outcome.code, http=outcome.http, provider_id=outcome.provider_id, detail=outcome.detail,
            ms=round(seconds * 1000, 1), processing_ms=round(processing * 1000, 1),
            to=self._recipient(message.to.email), lines_missed_before=self._take_missed(),
        ))  # fmt: skip

    def end(self, message: Message, step: Finish) -> None:
        """A message that ended otherwise than accepted."""
        if step.state != "accepted":
            reason = redact(step.reason)
            self._write("warning", "end", message=message.id, type=message.type, state=step.state.value, reason=reason)

    def rejected(self, job: str, error: NotifyctlError) -> None:
        """A job that could not be read."""
        self._write("warning", "rejected", job=job, code=error.code, where=error.where, reason=redact(error.what))

    def adopted(self, jobs: int) -> None:
        """Jobs taken over from a worker that is gone."""
        self._write("warning", "adopted", jobs=jobs)

    def replayed(self, token: str, results: int) -> None:
        """Results brought back from a journal."""
        self._write("warning", "journal replayed", of=token, results=results)

    def changed(self, became: str, lost: int) -> None:
        """The server is not the one that it was; `lost` intents and outcomes of this worker were gone."""
        self._write("warning", "server changed", became=became, lost=lost)

    def found(self, code: str, count: int, places: Sequence[str]) -> None:
        """Something that others did to the queues, with a few of the places."""
        self._write("warning", "found", code=code, count=count, where=[redact(place) for place in places[:5]])

    def moved(self, provider: str, breaker: Breaker) -> None:
        """A breaker that this worker has moved."""
        level = "info" if breaker.phase in (Phase.CLOSED, Phase.HALF_OPEN) else "warning"
        self._write(
            level, "breaker", provider=provider, phase=breaker.phase, rule=breaker.rule, reason=redact(breaker.reason),
            until=breaker.until, generation=breaker.generation,
        )  # fmt: skip

    def trouble(self, what: str, error: NotifyctlError) -> None:
        """Redis did not answer; trouble that goes on is written ever more rarely, with its count."""
        kind, now = (what, error.code), time.monotonic()
        before, at = self._troubles.get(kind, (0, 0.0))
        times = before + 1 if now - at < CALM else 1
        self._troubles[kind] = times, now
        if times <= REPEATS or times % 100 == 0:
            self._write("error", "trouble", during=what, code=error.code, reason=redact(error.what), times=times)

    def bug(self, job: str, error: BaseException) -> None:
        """A failure that no type describes."""
        self._write("error", "bug", job=job, error=type(error).__name__, reason=redact(str(error)))

    def say(self, event: str, **fields: object) -> None:
        """Anything else worth a line."""
        self._write("info", event, **fields)

    def flush(self) -> None:
        """Write what is gathered; a reader that is gone or full never stops the sending, but misses lines."""
        self._timer = None
        lines, self._lines = deque(self._lines), []
        with suppress(OSError):
            while lines and select.select((), (self._fd,), (), 0)[1]:
                os.write(self._fd, _next_piece(lines))
        self._missed += len(lines)

    def _write(self, level: str, event: str, **fields: object) -> None:
        line = {"ts": round(time.time(), 3), "level": level, "event": event, "worker": self._worker, **fields}
        self._append({**line, "lines_missed_before": self._take_missed()} if self._missed else line)

    def _take_missed(self) -> int:
        missed, self._missed = self._missed, 0
        return missed

    def _append(self, line: object) -> None:
        self._lines.append((_plainly(line) if self._plain else msgspec.json.encode(line)) + b"\n")
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH, self.flush)

    def _recipient(self, email: str) -> str:
        digest = hashlib.blake2b(email.lower().encode(), key=self._pepper, digest_size=6).hexdigest()
        return f"{digest}@{email.rpartition('@')[2]}"


def _plainly(line: object) -> bytes:
    from notifyctl.telemetry import plain

    return plain.line(msgspec.to_builtins(line)).translate(_UNSAFE).encode("utf-8", "replace")


def _next_piece(lines: deque[bytes]) -> bytes:
    """Take the first lines that go together into one write, at least one."""
    piece = lines.popleft()
    while lines and len(piece) + len(lines[0]) <= PIECE:
        piece += lines.popleft()
    return piece
