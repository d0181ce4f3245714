"""What a provider allows in a window, and how we stay below it.

Policy:

- No window of the provider, wherever it begins, sees more calls than it allows: the last calls are on record, and one
  more waits until so many before it are a window old. We plan for 98 % of the calls (`SPARE`), and for windows that are
  2 % longer (`LATE`), since calls arrive late and bunched. A window of very many calls is planned as several
  shorter ones (`KEPT`), so that the record stays small whatever a provider says.
- Calls are spread: a tenth of a window's calls may go at once (`BURST`), when some were late or nobody asked.
- Of what may be used at once, standard may not take the last half, nor bulk the last three quarters (`PARTS`): a
  critical message finds a token although thousands wait. Who is refused gets a turn of its own; a lower priority has
  its turn after all turns of the higher ones. A worker asks for few messages at a time (`ASKING`), so turns are near,
  and each worker has as many of them.
- A turn further away than `HOLD` is not kept for anybody: that message is given back to the queue until then, and its
  lane is left alone. A worker takes no more bulk and standard from the queue than it can bring out soon (`READY`).
- While a provider's limit is unknown, its pace is tried: 20 calls a second at first, twice as many after each two
  fifths of a second in which calls were answered well. From 1,000 a second on there is no limit. "Too many" halves the
  pace (a known rate is taken back by a tenth: somebody else uses the account), once a second at most, and from then on
  it grows by 5 % a second.
"""

import math
from dataclasses import dataclass

from notifyctl.domain.revision import Priority

SPARE = 0.02  # part of a limit's calls that is not planned for
LATE = 0.02  # part of a window by which calls may arrive late
BURST = 0.1  # part of a window's calls that may go at once
KEPT = 10_000  # calls on record, at most: about 100 kB in Redis
LONGEST = 86_400.0  # seconds of a window; longer ones are nonsense, or quotas
PARTS = {Priority.CRITICAL: 1.0, Priority.STANDARD: 0.5, Priority.BULK: 0.25}  # of what may be used at once
HOLD = 5_000  # ms
ASKING = 200  # ms of turns that one worker may wait for at a time, for each priority
READY = 8  # messages of a lane in line at a worker: what a provider takes while a claim is under way
UNHEARD = 5_000  # ms after which a lane that was left alone is tried again: its next message may go elsewhere

FIRST = 20.0  # calls a second to a provider of which nothing is known yet
MOST = 1_000.0  # calls a second from which on a pace is no limit: none of the providers sells so many
LEAST = 0.5  # calls a second; the slowest accounts (SES in its sandbox) have 1
FAST = (2.0, 400)  # growth of a pace that has met no limit, and ms between two steps
SLOW = (1.05, 1_000)  # growth of one that has
CUT = (0.5, 0.9, 1_000)  # what is left of a tried pace, of a known rate, and ms between two cuts

ROOM_RULES = (FIRST, MOST, HOLD, [PARTS[each] for each in Priority])
PACE_RULES = (FIRST, MOST, LEAST, FAST, SLOW, CUT)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in any `window` seconds; both above 0."""

    calls: float
    window: float = 1.0

    @property
    def recorded(self) -> "Limit":
        """This limit, or a stricter one, of which every call can be kept on record: no more than `KEPT` in a window."""
        parts = math.ceil(self.calls / KEPT)
        return Limit(self.calls / parts, min(self.window, LONGEST) / parts)

    @property
    def planned(self) -> int:
        """Calls in a window that we plan for, at least 1."""
        return max(round((1 - SPARE) * self.calls), 1)

    @property
    def span(self) -> float:
        """Seconds in which there are no more calls than planned."""
        return (1 + LATE) * self.window * max(1 / self.calls, 1)

    @property
    def rate(self) -> float:
        """Calls a second that we plan for."""
        return self.planned / self.span

    @property
    def burst(self) -> float:
        """Calls that may go at once, at least 1."""
        return 1 + BURST * self.calls


def asking(gap: float) -> float:
    """How many messages of a worker may ask at a time when turns are `gap` ms apart (0 = no limit)."""
    return max(ASKING // gap, 1) if gap else float("inf")


def claimable(gap: float, waiting: int, turn: int, heard: int, now: int) -> float:
    """How many more jobs of a lane a worker may take, when so many of it wait in line.

    `gap` is the ms between turns (0 = no limit), `turn` the last one given, `heard` when it was; epoch ms.
    """
    if turn - now > HOLD:
        return READY if now - heard > UNHEARD else 0
    return max(max(READY, asking(gap)) - waiting, 0)
