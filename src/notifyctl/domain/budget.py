"""The retry budget of a provider: what keeps a provider that fails now and then from being asked twice for everything.

Policy: there are 100 tokens, and as many come back in a minute. A message that goes back to a provider which failed it
costs 5, 10 after a time-out; each acceptance gives 1 back. When they are used up the message waits. A first call
and a call elsewhere cost nothing, nor do replays: they have their own times, and few of them.
"""

from notifyctl.domain.attempt import Record, Why
from notifyctl.domain.outcome import Kind

TOKENS = 100
RETRY, AFTER_TIMEOUT = 5, 10
BUDGET_RULES = (TOKENS, TOKENS / 60_000)  # tokens, and tokens that come back in a ms


def cost(record: Record, provider: str, why: Why) -> int:
    """The tokens that one more call for this message costs there."""
    faults = [
        item.outcome
        for item in record.attempts
        if item.provider == provider and item.outcome and item.outcome.kind is Kind.FAULT
    ]
    if not faults or why is Why.REPLAY:
        return 0
    return AFTER_TIMEOUT if faults[-1].code == "timeout" else RETRY
