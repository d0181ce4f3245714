"""What audits are told: a key to sign with, and a URL that is called; neither is shown."""

import shutil
import subprocess
from pathlib import Path

import pytest

from notifyctl import settings
from notifyctl.domain.errors import Misconfigured
from notifyctl.evidence.signing import Signer, signed


@pytest.mark.parametrize(
    "url", ["https://hc.example/ping/1", "http://127.0.0.1:8000/x", "https://o1.example/api/1/cron/a/b/?x=y"]
)
def test_a_url_that_can_be_called(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("NOTIFYCTL_HEARTBEAT_URL", url)
    found = settings.load()
    assert found.audits.heartbeat is not None
    assert found.audits.heartbeat.reveal() == url
    assert url not in repr(found)


@pytest.mark.parametrize(
    "url", ["http://hc.example/ping", "ftp://hc.example", "https://", "https://a b", "https://[::1"]
)
def test_one_that_cannot_or_must_not(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("NOTIFYCTL_HEARTBEAT_URL", url)
    with pytest.raises(Misconfigured) as caught:
        settings.load()
    assert caught.value.where == "NOTIFYCTL_HEARTBEAT_URL"
    assert url not in str(caught.value)


def test_a_key_is_made_once_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("NOTIFYCTL_HOME", str(tmp_path))
    first, where = settings.load().ledger_key()
    assert (settings.load().ledger_key()[0], where) == (first, str(tmp_path / "keys" / "ledger"))
    assert signed(Signer(first, where).public, Signer(first, where).sign(b"x"), b"x")


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")
def test_a_file_of_openssl_is_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    line = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(tmp_path / "key")]
    subprocess.run(line, capture_output=True, check=True)
    monkeypatch.setenv("NOTIFYCTL_LEDGER_KEY_FILE", str(tmp_path / "key"))
    key, where = settings.load().ledger_key()
    assert where == "NOTIFYCTL_LEDGER_KEY"
    assert signed(Signer(key, where).public, Signer(key, where).sign(b"x"), b"x")
