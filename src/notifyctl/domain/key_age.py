"""How old a secret may become.

Policy: keys of providers are rotated every 90 days (CIS AWS Foundations 4.0.1, 1.14), the password of Redis and the
secret of a webhook every 180 (our choice: NIST SP 800-57 asks for one to two years). From five sixths of that time on
it is due, so there are two weeks to do it in. A pepper is changed only when it leaked, since every hash in the logs
changes with it; and what is no key, such as a command, has no age. A leak or a leaver does not wait for any of this.
"""

from collections.abc import Mapping
from enum import StrEnum

from notifyctl.domain.secret_file import KEYS

DAY = 86_400  # seconds
DAYS = {
    **{name: 90 for names in KEYS.values() for name in names},
    "BULLMQ_REDIS_PASSWORD": 180,
    "NOTIFYCTL_WEBHOOK_SECRET": 180,
    "NOTIFYCTL_PAGERDUTY_KEY": 180,
}


def since(sources: Mapping[str, str], created: Mapping[str, int]) -> dict[str, int]:
    """Since when each secret that ages is used (epoch seconds), 0 where nobody wrote it down: only the file of secrets
    does, and the age of any other file is that of its last copy. `sources` say whether a value comes from there."""
    named = [name for name, source in sources.items() if name in DAYS and source]
    return {name: created.get(name, 0) if sources[name] == "secrets" else 0 for name in named}


class Age(StrEnum):
    """Young enough, due, over its time, or nobody has written down since when it holds."""

    GOOD = "good"
    DUE = "due"
    OVER = "over"
    UNKNOWN = "unknown"


def age(name: str, created: int, now: int) -> Age:
    """The age of a secret that was set at `created` (epoch seconds, 0 = not known)."""
    most = DAYS.get(name)
    if most is None:
        return Age.GOOD
    if not created:
        return Age.UNKNOWN
    days = (now - created) / DAY
    return Age.OVER if days > most else Age.DUE if days > most * 5 / 6 else Age.GOOD
