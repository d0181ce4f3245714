"""Records, attempts and situations for tests of the policy; times are milliseconds, the first intent is at 0."""

from notifyctl.domain.attempt import Attempt, Record, State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.pace import PRODUCTION
from notifyctl.domain.provider import Evidence
from notifyctl.domain.revision import Bounds, MessageType, Priority, Purpose
from notifyctl.domain.situation import Situation

EVIDENCE = {"resend": Evidence.REPLAY, "postmark": Evidence.LOOKUP, "ses": Evidence.EVENTS}
ROUTE = ("resend", "postmark", "ses")
DAY = 24 * 3600 * 1000
SECOND = 1000

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1")
FAULT = Outcome(Kind.FAULT, code="503", http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
THROTTLED = Outcome(Kind.THROTTLED, code="429")
REJECTED = Outcome(Kind.REJECTED, code="422")
SUPPRESSED = Outcome(Kind.REJECTED, code="406", suppressed=True)
SENDER = Outcome(Kind.SENDER, code="403")
ACCOUNT = Outcome(Kind.ACCOUNT, code="401")


def call(provider: str, outcome: Outcome | None, at: int = 0, why: Why = Why.FIRST) -> Attempt:
    """One call; its answer came at once."""
    return Attempt(f"{provider}-{at}-{why}", provider, why, at, "digest", "nf.w1", outcome, at if outcome else 0)


def record(*attempts: Attempt, **changes: object) -> Record:
    """An open record with these attempts."""
    base = Record("m", version=len(attempts) * 2, state=State.ATTEMPTING, attempts=attempts, body="body")
    return base._replace(**changes)


def situation(now: int, priority: Priority = Priority.CRITICAL, **changes: object) -> Situation:
    """A service message enqueued at 0 with a day to its deadline, three providers able, none full."""
    base = Situation(
        now=now, enqueued_at=0, deadline=DAY, type=MessageType(Purpose.SERVICE, priority, DAY // 1000), route=ROUTE,
        evidence=EVIDENCE, body="body", pace=PRODUCTION, bounds=Bounds(),
    )  # fmt: skip
    return base._replace(**changes)
