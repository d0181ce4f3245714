"""What may leave Redis for the archive, and when.

Policy: a message that has ended is kept in Redis for 30 days (`archive_after` of the revision's limits), for whoever
asks and for what providers tell late, and then moves to the file of the month in which it ended. A tombstone stays for
400 days: until then its id sends nothing. These stay, however old they are:

1. one that is queued, under way or held;
2. one that is unknown, and one that a person shall review;
3. one with a call whose outcome is not known, or in doubt, unless the message is known to be out: then the doubt is
   about a copy too many, and it is recorded.
"""

from typing import NamedTuple

from notifyctl.domain.attempt import Record, State

TOMBSTONE_MS = 400 * 86_400_000  # a year and a month: what comes again every year is met by last year's
EVERY_MS = 20 * 3_600_000  # the duty moves once a day, at the first look after this
LATE_MS = 3 * 86_400_000  # a move that is so old is late
_OUT = (State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED)


class LastMove(NamedTuple):
    """The last move that came to its end: when (epoch ms, 0 = never), by whom, how many messages; and when the first
    one was `tried`."""

    at: int = 0
    by: str = ""
    moved: int = 0
    tried: int = 0


def may_leave(record: Record) -> bool:
    """Whether a message may be archived, as far as its record tells (rules 1 to 3)."""
    if not record.state.terminal or record.state is State.UNKNOWN or record.archived:
        return False
    if any(attempt.outcome is None for attempt in record.attempts):
        return False
    return record.state in _OUT or not any(attempt.unresolved for attempt in record.attempts)


def due(last: LastMove, now: int) -> bool:
    """Whether the daily move is due; also when the clock was set back behind the last one."""
    return not last.at <= now < last.at + EVERY_MS


def late(last: LastMove, now: int) -> bool:
    """Whether the daily move has not been made for too long: since the last one, or since the first one was tried."""
    since = last.at or last.tried
    return bool(since) and now >= since + LATE_MS
