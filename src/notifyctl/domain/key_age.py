"""How old a secret may become.

Policy: keys of providers are rotated every 90 days (CIS AWS Foundations 4.0.1, 1.14), the password of Redis and the
secret of a webhook every 180 (our choice: NIST SP 800-57 asks for one to two years). From five sixths of that time on
it is due, so there are two weeks to do it in. A pepper is changed only when it leaked, since every hash in the logs
changes with it; and what is no key, such as a command, has no age. A leak or a leaver does not wait for any of this.
"""

from enum import StrEnum

from notifyctl.domain.secret_file import KEYS

DAY = 86_400  # seconds
DAYS = {
    **{name: 90 for names in KEYS.values() for name in names},
    "BULLMQ_REDIS_PASSWORD": 180,
    "NOTIFYCTL_WEBHOOK_SECRET": 180,
    "NOTIFYCTL_PAGERDUTY_KEY": 180,
}


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
