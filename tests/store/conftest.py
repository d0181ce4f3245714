"""The lab: a store on an empty real server, with a clock that the test sets."""

from collections.abc import Iterator

import pytest

from conftest import Valkey
from lab import Lab
from notifyctl.settings import load


@pytest.fixture
def lab(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setenv("BULLMQ_REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("BULLMQ_REDIS_PORT", str(valkey.port))
    lab = Lab(valkey, load())
    yield lab
    lab.close()
