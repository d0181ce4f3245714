"""Amazon SES: the account with everything that can be asked of it."""

from typing import ClassVar

from notifyctl.domain.message import Message
from notifyctl.domain.outcome import Outcome, Request, Response
from notifyctl.domain.provider import Capabilities, Envelope, Found, Health, Lookup
from notifyctl.domain.quota import Allowance
from notifyctl.providers.ses import account, errors, send


class Ses(account.Account):
    """The `Provider` over SES's pure functions."""

    __slots__ = ()
    name: ClassVar[str] = "ses"
    capabilities: ClassVar[Capabilities] = send.CAPABILITIES
    sink: ClassVar[str] = "success@simulator.amazonses.com"

    def document(self, message: Message, envelope: Envelope) -> bytes:
        """See `send.document`."""
        return send.document(self, message, envelope)

    def request(self, document: bytes, envelope: Envelope, now: float) -> Request:
        """See `send.request`; there is no idempotency key."""
        return send.request(self, document, now)

    def outcome(self, response: Response) -> Outcome:
        """See `errors.outcome`."""
        return errors.outcome(response)

    def lookup_request(self, ref: str, recipient: str, now: float, marketing: bool = False) -> Request | None:
        """None: only an event with our tag tells."""
        return None

    def lookup(self, response: Response) -> Lookup:
        """No answer, as there is no search."""
        return Lookup(Found.NO_ANSWER, detail="SES is asked by events")

    def probe_request(self, now: float) -> Request:
        """See `account.probe_request`."""
        return account.probe_request(self, now)

    def health(self, response: Response) -> Health:
        """See `account.health`."""
        return account.health(response)

    def allowance_request(self, now: float) -> Request | None:
        """The probe tells them, too."""
        return account.probe_request(self, now)

    def allowance(self, response: Response) -> Allowance | None:
        """See `account.allowance`."""
        return account.allowance(response)


__all__ = ["Ses"]
