"""One request on its way out, and what is known of that way.

A parcel is written at most once. Right before its first byte it asks whether the moment to start has
passed and whether the line is still good; after it, `handed_over` tells what the line knows.
"""

from aiohttp import ClientError

from notifyctl.net.line import Line


class NotStarted(ClientError):
    """The parcel refused to be written; its `stage` and `stale` say why."""


class Parcel:
    """A whole request, head and body; `stage` is where the call is, in the words of `Broken`.

    `start_by` is the latest time of the loop's clock for the first byte, or None. `stale` is set when
    the line was an idle one that its peer had closed: another line may be tried, nothing was written.
    """

    def __init__(self, content: bytes, start_by: float | None) -> None:
        self._content = content
        self._start_by = start_by
        self._line: Line | None = None
        self._refused = False
        self.stage = "late"
        self.begun: float | None = None
        self.stale = False

    @property
    def handed_over(self) -> bool:
        """False only when the request surely never left this process whole."""
        line = self._line
        if line is None or self.begun is None or self._refused:
            return False
        # A line goes on to another call only after the whole answer to this one.
        return line.owner is not self or not line.unsent

    def write(self, line: Line) -> None:
        """Write everything to the line, or raise NotStarted with nothing written."""
        self._line = line
        self.begun, self.stage = self._admit(line), "write"
        line.owner = self
        line.put(self._content)
        # Closing at once means that the system refused the very first write.
        self._refused = not line.alive()

    def check_time(self, now: float) -> None:
        """Raise NotStarted when the moment to start has passed."""
        if self._start_by is not None and now > self._start_by:
            self.stage = "late"
            raise NotStarted("the moment to start had passed")

    def _admit(self, line: Line) -> float:
        """The time of the first byte, or raise: too late, or no good line."""
        now: float = line._loop.time()
        self.check_time(now)
        if not line.ready():
            self.stage, self.stale = "connect", line.owner is not None
            raise NotStarted("closed by the peer before the request")
        return now

    def abandon(self) -> None:
        """Stop: nothing of it leaves any more."""
        if self._line is not None and self._line.owner is self:
            self._line.abandon()
