"""An account at Amazon SES (API v2), and whether it is fit to send."""

from dataclasses import dataclass, field

from notifyctl.domain.limit import Limit
from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.provider import Health
from notifyctl.domain.quota import Allowance, Quota
from notifyctl.net.sigv4 import Signer, sign
from notifyctl.providers import answers
from notifyctl.providers.probing import DEGRADED, MISCONFIGURED, READY, refused
from notifyctl.providers.rendering import USER_AGENT
from notifyctl.providers.ses.errors import name_of, outcome

_SHOWN = ("SendingEnabled", "ProductionAccessEnabled", "EnforcementStatus", "SendQuota")


@dataclass(frozen=True, slots=True)
class Account:
    """A long-lived access key pair; an empty `base_url` means the region's public end point.

    `configuration_set` publishes the events of our mail; without one an ambiguous attempt stays unknown.
    """

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str = "eu-west-2"
    configuration_set: str | None = None
    base_url: str = ""

    def url(self, path: str) -> str:
        """The URL of a path that begins with a slash."""
        return (self.base_url or f"https://email.{self.region}.amazonaws.com").rstrip("/") + path

    def signed(self, method: str, path: str, body: bytes, now: float) -> Request:
        """A call with its signature; `now` is the wall clock in seconds."""
        url = self.url(path)
        signature = sign(Signer(self.access_key, self.secret_key, self.region), method, url, body, now)
        return Request(method, url, (*signature, ("Accept", "application/json"), ("User-Agent", USER_AGENT)), body)


def probe_request(account: Account, now: float) -> Request:
    """Read the account: read-only, costs no mail."""
    return account.signed("GET", "/v2/email/account", b"", now)


def health(response: Response) -> Health:
    """Read the account. AccessDenied means a key that may not look, only send: reachable, signed, and well kept."""
    document = answers.parse(response)
    if response.status == 403 and name_of(response, document or {}).startswith("AccessDenied"):
        return Health(READY, "the key may not read the account", {"key": "least privilege"})
    if response.status != 200 or document is None or not isinstance(document.get("SendingEnabled"), bool):
        return refused(outcome(response))
    data = {key: document[key] for key in _SHOWN if key in document}
    if not document["SendingEnabled"] or document.get("EnforcementStatus") == "SHUTDOWN":
        return Health(MISCONFIGURED, "sending is switched off for this account", data)
    if document.get("ProductionAccessEnabled") is False:
        return Health(DEGRADED, "the account is in the sandbox: only verified recipients", data)
    if document.get("EnforcementStatus") == "PROBATION":
        return Health(DEGRADED, "the account is under review", data)
    return Health(READY, "the account may send", data)


def allowance(response: Response) -> Allowance | None:
    """Read the account's sending quota: recipients a second, and in any 24 hours; -1 means without limit."""
    document = answers.parse(response) or {}
    told = answers.mapping(document, "SendQuota")
    if response.status != 200 or not told:
        return None
    rate, most = answers.number(told, "MaxSendRate"), answers.number(told, "Max24HourSend")
    sent = answers.number(told, "SentLast24Hours")
    limit = Limit(max(rate, 1), max(1 / rate, 1)) if rate else None
    return Allowance(limit, (Quota("24 hours", int(most), int(sent)),) if most and sent is not None else ())
