"""Keys that are followed while a worker runs: whole changes at once, half ones never, and none is missed."""

import asyncio
import os
from pathlib import Path

import pytest

from notifyctl import settings
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import SecretFile, fingerprint
from notifyctl.settings import Settings
from notifyctl.store import secret_file as disk
from notifyctl.store.secret_file import Place
from notifyctl.telemetry.logs import Log
from notifyctl.wiring.accounts import providers
from notifyctl.wiring.keys import Following

OLD = {"RESEND_API_KEY": "re_old", "AWS_SES_ACCESS_KEY": "AKIAOLD", "AWS_SES_SECRET_KEY": "secret-old"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A file with these keys, which the environment names, and a configuration beside it."""
    for name in [name for name in os.environ if name.startswith(("NOTIFYCTL_", "AWS_", "RESEND_", "POSTMARK_"))]:
        monkeypatch.delenv(name)
    place = Place(tmp_path / "secrets.age", tmp_path / "identity")
    disk.make_identity(place.identity)
    keep(place)
    (tmp_path / "notifyctl.toml").write_text("")
    monkeypatch.setenv("NOTIFYCTL_SECRETS", str(place.file))
    monkeypatch.setenv("NOTIFYCTL_SECRETS_IDENTITY", str(place.identity))
    monkeypatch.setenv("NOTIFYCTL_CONFIG", str(tmp_path / "notifyctl.toml"))
    return place


def keep(place: Place, **values: str) -> None:
    found = {name: Secret(value) for name, value in {**OLD, **values}.items()}
    disk.write(place, SecretFile(found, disk.listed(disk.public_keys(place))))


def following(given: Settings) -> Following:
    return Following(given, dict(providers(given)), Log("worker", b"0123456789abcdef"))


def follow(worker: Following) -> None:
    """Look once, in a loop, which the log needs."""

    async def look() -> None:
        worker.follow()

    asyncio.run(look())


def ses(access: str, secret: str) -> str:
    return fingerprint(Secret(access), Secret(secret))


def test_a_change_between_reading_and_following_is_seen(place: Place) -> None:
    given = settings.load()
    keep(place, RESEND_API_KEY="re_new")
    worker = following(given)
    follow(worker)
    assert worker.fingerprints["resend"] == fingerprint(Secret("re_new"))


def test_a_pair_is_taken_up_as_a_whole(place: Place) -> None:
    worker = following(settings.load())
    keep(place, AWS_SES_ACCESS_KEY="AKIANEW", RESEND_API_KEY="re_new")
    follow(worker)
    assert worker.fingerprints == {"resend": fingerprint(Secret("re_new")), "ses": ses("AKIAOLD", "secret-old")}
    keep(place, AWS_SES_ACCESS_KEY="AKIANEW", AWS_SES_SECRET_KEY="secret-new")
    follow(worker)
    assert worker.fingerprints["ses"] == ses("AKIANEW", "secret-new")


def test_a_wrong_secret_is_corrected(place: Place) -> None:
    worker = following(settings.load())
    keep(place, AWS_SES_SECRET_KEY="secret-right")
    follow(worker)
    assert worker.fingerprints["ses"] == ses("AKIAOLD", "secret-right")


def test_a_spoilt_configuration_does_not_stop_it(place: Place) -> None:
    """It is read at the start alone."""
    worker = following(settings.load())
    (place.file.parent / "notifyctl.toml").write_text("[")
    keep(place, RESEND_API_KEY="re_new")
    follow(worker)
    assert worker.fingerprints["resend"] == fingerprint(Secret("re_new"))
