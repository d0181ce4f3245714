"""Stock age and our file of secrets, in both directions: whoever has age needs nothing of ours."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from house import ssh_key
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import SecretFile
from notifyctl.store import secret_file as disk
from notifyctl.store.secret_file import Place

VALUES = {"RESEND_API_KEY": "re_1", "BULLMQ_REDIS_PASSWORD": "a 'b' \"c\" $d ü"}


def age(*words: object, text: bytes = b"", program: str = "age") -> bytes:
    found = shutil.which(program)
    assert found, f"there is no {program} on PATH: apt install age"
    return subprocess.run([found, *map(str, words)], input=text, capture_output=True, check=True).stdout


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """An identity that their tool made."""
    age("-o", tmp_path / "theirs", program="age-keygen")
    return tmp_path / "theirs"


@pytest.fixture
def place(tmp_path: Path, theirs: Path) -> Place:
    """A file for our identity, theirs, and a key of ssh."""
    place = Place(tmp_path / "secrets.age", tmp_path / "ours")
    disk.make_identity(place.identity)
    private, ssh = ssh_key()
    (tmp_path / "ssh").write_bytes(private)
    (tmp_path / "ssh").chmod(0o600)
    keys = [*disk.public_keys(place), public(theirs), ssh]
    values = {name: Secret(value) for name, value in VALUES.items()}
    disk.write(place, SecretFile(values, disk.listed(keys)))
    return place


def public(identity: Path) -> str:
    return age("-y", identity, program="age-keygen").decode().strip()


def revealed(file: SecretFile) -> dict[str, str]:
    return {name: value.reveal() for name, value in file.values.items()}


@pytest.mark.parametrize("identity", ["ours", "theirs", "ssh"])
def test_age_opens_our_file_and_a_shell_reads_it(place: Place, tmp_path: Path, identity: str) -> None:
    plain = age("-d", "-i", tmp_path / identity, place.file)
    for name, value in VALUES.items():
        script = plain + f'printf %s "${name}"'.encode()
        assert subprocess.run(["bash"], input=script, capture_output=True, check=True).stdout.decode() == value


@pytest.mark.parametrize("form", [("-a",), ()])
def test_we_open_what_age_has_written(place: Place, tmp_path: Path, theirs: Path, form: tuple[str, ...]) -> None:
    """A person edits the text by hand, and encrypts it for each recipient, armored or not."""
    plain = age("-d", "-i", theirs, place.file) + b"POSTMARK_API_KEY=pm\n"
    own, other, _ = disk.read(place).recipients
    age("-e", *form, "-r", own.key, "-r", other.key, "-o", place.file, text=plain)
    assert revealed(disk.read(place)) == {**VALUES, "POSTMARK_API_KEY": "pm"}
    assert revealed(disk.read(Place(place.file, theirs))) == revealed(disk.read(place))
    assert disk.stanzas(place) == 2, "they left out the key of ssh, and that shows"


def test_our_identity_is_one_of_age(place: Place) -> None:
    assert [public(place.identity)] == disk.public_keys(place)
    assert stat.S_IMODE(place.identity.stat().st_mode) == 0o600
