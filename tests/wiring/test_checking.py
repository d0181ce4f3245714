"""What the checks are given to look at."""

from datetime import date

import pytest

from notifyctl.wiring.checking import here

TOLD = {
    "RESEND_API_KEY": "re_a-key-of-tests",
    "NOTIFYCTL_PAGERDUTY_KEY": "a-key-of-the-pager",
    "NOTIFYCTL_WEBHOOK_URL": "https://hooks.example:8443/notifyctl",
    "NOTIFYCTL_WEBHOOK_SECRET": "whsec_bm90aWZ5Y3RsLW9mLXRlc3RzLWFuZC1sb25n",
    "NOTIFYCTL_HEARTBEAT_URL": "https://beats.example:444/ping",
    "SENTRY_DSN": "https://public@errors.example/7",
}


def test_whoever_is_configured_must_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    readers, _ = here(date(2026, 12, 1), [])
    assert {one.name: (one.host, one.port) for one in readers.egress} == {
        "resend": ("api.resend.com", 443),
        "pagerduty": ("events.pagerduty.com", 443),
        "webhook": ("hooks.example", 8443),
        "heartbeat": ("beats.example", 444),
        "sentry": ("errors.example", 443),
    }
