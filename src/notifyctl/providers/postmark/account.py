"""A server at Postmark: whether it is fit to send, and the search for a copy by our reference."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.provider import Found, Health, Lookup
from notifyctl.providers import answers
from notifyctl.providers.postmark.errors import outcome
from notifyctl.providers.probing import DEGRADED, READY, refused
from notifyctl.providers.rendering import REF, USER_AGENT


@dataclass(frozen=True, slots=True)
class Account:
    """`api_key` is a server token; the streams are ids of a transactional and a broadcast message stream."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.postmarkapp.com"
    stream: str = "outbound"
    broadcast_stream: str = "broadcast"

    def url(self, path: str) -> str:
        """The URL of a path that begins with a slash."""
        return self.base_url.rstrip("/") + path

    def stream_for(self, marketing: bool) -> str:
        """The message stream that carries mail of a purpose."""
        return self.broadcast_stream if marketing else self.stream


def probe_request(account: Account) -> Request:
    """Read the server's configuration. The answer holds its tokens in clear, see `health`."""
    return _get(account, "/server")


def health(response: Response) -> Health:
    """Read the server's configuration: two members are taken, the tokens beside them never are."""
    document = answers.parse(response) or {}
    delivery = answers.string(document, "DeliveryType")
    if response.status != 200 or not delivery:
        return refused(outcome(response))
    data: dict[str, object] = {"server": answers.string(document, "Name"), "delivery": delivery}
    if delivery.lower() != "live":
        return Health(DEGRADED, f"the server is of type {answers.detail(delivery)}: it delivers nothing", data)
    return Health(READY, "the server delivers", data)


def lookup_request(account: Account, ref: str, marketing: bool) -> Request:
    """Search by our reference alone: it is unique, and an address in a URL would end in somebody's log.

    The stream must be named, since a search without one sees the default transactional stream only.
    """
    stream = account.stream_for(marketing)
    query = urlencode({"count": 50, "offset": 0, "messagestream": stream, f"metadata_{REF}": ref})
    return _get(account, f"/messages/outbound?{query}")


def lookup(response: Response) -> Lookup:
    """Read a search: present, absent, or no answer whenever it cannot be trusted."""
    document = answers.parse(response) or {}
    total, found = document.get("TotalCount"), document.get("Messages")
    if response.status != 200 or not isinstance(total, int) or not isinstance(found, list):
        return Lookup(Found.NO_ANSWER, detail=f"http {response.status}")
    if total == 0 and not found:
        return Lookup(Found.ABSENT)
    messages = [message for message in found if isinstance(message, dict)]
    provider_id = next((answers.string(message, "MessageID") for message in messages), "")
    # A server that ignores the filter answers with other messages too.
    if not provider_id or len({_ref_of(message) for message in messages}) != 1:
        return Lookup(Found.NO_ANSWER, detail="the search did not filter by our reference")
    return Lookup(Found.PRESENT, provider_id)


def _ref_of(message: dict[str, object]) -> str:
    metadata = message.get("Metadata")
    return answers.string(metadata, REF) if isinstance(metadata, dict) else ""


def _get(account: Account, path: str) -> Request:
    headers = (
        ("X-Postmark-Server-Token", account.api_key),
        ("Accept", "application/json"),
        ("User-Agent", USER_AGENT),
    )
    return Request("GET", account.url(path), headers)
