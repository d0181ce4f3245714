"""The providers of these settings."""

from collections.abc import Mapping

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.provider import Provider
from notifyctl.domain.secret import Secret
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses
from notifyctl.settings import Settings


def providers(settings: Settings) -> Mapping[str, Provider]:
    """The providers that have a key, in the order of the route."""
    makers = {"resend": _resend, "postmark": _postmark, "ses": _ses}
    return {name: makers[name](settings) for name in settings.keyed}


def demand_route(settings: Settings, found: Mapping[str, Provider]) -> None:
    """Raise `Misconfigured` unless there is a provider, and a sender for each."""
    if not found:
        raise Misconfigured(
            "CFG-NO-PROVIDER", "no provider of the route has a key", "RESEND_API_KEY, POSTMARK_API_KEY, AWS_SES_...",
            "set at least one; for a try, run `notifyctl emulator --env`",
        )  # fmt: skip
    for name in found:
        if settings.revision.sender_for(name) is None:
            raise Misconfigured(
                "CFG-SENDER", f"there is no sender for {name}", "NOTIFYCTL_FROM",
                'set NOTIFYCTL_FROM="The Venue <tickets@your-domain>"',
            )  # fmt: skip


def _resend(settings: Settings) -> Provider:
    account = settings.resend
    return Resend(_reveal(account.key), **_base_url(account.url))


def _postmark(settings: Settings) -> Provider:
    account = settings.postmark
    streams = {"stream": account.stream, "broadcast_stream": account.broadcast_stream}
    return Postmark(_reveal(account.key), **_base_url(account.url), **streams)


def _ses(settings: Settings) -> Provider:
    account = settings.ses
    return Ses(
        access_key=_reveal(account.access_key),
        secret_key=_reveal(account.secret_key),
        region=account.region,
        configuration_set=account.configuration_set,
        **_base_url(account.url),
    )


def _reveal(key: Secret | None) -> str:
    return key.reveal() if key else ""


def _base_url(url: str | None) -> dict[str, str]:
    return {"base_url": url} if url else {}
