"""The encrypted file on the disk: who opens it, how it is replaced, and what is said when it stays shut."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pyrage
import pytest

from house import ssh_key
from notifyctl.domain.errors import Misconfigured, Refused, Usage
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import Recipient, SecretFile
from notifyctl.store import secret_file as disk
from notifyctl.store.secret_file import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "secrets.age", tmp_path / "keys" / "identity")
    disk.make_identity(place.identity)
    return place


def filled(place: Place, *others: str, **values: str) -> SecretFile:
    recipients = [Recipient(key) for key in (*disk.public_keys(place), *others)]
    file = SecretFile({name: Secret(value) for name, value in values.items()}, recipients)
    disk.write(place, file)
    return file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_opens_with_each_of_its_identities(place: Place, tmp_path: Path) -> None:
    other = Place(place.file, tmp_path / "other")
    disk.make_identity(other.identity)
    filled(place, *disk.public_keys(other), RESEND_API_KEY="re_canary")
    for reader in (place, other):
        assert disk.read(reader).values["RESEND_API_KEY"].reveal() == "re_canary"
    assert disk.stanzas(place) == 2
    assert b"canary" not in place.file.read_bytes()


def test_a_list_without_our_own_key_is_not_written(place: Place, tmp_path: Path) -> None:
    """It would shut us out of what we have just written."""
    before = filled(place, RESEND_API_KEY="re_1")
    other = Place(place.file, tmp_path / "other")
    disk.make_identity(other.identity)
    for keys in ((), disk.public_keys(other)):
        with pytest.raises(Misconfigured, match="KEY-READERS") as caught:
            disk.write(place, before._replace(recipients=disk.listed(keys)))
        assert "secrets rekey" in caught.value.fix
    assert disk.read(place).values["RESEND_API_KEY"].reveal() == "re_1"


def test_a_list_that_is_not_true_is_noticed(place: Place, tmp_path: Path) -> None:
    before = filled(place)
    disk.demand_listed(place, before)
    with pytest.raises(Misconfigured, match="KEY-READERS"):
        disk.demand_listed(place, before._replace(recipients=()))


def test_a_link_stays_one_and_leads_to_what_was_written(place: Place, tmp_path: Path) -> None:
    filled(place, RESEND_API_KEY="re_old")
    link = place._replace(file=tmp_path / "link")
    link.file.symlink_to(place.file)
    filled(link, RESEND_API_KEY="re_new")
    assert link.file.is_symlink()
    assert disk.read(place).values["RESEND_API_KEY"].reveal() == "re_new"
    with disk.locked(link, "RESEND_API_KEY"), pytest.raises(Refused), disk.locked(place, "RESEND_API_KEY"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away, and write another one's")
def test_a_file_of_somebody_else_stays_his(place: Place) -> None:
    filled(place)
    os.chown(place.file, 4321, 4321)
    with disk.locked(place):
        filled(place)
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in place.file.parent.glob("*.age*") if path.is_file()}
    lock = place.file.with_name(".secrets.age.lock")
    assert owners | {(lock.stat().st_uid, lock.stat().st_gid)} == {(4321, 4321)}
    assert mode(place.file) == 0o600


def test_a_folder_that_cannot_be_is_named(place: Place) -> None:
    (place.identity.parent / "file").write_text("")
    nowhere = place._replace(file=place.identity.parent / "file" / "secrets.age")
    with pytest.raises(Misconfigured, match="KEY-FILE"), disk.locked(nowhere):
        pass


def test_a_change_that_is_under_way_is_waited_for(place: Place) -> None:
    filled(place)
    held, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with disk.locked(place):
            held.set()
            ended.wait(0.2)

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    with disk.locked(place):
        ended.set()
    other.join()


def test_an_ssh_key_can_be_a_recipient(place: Place) -> None:
    private, public = ssh_key()
    (one,) = disk.listed([f"{public} ann@laptop"])
    filled(place, one.key, RESEND_API_KEY="re_1")
    identity = pyrage.ssh.Identity.from_buffer(private)
    assert b"RESEND_API_KEY=re_1" in pyrage.decrypt(place.file.read_bytes(), [identity])
    assert disk.stanzas(place) == 2


def test_only_the_owner_can_read_either(place: Place) -> None:
    before = os.umask(0)
    try:
        filled(place)
    finally:
        os.umask(before)
    assert (mode(place.file), mode(place.identity), mode(place.identity.parent)) == (0o600, 0o600, 0o700)


def test_an_identity_is_never_written_over(place: Place) -> None:
    before = place.identity.read_text()
    with pytest.raises(Refused, match="KEY-EXISTS"):
        disk.make_identity(place.identity)
    assert place.identity.read_text() == before


def test_who_reads_meanwhile_sees_a_whole_file(place: Place) -> None:
    filled(place, RESEND_API_KEY="re_old")
    with place.file.open("rb") as reader:
        filled(place, RESEND_API_KEY="re_new")
        (identity,) = disk.identities(place)
        assert b"re_old" in pyrage.decrypt(reader.read(), [identity])
    assert [path.name for path in place.file.parent.iterdir() if path.is_file()] == ["secrets.age"]


def test_a_second_process_may_not_change_it_meanwhile(place: Place) -> None:
    script = "import sys; from pathlib import Path; from notifyctl.store.secret_file import Place, locked\n"
    script += "with locked(Place(Path(sys.argv[1]), Path())): pass"
    line = [sys.executable, "-c", script, str(place.file)]
    with disk.locked(place):
        told = subprocess.run(line, capture_output=True, text=True, check=False).stderr
    assert "KEY-BUSY" in told
    assert f"process {os.getpid()} on " in told
    subprocess.run(line, check=True)


@pytest.mark.parametrize("cipher", [b"", b"RESEND_API_KEY=re_canary\n", b"age-encryption.org/v1\n-> X25519 canary\n"])
def test_a_file_that_is_none_is_refused_and_not_shown(place: Place, cipher: bytes) -> None:
    place.file.write_bytes(cipher)
    with pytest.raises(Misconfigured) as caught:
        disk.read(place)
    assert (caught.value.code, caught.value.where) == ("KEY-FILE", "NOTIFYCTL_SECRETS")
    assert "canary" not in f"{caught.value} {caught.value.fix}"


def test_a_changed_byte_is_noticed(place: Place) -> None:
    filled(place, RESEND_API_KEY="re_1")
    raw = pyrage.encrypt(b"RESEND_API_KEY=re_1\n", [one.to_public() for one in disk.identities(place)])
    place.file.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(Misconfigured, match="KEY-FILE"):
        disk.read(place)


def test_a_stranger_cannot_open_it(place: Place, tmp_path: Path) -> None:
    filled(place)
    stranger = Place(place.file, tmp_path / "stranger")
    disk.make_identity(stranger.identity)
    with pytest.raises(Misconfigured, match="No matching keys"):
        disk.read(stranger)


@pytest.mark.parametrize("text", [None, "", "canary", "AGE-SECRET-KEY-1CANARY"])
def test_an_identity_that_is_none_is_refused_and_not_shown(place: Place, text: str | None) -> None:
    filled(place)
    place.identity.unlink()
    if text is not None:
        place.identity.write_text(text)
    with pytest.raises(Misconfigured) as caught:
        disk.read(place)
    assert caught.value.where == "NOTIFYCTL_SECRETS_IDENTITY"
    assert "canary" not in f"{caught.value} {caught.value.fix}".lower()


def test_no_file_at_all_names_the_variable() -> None:
    with pytest.raises(Misconfigured, match="KEY-NONE"):
        disk.read(Place(None, Path("nowhere")))


@pytest.mark.parametrize("key", ["", "age1canary", "AGE-SECRET-KEY-1CANARY", "ssh-ed25519 canary"])
def test_a_recipient_that_is_none_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(Usage) as caught:
        disk.listed([key])
    assert caught.value.code == "KEY-RECIPIENT"
    assert "canary" not in f"{caught.value}".lower()


def test_a_file_of_another_kind_has_no_recipients(place: Place) -> None:
    place.file.write_text("RESEND_API_KEY=re_1")
    assert disk.stanzas(place) == 0
