"""What a refused account probe says about an account; the same for all providers."""

from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.domain.provider import Health

READY = "ready"
MISCONFIGURED = "misconfigured"
DEGRADED = "degraded"
UNREACHABLE = "unreachable"

_STATES = {
    Kind.ACCOUNT: MISCONFIGURED,
    Kind.SENDER: MISCONFIGURED,
    Kind.THROTTLED: DEGRADED,
    Kind.REJECTED: DEGRADED,
    Kind.FAULT: UNREACHABLE,
}


def refused(outcome: Outcome) -> Health:
    """The verdict of a probe that was not answered as hoped."""
    return Health(_STATES.get(outcome.kind, DEGRADED), f"{outcome.code}: {outcome.detail}", {"http": outcome.http})
