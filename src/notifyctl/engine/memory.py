"""What this worker did lately, in case that the server forgets it: calls under way, and those that ended a moment ago.

A primary that crashes with `appendfsync everysec` loses a second or two, a failover what the replica had not got.
More is remembered here, as far as it costs little: a minute, but not more than 10,000 ends of calls (about 11 MB).
"""

import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import structs

from notifyctl.store.attempts import Deed, Intent, Settlement

SECONDS = 60.0
MOST = 10_000

Known = tuple[Deed | None, Settlement | None]


class _Ended(NamedTuple):
    at: float
    deed: Deed | None
    settlement: Settlement


class Memory:
    """The calls of one worker. What was settled is forgotten as newer ends come in, never while the server is away.

    `unsettled` is what the server has not taken yet.
    """

    def __init__(self) -> None:
        self.unsettled: dict[int, Settlement] = {}
        self._open: dict[str, Deed] = {}
        self._ended: deque[_Ended] = deque()
        self._restored: set[str] = set()

    def began(self, intent: Intent, at: int) -> None:
        """An intent was admitted at that time of the server (ms)."""
        self._open[intent.attempt] = Deed(intent, at)

    def ended(self, settlement: Settlement, taken: bool) -> None:
        """An outcome was settled, by whomever the call was made; what the server did not take is not asserted again."""
        deed = self._open.pop(settlement.attempt, None)
        self._restored.discard(settlement.attempt)
        if not taken:
            return
        now = time.monotonic()
        self._ended.append(_Ended(now, deed, settlement))
        while self._ended[0].at < now - SECONDS or len(self._ended) > MOST:
            self._ended.popleft()

    def deed(self, attempt: str) -> Deed | None:
        """A call that is under way."""
        return self._open.get(attempt)

    def restored(self, attempt: str) -> bool:
        """Whether the server has lost the intent of this call, and got it again."""
        return attempt in self._restored

    def asserted(self) -> None:
        """The server knows of everything that is under way; a job of it may be somebody else's now."""
        self._restored.update(self._open)

    def pending(self) -> list[Settlement]:
        """Outcomes that the server has not taken yet."""
        return [structs.replace(item, restored=True) for item in self.unsettled.values() if item.outcome]

    def known(self) -> Iterator[Known]:
        """Every call, oldest end first, then those that are under way."""
        yield from ((item.deed, item.settlement) for item in self._ended)
        yield from ((deed, None) for deed in self._open.values())
