"""The time of others between two of their answers: that of Redis, and that of each provider."""

import time
from email.utils import parsedate_to_datetime

from notifyctl.domain.outcome import Broken, Outcome, Response, timed
from notifyctl.domain.provider import Provider, outcome_of


class ServerClock:
    """Redis TIME in epoch milliseconds, carried on by this process's monotonic clock."""

    def __init__(self) -> None:
        self._server = int(time.time() * 1000)
        self._local = time.monotonic()

    def hear(self, now: int) -> None:
        """Take the time that a script answered with."""
        self._server, self._local = now, time.monotonic()

    def now(self) -> int:
        """The server's time, as well as it is known here."""
        return self._server + int((time.monotonic() - self._local) * 1000)


class ProviderClocks:
    """The time of each provider, as the `Date` of its answers tells it (RFC 9110, 6.6.1); that of Redis until one has.

    What is signed is signed with it: a provider refuses what is minutes off by its own clock, whoever else is right.
    """

    def __init__(self, ours: ServerClock) -> None:
        self._ours = ours
        self._dates: dict[str, str] = {}
        self._ahead: dict[str, float] = {}  # seconds by which a provider is ahead of this process's monotonic clock

    def judged(self, provider: Provider, answer: Response | Broken, due: float) -> Outcome:
        """What came of a call; `due` is when its answer came, by the time that was known when it was signed."""
        outcome = outcome_of(provider, answer)
        self.hear(provider.name, answer)
        return timed(outcome, self.now(provider.name) - due) if provider.capabilities.signs else outcome

    def hear(self, provider: str, answer: Response | Broken) -> None:
        """Take the time that an answer tells; its whole second is read once."""
        date = "" if isinstance(answer, Broken) else answer.headers.get("date", "")
        if date and date != self._dates.get(provider):
            self._dates[provider] = date
            try:
                self._ahead[provider] = parsedate_to_datetime(date).timestamp() - time.monotonic()
            except (ValueError, OverflowError):  # a year or a zone that no calendar has
                return

    def now(self, provider: str) -> float:
        """Its time in epoch seconds, as well as it is known here."""
        ahead = self._ahead.get(provider)
        return self._ours.now() / 1000 if ahead is None else time.monotonic() + ahead
