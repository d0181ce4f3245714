"""How old a secret may become, to the day."""

import pytest

from notifyctl.domain.key_age import DAY, Age, age

NOW = 1_796_064_000


@pytest.mark.parametrize(
    ("name", "days", "verdict"),
    [
        ("RESEND_API_KEY", 0, Age.GOOD),
        ("RESEND_API_KEY", 75, Age.GOOD),
        ("RESEND_API_KEY", 76, Age.DUE),
        ("RESEND_API_KEY", 90, Age.DUE),
        ("RESEND_API_KEY", 91, Age.OVER),
        ("AWS_SES_SECRET_KEY", 91, Age.OVER),
        ("BULLMQ_REDIS_PASSWORD", 150, Age.GOOD),
        ("BULLMQ_REDIS_PASSWORD", 151, Age.DUE),
        ("NOTIFYCTL_WEBHOOK_SECRET", 181, Age.OVER),
        ("NOTIFYCTL_PEPPER", 5000, Age.GOOD),
        ("NOTIFYCTL_NOTIFY_COMMAND", 5000, Age.GOOD),
    ],
)
def test_the_age_of_a_secret(name: str, days: int, verdict: Age) -> None:
    assert age(name, NOW - days * DAY, NOW) is verdict


def test_without_a_day_it_is_not_known() -> None:
    assert age("RESEND_API_KEY", 0, NOW) is Age.UNKNOWN
