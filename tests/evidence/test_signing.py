"""Signatures: openssl checks ours, and a key that openssl made is ours to use."""

import shutil
import subprocess
from pathlib import Path

import pytest

from notifyctl.domain.errors import Misconfigured
from notifyctl.evidence.signing import Signer, signed

SEED = b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"  # RFC 8032, 7.1, test 1
NOTHING = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" + (
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
OPENSSL = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")


def test_it_signs_as_the_rfc_does():
    assert Signer(SEED, "").sign(b"").hex() == NOTHING


def test_another_byte_another_key_or_another_signature_is_none():
    signer, other = Signer(SEED, ""), Signer(SEED[::-1], "")
    signature = signer.sign(b"report")
    assert signed(signer.public, signature, b"report")
    assert not signed(signer.public, signature, b"rePort")
    assert not signed(other.public, signature, b"report")
    assert not signed(signer.public, signature[:-1], b"report")
    assert not signed(b"no key", signature, b"report")


@pytest.mark.parametrize("key", [b"secret", b"z" * 64, b"-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_and_not_shown(key):
    with pytest.raises(Misconfigured) as caught:
        Signer(key, "NOTIFYCTL_LEDGER_KEY")
    assert caught.value.where == "NOTIFYCTL_LEDGER_KEY"
    assert key.decode() not in f"{caught.value}{caught.value.fix}"


@OPENSSL
def test_openssl_verifies_it(tmp_path: Path):
    signer = Signer(SEED, "")
    (tmp_path / "report.json").write_bytes(b"report\n")
    (tmp_path / "report.json.sig").write_bytes(signer.sign(b"report\n"))
    (tmp_path / "key.pem").write_bytes(signer.public)
    line = "openssl pkeyutl -verify -rawin -pubin -inkey key.pem -in report.json -sigfile report.json.sig"
    assert subprocess.run(line.split(), cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "report.json").write_bytes(b"rePort\n")
    assert subprocess.run(line.split(), cwd=tmp_path, capture_output=True, check=False).returncode != 0


@OPENSSL
def test_a_key_that_openssl_made_is_taken():
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True).stdout
    signer = Signer(made, "")
    assert signed(signer.public, signer.sign(b"x"), b"x")
