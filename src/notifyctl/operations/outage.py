"""An outage of one provider as it is on record: when the mail left it, and how it came back.

The attempts tell which calls failed and where the next ones went, the log of transitions what the breaker did. All
times are the server's, epoch ms, 0 = it did not happen.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from notifyctl.domain.attempt import Attempt, Record
from notifyctl.domain.breaker import Phase
from notifyctl.domain.tally import Weight, weight
from notifyctl.domain.transition import Entry


class Outage(NamedTuple):
    """The first outage of a provider. `steps` are all moves of its breaker, oldest first; `faults` counts the calls
    that had failed there when it opened; `back_at` is the first call for a message after it had closed again."""

    provider: str
    steps: Sequence[Entry]
    fault_at: int
    elsewhere_at: int
    opened_at: int
    faults: int
    half_open_at: int
    closed_at: int
    back_at: int

    @property
    def switch_ms(self) -> int | None:
        """From the first settled fault to the first call that was admitted elsewhere; None when there was none."""
        return self.elsewhere_at - self.fault_at if self.elsewhere_at else None


def outage(provider: str, records: Iterable[Record], newest_first: Sequence[Entry]) -> Outage:
    """The outage that these records and transitions tell of."""
    calls = [attempt for record in records for attempt in record.attempts]
    steps = [entry for entry in reversed(newest_first) if entry.move and entry.move.provider == provider]
    failed = [call.result_at for call in calls if call.provider == provider and _fault(call)]
    fault_at, opened_at = min(failed, default=0), _first(steps, Phase.OPEN)
    closed_at = _first(steps, Phase.CLOSED)
    half_open_at = max((entry.at for entry in steps if entry.verb == "T4"), default=0)
    elsewhere = [call.intent_at for call in calls if call.provider != provider and call.intent_at >= fault_at > 0]
    back = [call.intent_at for call in calls if call.provider == provider and call.intent_at >= closed_at > 0]
    return Outage(
        provider, steps, fault_at, min(elsewhere, default=0), opened_at, sum(at <= opened_at for at in failed),
        half_open_at, closed_at, min(back, default=0),
    )  # fmt: skip


def _fault(call: Attempt) -> bool:
    return call.outcome is not None and weight(call.outcome) is Weight.FAULT


def _first(steps: Sequence[Entry], phase: Phase) -> int:
    return next((entry.at for entry in steps if entry.move and entry.move.after.phase is phase), 0)
