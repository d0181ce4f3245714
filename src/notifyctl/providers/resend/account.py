"""An account at Resend, and whether it is fit to send."""

from dataclasses import dataclass, field

from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.provider import Health
from notifyctl.providers import answers
from notifyctl.providers.probing import READY, refused
from notifyctl.providers.rendering import USER_AGENT
from notifyctl.providers.resend.errors import outcome


@dataclass(frozen=True, slots=True)
class Account:
    """`api_key` is a key `re_...`, best one that may only send; `base_url` has no path of its own."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.resend.com"

    def url(self, path: str) -> str:
        """The URL of a path that begins with a slash."""
        return self.base_url.rstrip("/") + path


def probe_request(account: Account) -> Request:
    """List the domains: read-only, costs no mail, and any key gets a telling answer."""
    headers = (
        ("Authorization", f"Bearer {account.api_key}"),
        ("Accept", "application/json"),
        ("User-Agent", USER_AGENT),
    )
    return Request("GET", account.url("/domains"), headers)


def health(response: Response) -> Health:
    """Read the list of domains. A key that may only send is refused here, and that is the best answer."""
    document = answers.parse(response) or {}
    if response.status == 401 and document.get("name") == "restricted_api_key":
        return Health(READY, "the key may only send", {"key": "sending_access"})
    domains = document.get("data")
    if response.status == 200 and isinstance(domains, list):
        return Health(READY, "the key may do more than send", {"key": "full_access", "domains": _states(domains)})
    return refused(outcome(response))


def _states(domains: list[object]) -> dict[str, str]:
    named = (domain for domain in domains if isinstance(domain, dict))
    return {answers.string(domain, "name"): answers.string(domain, "status") for domain in named}
