"""NET: where the name of Redis leads."""

from pathlib import Path

import pytest

from checks.conftest import Ask
from notifyctl.domain.check import Verdict
from notifyctl.store.server import Server


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("10.1.2.3", Verdict.PASS),
        ("127.0.0.1", Verdict.PASS),
        ("fd00::7", Verdict.PASS),
        ("100.64.0.9", Verdict.WARN),
        ("8.8.8.8", Verdict.FAIL),
        ("::ffff:8.8.8.8", Verdict.FAIL),
        ("redis.invalid", Verdict.ERROR),
    ],
)
def test_each_address_must_be_private(ask: Ask, host: str, verdict: Verdict) -> None:
    seen = ask("NET-001", place=Server(Path("unused"), host))
    assert (seen.verdict, host in seen.observed) == (verdict, True), seen
