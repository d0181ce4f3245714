"""An account at Resend, and whether it is fit to send."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from notifyctl.domain.limit import Limit
from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.provider import Health
from notifyctl.domain.quota import Allowance, Quota
from notifyctl.providers import answers
from notifyctl.providers.probing import READY, refused
from notifyctl.providers.rendering import USER_AGENT
from notifyctl.providers.resend.errors import outcome

_WINDOW = re.compile(r"0*([1-9]\d{0,8})ms")


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
    return _get(account, "/domains")


def health(response: Response) -> Health:
    """Read the list of domains. A key that may only send is refused here, and that is the best answer."""
    document = answers.parse(response) or {}
    if response.status == 401 and document.get("name") == "restricted_api_key":
        return Health(READY, "the key may only send", {"key": "sending_access"})
    domains = document.get("data")
    if response.status == 200 and isinstance(domains, list):
        return Health(READY, "the key may do more than send", {"key": "full_access", "domains": _states(domains)})
    return refused(outcome(response))


def allowance_request(account: Account) -> Request:
    """Ask for the team's usage; any key may, where the account has this call at all."""
    return _get(account, "/usage")


def allowance(response: Response) -> Allowance | None:
    """Read the usage: the rate of the team, and how much of the day and the month is used.

    A plan without a daily cap says null there.
    """
    document = answers.parse(response) or {}
    if response.status != 200 or document.get("object") != "usage":
        return None
    emails = answers.mapping(document, "emails")
    named = {name: answers.mapping(emails, name) for name in ("daily", "monthly")}
    return Allowance(_rate(answers.mapping(document, "rate_limit")), tuple(_quotas(named)))


def _rate(told: dict[str, object]) -> Limit | None:
    calls, window = answers.number(told, "limit"), _WINDOW.fullmatch(answers.string(told, "duration"))
    return Limit(calls, int(window[1]) / 1000 if window else 1) if calls else None


def _quotas(named: dict[str, dict[str, object]]) -> Iterator[Quota]:
    for name, told in named.items():
        limit, used = answers.number(told, "limit"), answers.number(told, "used")
        if limit and used is not None:
            yield Quota(name, int(limit), int(used), answers.epoch_ms(answers.string(told, "resets_at")))


def _get(account: Account, path: str) -> Request:
    headers = (
        ("Authorization", f"Bearer {account.api_key}"),
        ("Accept", "application/json"),
        ("User-Agent", USER_AGENT),
    )
    return Request("GET", account.url(path), headers)


def _states(domains: list[object]) -> dict[str, str]:
    named = (domain for domain in domains if isinstance(domain, dict))
    return {answers.string(domain, "name"): answers.string(domain, "status") for domain in named}
