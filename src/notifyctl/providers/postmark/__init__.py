"""Postmark: the server with everything that can be asked of it."""

from typing import ClassVar

from notifyctl.domain.message import Message
from notifyctl.domain.outcome import Outcome, Request, Response
from notifyctl.domain.provider import Capabilities, Envelope, Health, Lookup
from notifyctl.domain.quota import Allowance
from notifyctl.providers.postmark import account, errors, send


class Postmark(account.Account):
    """The `Provider` over Postmark's pure functions."""

    __slots__ = ()
    name: ClassVar[str] = "postmark"
    capabilities: ClassVar[Capabilities] = send.CAPABILITIES
    sink: ClassVar[str] = "test@blackhole.postmarkapp.com"

    def document(self, message: Message, envelope: Envelope) -> bytes:
        """See `send.document`."""
        return send.document(self, message, envelope)

    def request(self, document: bytes, envelope: Envelope, now: float) -> Request:
        """See `send.request`; neither key nor clock is needed."""
        return send.request(self, document)

    def outcome(self, response: Response) -> Outcome:
        """See `errors.outcome`."""
        return errors.outcome(response)

    def lookup_request(self, ref: str, recipient: str, now: float, marketing: bool = False) -> Request | None:
        """See `account.lookup_request`; the recipient is not needed."""
        return account.lookup_request(self, ref, marketing)

    def lookup(self, response: Response) -> Lookup:
        """See `account.lookup`."""
        return account.lookup(response)

    def probe_request(self, now: float) -> Request:
        """See `account.probe_request`."""
        return account.probe_request(self)

    def health(self, response: Response) -> Health:
        """See `account.health`."""
        return account.health(response)

    def allowance_request(self, now: float) -> Request | None:
        """None: Postmark publishes no limit, and its quota only on its pages."""
        return None

    def allowance(self, response: Response) -> Allowance | None:
        """None, as nothing is asked."""
        return None


__all__ = ["Postmark"]
