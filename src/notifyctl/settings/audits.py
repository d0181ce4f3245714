"""What audits are told from outside: the key that signs their reports, and where cron's heartbeat goes."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from notifyctl.domain.secret import Secret
from notifyctl.settings.environment import Reader, wrong

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Audits:
    """`heartbeat` is a URL, and a secret: whoever knows it may call for us. `key` is an Ed25519 key."""

    heartbeat: Secret | None = None
    key: Secret | None = None


def read_audits(read: Reader) -> Audits:
    """Raises `Misconfigured`."""
    url = read.secret("NOTIFYCTL_HEARTBEAT_URL")
    if url:
        _demand_url(url.reveal())
    return Audits(url, read.secret("NOTIFYCTL_LEDGER_KEY"))


def _demand_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        good = False
    if not good or not parts.hostname or " " in url or not url.isascii():
        raise wrong("NOTIFYCTL_HEARTBEAT_URL", "this is no URL that can be called", "write https://host/path")
