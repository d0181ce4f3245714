"""What happened in a history, line by line, and the log of a worker that writes there."""

from collections.abc import Callable
from typing import Any

from notifyctl.domain.attempt import Finish
from notifyctl.domain.message import Message
from notifyctl.domain.outcome import Kind, Outcome
from simulation.loop import Loop


class Diary:
    """The lines of a history: time, host, what, and more."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.lines: list[tuple[Any, ...]] = []
        self.bugs: list[str] = []

    def tell(self, host: str, *words: Any) -> None:
        self.lines.append((self._loop.time(), host, *words))

    def text(self) -> str:
        """The history to be read."""
        return "\n".join(f"{at - 1000:9.3f} {host:5} {' '.join(map(str, words))}" for at, host, *words in self.lines)


class Log:
    """In the place of `telemetry.logs.Log`; what it does not know by name is told all the same."""

    def __init__(self, diary: Diary, host: str) -> None:
        self._diary = diary
        self._host = host
        self.sent = 0

    def call(self, message: Message, provider: str, outcome: Outcome, *times: float) -> None:
        self.sent += outcome.kind is Kind.ACCEPTED and not outcome.ambiguous
        self._diary.tell(
            self._host, "answer", message.id, provider, outcome.kind, outcome.certainty, outcome.code, outcome.http
        )

    def end(self, message: Message, step: Finish) -> None:
        self._diary.tell(self._host, "end", message.id, step.state, step.reason)

    def trouble(self, what: str, error: Exception) -> None:
        self._diary.tell(self._host, "trouble", what, error)

    def bug(self, job: str, error: BaseException) -> None:
        self._diary.tell(self._host, "BUG", job, repr(error))
        self._diary.bugs.append(f"{job}: {error!r}")

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *words, **more: self._diary.tell(self._host, name, *words, *more.items())
