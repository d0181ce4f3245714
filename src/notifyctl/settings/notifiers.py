"""Whom to tell of incidents: the variables of the notifiers, each optional, each a secret."""

import shlex
from base64 import b64decode
from binascii import Error
from dataclasses import dataclass
from urllib.parse import urlsplit

from notifyctl.domain.secret import Secret
from notifyctl.settings.environment import Reader, wrong

SIGNED = "whsec_"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Notifiers:
    """`pagerduty_url` None means PagerDuty itself; the webhook has a URL and a secret, or neither; `command` is a
    command line that can be split into words."""

    pagerduty_key: Secret | None = None
    pagerduty_url: str | None = None
    webhook_url: Secret | None = None
    webhook_secret: Secret | None = None
    command: Secret | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the command, none when there is none."""
        return tuple(shlex.split(self.command.reveal())) if self.command else ()

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are configured."""
        given = (("pagerduty", self.pagerduty_key), ("webhook", self.webhook_url), ("command", self.command))
        return tuple(name for name, value in given if value)


def read_notifiers(read: Reader) -> Notifiers:
    """The notifiers of the environment; raises `Misconfigured`."""
    url, secret = read.secret("NOTIFYCTL_WEBHOOK_URL"), read.secret("NOTIFYCTL_WEBHOOK_SECRET")
    if (url is None) != (secret is None):
        missing = "NOTIFYCTL_WEBHOOK_URL" if url is None else "NOTIFYCTL_WEBHOOK_SECRET"
        raise wrong(missing, "a webhook needs a URL, and a secret to sign with", "set both, or neither")
    if url and secret:
        _demand_url(url.reveal())
        _demand_signed(secret.reveal())
    return Notifiers(
        read.key("NOTIFYCTL_PAGERDUTY_KEY"), read.url("NOTIFYCTL_PAGERDUTY_URL"), url, secret,
        _command(read.secret("NOTIFYCTL_NOTIFY_COMMAND")),
    )  # fmt: skip


def _demand_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        good = False
    if not good or not parts.hostname or " " in url or not url.isascii():
        raise wrong("NOTIFYCTL_WEBHOOK_URL", "this is no URL to which a message can go", "write https://host/path")


def _demand_signed(secret: str) -> None:
    try:
        key = b64decode(secret.removeprefix(SIGNED), validate=True) if secret.startswith(SIGNED) else b""
    except Error:
        key = b""
    if not 24 <= len(key) <= 64:
        fix = 'make one: echo "whsec_$(openssl rand -base64 32)"'
        raise wrong("NOTIFYCTL_WEBHOOK_SECRET", "this is not whsec_ and 24 to 64 bytes in base64", fix)


def _command(given: Secret | None) -> Secret | None:
    try:
        return given if given and shlex.split(given.reveal()) else None
    except ValueError:
        raise wrong("NOTIFYCTL_NOTIFY_COMMAND", "a quote is not closed", "write it as in a shell") from None
