"""What one provider call came to: its kind, and how certain that is.

The kinds and their consequences:

    accepted   the provider took the message
    rejected   this message is refused for good, here and anywhere
    throttled  not now; try here later
    fault      the provider is broken; counts toward the breaker
    account    our account is misconfigured (key, suspension, quota gone, wrong URL); trips the breaker
    sender     From, domain, stream or configuration set is refused; that sender rests at that provider

Certainty says whether the message may nevertheless be in somebody's mailbox. `ambiguous` means that
nobody can know from this call alone; only evidence (a replay, a look-up, an event) can tell.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The consequence of a provider's answer."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    THROTTLED = "throttled"
    FAULT = "fault"
    ACCOUNT = "account"
    SENDER = "sender"


class Certainty(StrEnum):
    """Whether the kind settles the question if a copy is out."""

    DEFINITE = "definite"
    AMBIGUOUS = "ambiguous"


class Request(NamedTuple):
    """One HTTP call, complete: what the wire sends, byte for byte."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


class Response(NamedTuple):
    """One complete HTTP answer. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """No complete answer came. `handed_over` is False only when the body surely never left whole.

    `stage` is one of `resolve`, `connect`, `tls`, `write`, `answer`, `timeout`, `late`
    (`late`: the moment to start had passed, nothing was written).
    """

    stage: str
    handed_over: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Limits:
    """A rate limit that a provider told us in its headers: `limit` calls per `window_s` seconds."""

    limit: int
    window_s: int
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call meant for one message.

    `code` is the provider's own error name or number, `http` the status (0 without an answer),
    `detail` a short text without secrets or addresses, `retry_after_ms` the provider's wish,
    `suppressed` whether the provider refused because the recipient is on its suppression list.
    """

    kind: Kind
    certainty: Certainty = Certainty.DEFINITE
    code: str = ""
    http: int = 0
    detail: str = ""
    provider_id: str = ""
    retry_after_ms: int | None = None
    limits: Limits | None = None
    suppressed: bool = False

    @property
    def ambiguous(self) -> bool:
        """True when a copy may be out although nobody said so."""
        return self.certainty is Certainty.AMBIGUOUS


LATE, MISTIMED = "late", "mistimed"  # codes of calls that are tried again here at once, for nobody is to blame
TOLERANCE = 240.0  # seconds; Amazon takes what was signed at most 300 s from its own time


def timed(outcome: Outcome, off: float) -> Outcome:
    """What a call came to whose request was signed with a time so many seconds off.

    Policy: a refusal of our account is believed only when we were on time (240 s): a wrong time makes a wrong
    signature, and says nothing of the account. The answer has told the right time by then: the next call is judged.
    """
    if outcome.kind is not Kind.ACCOUNT or abs(off) <= TOLERANCE:
        return outcome
    detail = f"signed {abs(off):.0f} s {'behind' if off > 0 else 'ahead of'} the provider's clock"
    return Outcome(Kind.THROTTLED, code=MISTIMED, http=outcome.http, detail=detail)


def of_broken(broken: Broken) -> Outcome:
    """Classify a call without an answer; one rule for all providers.

    A body that surely never left whole is a definite fault: the message may go elsewhere at once.
    Everything else is a fault too, but ambiguous: the provider may have taken the message. A call whose moment to
    start had passed is nobody's fault: it is tried again.
    """
    if broken.stage == LATE:
        return Outcome(Kind.THROTTLED, code=broken.stage, detail=broken.detail)
    certainty = Certainty.AMBIGUOUS if broken.handed_over else Certainty.DEFINITE
    return Outcome(Kind.FAULT, certainty, code=broken.stage, detail=broken.detail)
