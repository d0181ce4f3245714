"""What the outcome of a call counts in the breaker of its provider, and what it tells when the call was a probe.

Policy: a fault counts, be it definite or ambiguous, and an acceptance ends the row. A refusal of our account trips at
once; a refused sender is closed at that provider, and the breaker is not touched. "Too many" and what is said of one
message alone count nothing: one bad release must not eject three good providers. Each call has a connection of its own
while it lasts, so a connection that breaks is one fault.
"""

from enum import StrEnum

from notifyctl.domain.breaker import Probed, Yielded
from notifyctl.domain.outcome import LATE, MISTIMED, Kind, Outcome

ABANDONED = "abandoned"  # the code of a call whose worker did not live to tell


class Weight(StrEnum):
    """What an outcome counts in a breaker."""

    FAULT = "fault"
    ACCEPTED = "accepted"
    ACCOUNT = "account"
    SENDER = "sender"
    NOTHING = ""


_WEIGHTS = {
    Kind.FAULT: Weight.FAULT,
    Kind.ACCEPTED: Weight.ACCEPTED,
    Kind.ACCOUNT: Weight.ACCOUNT,
    Kind.SENDER: Weight.SENDER,
}


def weight(outcome: Outcome) -> Weight:
    """What an outcome counts. A call whose worker did not live to tell says nothing of the provider."""
    return Weight.NOTHING if outcome.code == ABANDONED else _WEIGHTS.get(outcome.kind, Weight.NOTHING)


def verdict(probe: str, outcome: Outcome) -> Probed | Yielded:
    """What a probe tells: accepted = well; a fault, a refusal of our account or "too many" = not. What is said of the
    message or of the sender alone tells nothing, nor does a call that never began."""
    concurrent = outcome.ambiguous and outcome.kind is Kind.THROTTLED
    if concurrent or outcome.code in (LATE, MISTIMED, ABANDONED) or outcome.kind in (Kind.REJECTED, Kind.SENDER):
        return Yielded(probe)
    return Probed(probe, outcome.kind is Kind.ACCEPTED, outcome.code or str(outcome.http))
