"""Resend: the account with everything that can be asked of it."""

from typing import ClassVar

from notifyctl.domain.message import Message
from notifyctl.domain.outcome import Outcome, Request, Response
from notifyctl.domain.provider import Capabilities, Envelope, Found, Health, Lookup
from notifyctl.domain.quota import Allowance
from notifyctl.providers.resend import account, errors, send


class Resend(account.Account):
    """The `Provider` over Resend's pure functions."""

    __slots__ = ()
    name: ClassVar[str] = "resend"
    capabilities: ClassVar[Capabilities] = send.CAPABILITIES
    sink: ClassVar[str] = "delivered@resend.dev"

    def document(self, message: Message, envelope: Envelope) -> bytes:
        """See `send.document`."""
        return send.document(message, envelope)

    def request(self, document: bytes, envelope: Envelope, now: float) -> Request:
        """See `send.request`; the clock is not needed."""
        return send.request(self, document, envelope)

    def outcome(self, response: Response) -> Outcome:
        """See `errors.outcome`."""
        return errors.outcome(response)

    def lookup_request(self, ref: str, recipient: str, now: float, marketing: bool = False) -> Request | None:
        """None: a replay with the same key is the evidence, and a sending key may not search."""
        return None

    def lookup(self, response: Response) -> Lookup:
        """No answer, as there is no search."""
        return Lookup(Found.NO_ANSWER, detail="Resend is asked by replay")

    def probe_request(self, now: float) -> Request:
        """See `account.probe_request`."""
        return account.probe_request(self)

    def health(self, response: Response) -> Health:
        """See `account.health`."""
        return account.health(response)

    def allowance_request(self, now: float) -> Request | None:
        """See `account.allowance_request`."""
        return account.allowance_request(self)

    def allowance(self, response: Response) -> Allowance | None:
        """See `account.allowance`."""
        return account.allowance(response)


__all__ = ["Resend"]
