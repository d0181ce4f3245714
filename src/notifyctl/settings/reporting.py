"""Where crashes are reported."""

from urllib.parse import urlsplit

from notifyctl.domain.secret import Secret
from notifyctl.settings.environment import Reader, wrong

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def read_sentry(read: Reader) -> Secret | None:
    """The DSN of a project at Sentry; raises `Misconfigured`."""
    dsn = read.secret("SENTRY_DSN")
    if dsn and not _usable(dsn.reveal()):
        raise wrong("SENTRY_DSN", "this is no DSN", "copy it from the project's settings: https://KEY@HOST/NUMBER")
    return dsn


def _usable(dsn: str) -> bool:
    try:
        parts = urlsplit(dsn)
        good = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        return good and parts.port != 0 and bool(parts.username) and parts.path.rpartition("/")[2].isdigit()
    except ValueError:  # no IPv6 address, or no port
        return False
