"""What every provider is to the engine: pure functions bound to an account.

A provider turns a message into a document (the JSON body, whose hash is kept with the attempt), a
document into a request, and an answer into an outcome. It never opens a socket.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from notifyctl.domain.message import Address, Message
from notifyctl.domain.outcome import Broken, Outcome, Request, Response, of_broken
from notifyctl.domain.quota import Allowance


class Evidence(StrEnum):
    """How the truth about an ambiguous attempt can be learnt at this provider."""

    REPLAY = "replay"  # same idempotency key, same bytes: the original answer comes back
    LOOKUP = "lookup"  # search by our metadata
    EVENTS = "events"  # only a tagged event tells


class Found(StrEnum):
    """The answer of a look-up."""

    PRESENT = "present"
    ABSENT = "absent"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can carry; routing never picks one that would drop a field.

    Sizes are bytes of the document. `header_value_ascii` limits custom header values to printable ASCII
    of at most `header_value_max` characters. `signs` says that a request tells when it was made, and is refused later.
    """

    evidence: Evidence
    max_document: int
    max_body: int | None = None
    max_headers: int | None = None
    header_value_max: int | None = None
    header_value_ascii: bool = False
    ascii_local_part_only: bool = False
    metadata_key_max: int | None = None
    metadata_value_max: int | None = None
    metadata_key_pattern: str | None = None
    metadata_value_pattern: str | None = None
    max_metadata: int | None = None
    rate_per_s: int | None = None
    replay_hours: int | None = None
    signs: bool = False


class Envelope(NamedTuple):
    """What is added to a message when it is rendered for a provider.

    `ref` is 32 hex digits derived from the message id: the correlation value that fits every
    provider's alphabet. `key` is the idempotency key of the message's current copy.
    `marketing` picks the provider's broadcast stream where it has one.
    """

    sender: Address
    ref: str
    key: str
    marketing: bool = False


@dataclass(frozen=True, slots=True)
class Lookup:
    """The verdict of one look-up; `provider_id` is set when something was found."""

    found: Found
    provider_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict of one account probe. `state`: ready, misconfigured, degraded or unreachable."""

    state: str
    detail: str
    data: dict[str, object]


class Provider(Protocol):
    """The contract; `tests/providers/test_contract.py` runs it over all of them."""

    @property
    def name(self) -> str: ...
    @property
    def capabilities(self) -> Capabilities: ...
    @property
    def sink(self) -> str:
        """The address of the provider at which mail is taken and thrown away."""

    def document(self, message: Message, envelope: Envelope) -> bytes:
        """Render the JSON body: pure, byte-stable for equal input, pinned by golden files."""

    def request(self, document: bytes, envelope: Envelope, now: float) -> Request:
        """The call that sends one document; `now` is the wall clock in seconds (signing only)."""

    def outcome(self, response: Response) -> Outcome:
        """Classify a complete answer. Never raises; what it cannot read is classified too."""

    def lookup_request(self, ref: str, recipient: str, now: float, marketing: bool = False) -> Request | None:
        """The call that searches for a copy by our ref, or None when the provider has no search.

        `marketing` must be what the envelope said: it names the stream that is searched.
        """

    def lookup(self, response: Response) -> Lookup:
        """Read the answer of a look-up."""

    def probe_request(self, now: float) -> Request:
        """A read-only account call that costs no mail."""

    def health(self, response: Response) -> Health:
        """Read the answer of a probe; secrets in it never leave this function."""

    def allowance_request(self, now: float) -> Request | None:
        """A read-only call that tells limits and quotas, or None when the provider tells none."""

    def allowance(self, response: Response) -> Allowance | None:
        """Read its answer; None for a refusal or what cannot be read."""


def outcome_of(provider: Provider, answer: Response | Broken) -> Outcome:
    """What a call came to, answered or not."""
    return of_broken(answer) if isinstance(answer, Broken) else provider.outcome(answer)


def health_of(provider: Provider, answer: Response | Broken) -> Health:
    """What an account says of itself; one that does not answer is unreachable."""
    if isinstance(answer, Broken):
        return Health("unreachable", f"{answer.stage}: {answer.detail}", {})
    return provider.health(answer)
