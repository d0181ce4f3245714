"""What incidents are seen from: one look at board, lanes and mail in doubt. Nothing here writes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain.cause import ALL, DOUBT, HOLD, Outage, Sight, Waiting
from notifyctl.domain.incident import Incident
from notifyctl.store import lanes
from notifyctl.store.attempts import Attempts
from notifyctl.store.board import Boards
from notifyctl.store.incidents import Incidents
from notifyctl.store.queue import Queue
from notifyctl.store.reviews import Reviews

MOST = 1000  # mails in doubt that are looked at; more are as bad


class Readers(NamedTuple):
    """The parts of the store that tell."""

    queue: Queue
    attempts: Attempts
    boards: Boards
    incidents: Incidents
    reviews: Reviews


class Seen(NamedTuple):
    """One look: what holds now, the mails in doubt on which nobody has decided (id, since in epoch ms), the incidents
    that are open, the last outage of everything, and the last time that a person held all mail."""

    sight: Sight
    doubtful: Sequence[tuple[str, int]]
    open: Sequence[Incident]
    outage: Outage
    hold: Outage


async def look(readers: Readers, senders: Mapping[str, str], working: int) -> Seen:
    """Look once; `senders` are those of a `Sight`, `working` counts the workers that live. Raises `Unreachable`."""
    board, now = await readers.boards.look()
    asked = await doubtful(readers.attempts, readers.reviews)
    waits = [(name, since) for name, since in asked if now - since > DOUBT * 1000]
    found = await lanes.look(readers.queue.link, readers.queue.names, readers.queue.bases)
    waiting = [Waiting(lane.queue, lane.open, lane.oldest) for lane in found]
    oldest = waits[0][1] if waits else 0
    sight = Sight(now, board, senders, waiting, working, len(waits), oldest)
    outage, hold = await _last_of(readers.incidents, ALL), await _last_of(readers.incidents, HOLD)
    return Seen(sight, waits, await readers.incidents.open(), outage, hold)


async def _last_of(incidents: Incidents, key: str) -> Outage:
    last = await incidents.last_of(key)
    return Outage(last.opened_at, last.quiet_at or last.resolved_at) if last else Outage()


async def doubtful(attempts: Attempts, reviews: Reviews, most: int = MOST) -> list[tuple[str, int]]:
    """Mails that ended in doubt on which nobody has decided, oldest first, each with that time (epoch ms)."""
    found: list[tuple[str, int]] = []
    skip = 0
    while len(found) < most and (part := await attempts.unknown(MOST, skip)):
        found += await reviews.undecided("unknown", part)
        skip += len(part)
    return found[:most]
