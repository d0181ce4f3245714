"""Settings: one typed view of the environment, every wrong value refused by name, no secret ever shown."""

import os
import re
import shlex
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from notifyctl import settings
from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.message import Address
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import SecretFile
from notifyctl.settings import Settings, Unknown, keyfile
from notifyctl.store import secret_file
from notifyctl.store.secret_file import Place

SECRETS = ("BULLMQ_REDIS_PASSWORD", "RESEND_API_KEY", "POSTMARK_API_KEY", "NOTIFYCTL_PEPPER")
PEPPER = "0123456789abcdef"
PRODUCTION = {
    "NOTIFYCTL_MODE": "production",
    "BULLMQ_REDIS_HOST": "redis.example",
    "NOTIFYCTL_FROM": "The Backroom <tickets@backroom.example>",
    "RESEND_API_KEY": "re_1",
    "NOTIFYCTL_PEPPER": PEPPER,
}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> "Loader":
    return Loader(monkeypatch)


class Loader:
    """Settings as they come from these variables."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, **variables: str | None) -> Settings:
        for name, value in variables.items():
            if value is None:
                self._monkeypatch.delenv(name, raising=False)
            else:
                self._monkeypatch.setenv(name, value)
        return settings.load(sends=True)

    def refused(self, **variables: str | None) -> Misconfigured:
        with pytest.raises(Misconfigured) as caught:
            self(**variables)
        assert caught.value.exit == 7
        assert caught.value.fix
        return caught.value


# -------------------------------------------------------------------------------------------------------- defaults


def test_nothing_has_to_be_set_for_development(load: Loader) -> None:
    found = load()
    assert (found.mode, found.production) == ("development", False)
    assert found.queues == ("email-critical", "email-standard", "email-bulk")
    assert (found.redis.host, found.redis.port, found.redis.db, found.redis.prefix) == (None, 6379, 0, "bull")
    assert (found.redis.tls, found.redis.directory) == (False, found.home / "valkey")
    assert (found.postmark.stream, found.postmark.broadcast_stream) == ("outbound", "broadcast")
    assert (found.ses.region, found.ses.configuration_set) == ("eu-west-2", None)
    assert (found.keyed, found.unknown, found.output) == ((), (), None)
    assert found.revision.pace.name == "production"


@pytest.mark.parametrize(
    ("variables", "home"),
    [
        ({"XDG_DATA_HOME": "/data"}, "/data/notifyctl"),
        ({"XDG_DATA_HOME": None, "HOME": "/homes/ann"}, "/homes/ann/.local/share/notifyctl"),
        ({"NOTIFYCTL_HOME": "~/mail", "HOME": "/homes/ann"}, "/homes/ann/mail"),
        ({"NOTIFYCTL_HOME": "mail"}, str(Path.cwd() / "mail")),
    ],
)
def test_home_is_an_absolute_path(load: Loader, variables: dict[str, str | None], home: str) -> None:
    assert load(**{"NOTIFYCTL_HOME": None, **variables}).home == Path(home)


def test_every_variable_arrives_where_it_belongs(load: Loader, tmp_path: Path) -> None:
    found = load(
        BULLMQ_REDIS_HOST="redis.example", BULLMQ_REDIS_PORT="7000", BULLMQ_REDIS_USERNAME="mail",
        BULLMQ_REDIS_PASSWORD="p", BULLMQ_REDIS_TLS="true", BULLMQ_REDIS_DB="3", BULLMQ_REDIS_PREFIX="{bull}",
        NOTIFYCTL_QUEUES="one, two", NOTIFYCTL_OUTPUT="jsonl", NOTIFYCTL_FAILPOINT="after-admit",
        NOTIFYCTL_VALKEY_BIN="valkey", AWS_REGION="us-east-1", NOTIFYCTL_SES_CONFIGURATION_SET="mail",
        NOTIFYCTL_POSTMARK_STREAM="tickets", NOTIFYCTL_POSTMARK_BROADCAST_STREAM="news",
        NOTIFYCTL_RESEND_URL="http://127.0.0.1:4601/", NOTIFYCTL_POSTMARK_URL="http://127.0.0.1:4602",
        NOTIFYCTL_SES_URL="https://ses.example/v2", POSTMARK_API_KEY="pm",
        AWS_SES_ACCESS_KEY="AK", AWS_SES_SECRET_KEY="SK",
    )  # fmt: skip
    redis = found.redis
    assert (redis.place, redis.username, redis.prefix) == ("rediss://redis.example:7000/3", "mail", "{bull}")
    assert (redis.binary, redis.password and redis.password.reveal()) == ("valkey", "p")
    assert (found.queues, found.output, found.failpoint) == (("one", "two"), "jsonl", "after-admit")
    assert (found.ses.region, found.ses.configuration_set, found.ses.url) == (
        "us-east-1",
        "mail",
        "https://ses.example/v2",
    )
    assert (found.postmark.stream, found.postmark.broadcast_stream) == ("tickets", "news")
    assert (found.resend.url, found.postmark.url) == ("http://127.0.0.1:4601", "http://127.0.0.1:4602")
    assert [key and key.reveal() for key in (found.postmark.key, found.ses.access_key, found.ses.secret_key)] == [
        *("pm", "AK", "SK")
    ]
    assert found.keyed == ("postmark", "ses")


@pytest.mark.parametrize(
    "name", ["NOTIFYCTL_MODE", "NOTIFYCTL_QUEUES", "BULLMQ_REDIS_HOST", "BULLMQ_REDIS_PORT", *SECRETS]
)
@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_value_counts_as_unset(load: Loader, name: str, value: str) -> None:
    assert repr(load(**{name: value})) == repr(load(**{name: None}))


# ---------------------------------------------------------------------------------------------------- wrong values


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOTIFYCTL_MODE", "prod"),
        ("NOTIFYCTL_OUTPUT", "xml"),
        ("NOTIFYCTL_QUEUES", "a,,b"),
        ("NOTIFYCTL_QUEUES", "a,a"),
        ("NOTIFYCTL_QUEUES", "a:b"),
        ("BULLMQ_REDIS_HOST", "redis://redis.example"),
        ("BULLMQ_REDIS_PORT", "0"),
        ("BULLMQ_REDIS_PORT", "65536"),
        ("BULLMQ_REDIS_PORT", "६३७९"),
        ("BULLMQ_REDIS_PORT", "6e3"),
        ("BULLMQ_REDIS_DB", "-1"),
        ("BULLMQ_REDIS_TLS", "maybe"),
        ("RESEND_API_KEY", "re_1\nX-Header: 1"),
        ("POSTMARK_API_KEY", "ключ"),
        ("NOTIFYCTL_PEPPER", "short"),
        ("NOTIFYCTL_RESEND_URL", "127.0.0.1:4601"),
        ("NOTIFYCTL_RESEND_URL", "ftp://127.0.0.1"),
        ("NOTIFYCTL_SES_URL", "http://"),
        ("NOTIFYCTL_SES_URL", "https://[::1"),
        ("NOTIFYCTL_SES_URL", "https://ses.example:port"),
        ("NOTIFYCTL_POSTMARK_URL", "https://user:pass@host.example"),
        ("NOTIFYCTL_FROM", "nobody"),
        ("NOTIFYCTL_CONFIG", "absent.toml"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(load: Loader, name: str, value: str) -> None:
    assert load.refused(**{name: value}).where == name


@pytest.mark.parametrize(
    ("given", "missing"),
    [("AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY"), ("AWS_SES_SECRET_KEY", "AWS_SES_ACCESS_KEY")],
)
def test_ses_needs_both_keys(load: Loader, given: str, missing: str) -> None:
    assert load.refused(**{given: "key"}).where == missing


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("BULLMQ_REDIS_HOTS", "BULLMQ_REDIS_HOST"),
        ("NOTIFYCTL_QUEUE", "NOTIFYCTL_QUEUES"),
        ("NOTIFYCTL_PEPER_FILE", "NOTIFYCTL_PEPPER_FILE"),
        ("NOTIFYCTL_COLOUR_OF_THE_SKY", ""),
    ],
)
def test_a_variable_that_nothing_reads_is_reported_with_the_one_it_resembles(
    load: Loader, name: str, meant: str
) -> None:
    assert load(**{name: "1"}).unknown == (Unknown(name, meant),)


# --------------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("name", [*SECRETS, "AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY"])
def test_a_secret_is_read_from_a_file_without_the_space_around_it(load: Loader, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text(f"\n {PEPPER} \n")
    other = {"AWS_SES_ACCESS_KEY": "AWS_SES_SECRET_KEY", "AWS_SES_SECRET_KEY": "AWS_SES_ACCESS_KEY"}.get(name)
    found = load(**{f"{name}_FILE": str(tmp_path / "secret")}, **({other: "key"} if other else {}))
    places = (found.redis.password, found.resend.key, found.postmark.key, found.given_pepper)
    secrets = [secret.reveal() for secret in (*places, found.ses.access_key, found.ses.secret_key) if secret]
    assert PEPPER in secrets
    assert found.unknown == ()


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff"])
def test_a_secret_file_that_is_missing_empty_or_binary_is_refused(
    load: Loader, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    assert load.refused(**{f"{name}_FILE": str(tmp_path / "secret")}).where == f"{name}_FILE"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_given_twice_is_refused(load: Loader, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text(PEPPER)
    error = load.refused(**{name: PEPPER, f"{name}_FILE": str(tmp_path / "secret")})
    assert name in error.where
    assert PEPPER not in str(error)


@pytest.fixture
def sealed(tmp_path: Path) -> dict[str, str]:
    """The variables of a file of secrets that holds a key and a pepper."""
    place = Place(tmp_path / "secrets.age", tmp_path / "identity")
    secret_file.make_identity(place.identity)
    values = {"RESEND_API_KEY": Secret("re_is-hidden"), "NOTIFYCTL_PEPPER": Secret(PEPPER)}
    secret_file.write(place, SecretFile(values, secret_file.listed(secret_file.public_keys(place))))
    return {"NOTIFYCTL_SECRETS": str(place.file), "NOTIFYCTL_SECRETS_IDENTITY": str(place.identity)}


def test_a_secret_is_read_from_the_file_of_secrets(load: Loader, sealed: dict[str, str]) -> None:
    found = load(**sealed)
    assert found.resend.key and found.resend.key.reveal() == "re_is-hidden"
    assert found.pepper() == PEPPER.encode()
    assert found.sources == {"RESEND_API_KEY": "secrets", "NOTIFYCTL_PEPPER": "secrets"}
    assert [*map(str, found.secret_files)] == [*sealed.values()]
    assert found.unknown == ()
    assert "is-hidden" not in repr(found)


def test_the_environment_and_a_file_of_its_own_go_before_the_file_of_secrets(
    load: Loader, sealed: dict[str, str], tmp_path: Path
) -> None:
    found = load(**sealed, RESEND_API_KEY="re_near")
    assert (found.resend.key and found.resend.key.reveal(), found.sources["RESEND_API_KEY"]) == (
        "re_near",
        "environment",
    )
    (tmp_path / "key").write_text("re_file")
    found = load(RESEND_API_KEY="", RESEND_API_KEY_FILE=str(tmp_path / "key"))
    assert (found.resend.key and found.resend.key.reveal(), found.sources["RESEND_API_KEY"]) == ("re_file", "file")


@pytest.mark.parametrize("missing", ["NOTIFYCTL_SECRETS", "NOTIFYCTL_SECRETS_IDENTITY"])
def test_a_file_of_secrets_that_does_not_open_is_an_error_and_never_passed_over(
    load: Loader, sealed: dict[str, str], missing: str
) -> None:
    Path(sealed[missing]).unlink()
    error = load.refused(**sealed, RESEND_API_KEY="re_near")
    assert (error.code, error.where) == ("KEY-FILE", missing)


def test_no_text_of_the_settings_shows_a_secret(load: Loader) -> None:
    names = (*SECRETS, "AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY")
    found = load(**{name: f"{name}-is-hidden" for name in names})
    text = f"{found} {found!r} {found.resend} {found.redis.password} {found.redis.place}"
    assert "is-hidden" not in text
    assert text.count("Secret(***)") >= len(names)


def test_a_wrong_secret_is_not_shown_in_the_error(load: Loader) -> None:
    error = load.refused(RESEND_API_KEY="re_hidden with space")
    assert "hidden" not in f"{error} {error.what} {error.fix} {error!r}"


# -------------------------------------------------------------------------------------------------------- revision


def test_the_file_is_laid_over_revision_1(load: Loader, tmp_path: Path) -> None:
    (tmp_path / "notifyctl.toml").write_text('pace = "demo"\n[route]\norder = ["ses", "resend"]\n')
    found = load(
        NOTIFYCTL_CONFIG=str(tmp_path / "notifyctl.toml"),
        NOTIFYCTL_FROM="Backroom <a@backroom.example>",
        RESEND_API_KEY="re_1",
        POSTMARK_API_KEY="pm",
    )
    assert found.revision.pace.name == "demo"
    assert found.revision.sender == Address("a@backroom.example", "Backroom")
    assert found.keyed == ("resend",)  # postmark has a key and no place in the route


def test_the_sender_of_the_file_goes_before_the_default_one(load: Loader, tmp_path: Path) -> None:
    (tmp_path / "notifyctl.toml").write_text('from = "b@backroom.example"\n')
    found = load(NOTIFYCTL_CONFIG=str(tmp_path / "notifyctl.toml"), NOTIFYCTL_FROM="a@backroom.example")
    assert found.revision.sender == Address("b@backroom.example")


@pytest.mark.parametrize("text", ['pace = "warp"', "[limits]\ntypo = 1", "not toml", "\xff"])
def test_a_wrong_file_is_refused_by_its_name(load: Loader, tmp_path: Path, text: str) -> None:
    path = tmp_path / "notifyctl.toml"
    path.write_bytes(text.encode("latin-1"))
    assert str(path) in load.refused(NOTIFYCTL_CONFIG=str(path)).where


# ------------------------------------------------------------------------------------------------------ production


def test_production_with_everything_it_needs_loads(load: Loader) -> None:
    found = load(**PRODUCTION)
    assert found.production
    assert found.keyed == ("resend",)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"BULLMQ_REDIS_HOST": None}, "BULLMQ_REDIS_HOST"),
        ({"NOTIFYCTL_FROM": None}, "NOTIFYCTL_FROM"),
        ({"RESEND_API_KEY": None}, "RESEND_API_KEY"),
        ({"NOTIFYCTL_PEPPER": None}, "NOTIFYCTL_PEPPER"),
        ({"NOTIFYCTL_FAILPOINT": "after-admit"}, "NOTIFYCTL_FAILPOINT"),
        ({"NOTIFYCTL_SES_URL": "http://ses.example"}, "NOTIFYCTL_SES_URL"),
    ],
)
def test_production_refuses(load: Loader, change: dict[str, str | None], where: str) -> None:
    error = load.refused(**{**PRODUCTION, **change})
    assert (error.code, error.where) == ("CFG-PRODUCTION", where)


def test_of_who_does_not_send_production_demands_neither_sender_nor_key(
    load: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(**PRODUCTION)
    for name in ("NOTIFYCTL_FROM", "RESEND_API_KEY"):
        monkeypatch.delenv(name)
    assert settings.load().production


def test_production_refuses_the_pace_of_the_demo(load: Loader, tmp_path: Path) -> None:
    (tmp_path / "notifyctl.toml").write_text('pace = "demo"\n')
    error = load.refused(**PRODUCTION, NOTIFYCTL_CONFIG=str(tmp_path / "notifyctl.toml"))
    assert (error.code, error.where) == ("CFG-PRODUCTION", "NOTIFYCTL_CONFIG")


def test_production_may_talk_to_an_emulator_on_the_same_machine(load: Loader) -> None:
    assert load(**PRODUCTION, NOTIFYCTL_RESEND_URL="http://127.0.0.1:4601").resend.url == "http://127.0.0.1:4601"


# ---------------------------------------------------------------------------------------------------------- pepper


def test_a_given_pepper_is_the_key_and_nothing_is_written(load: Loader, tmp_path: Path) -> None:
    found = load(NOTIFYCTL_PEPPER=PEPPER, NOTIFYCTL_HOME=str(tmp_path / "home"))
    assert found.pepper() == PEPPER.encode()
    assert not (tmp_path / "home").exists()


def test_in_development_a_private_pepper_is_made_on_first_use_and_kept(load: Loader, tmp_path: Path) -> None:
    found = load(NOTIFYCTL_HOME=str(tmp_path / "home"))
    assert not (tmp_path / "home").exists()
    pepper, path = found.pepper(), tmp_path / "home" / "keys" / "pepper"
    assert len(pepper) == 64
    assert found.pepper() == load().pepper() == pepper
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]
    assert [entry.name for entry in path.parent.iterdir()] == ["pepper"]


def test_many_that_make_the_pepper_at_once_agree(tmp_path: Path) -> None:
    def make(path: Path) -> bytes:
        together.wait()
        return keyfile.read_or_make(path)

    together = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        for number in range(50):
            made = set(pool.map(make, [tmp_path / str(number) / "pepper"] * 4))
            assert len(made) == 1


# ---------------------------------------------------------------------------------------------- weight, documents


def test_settings_load_nothing_heavy() -> None:
    code = "import sys, notifyctl.settings; print(sorted({'redis', 'pydantic', 'asyncio', 'ssl'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": source()}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_the_examples_load_and_they_and_the_guide_name_every_variable_that_is_read(load: Loader) -> None:
    root = Path(__file__).parents[1]
    guide = (root / "docs" / "configuration.md").read_text()
    lines = [line.removeprefix("# ") for line in (root / ".env.example").read_text().splitlines()]
    words = [shlex.split(line)[0] for line in lines if re.match("[A-Z_]+=", line)]  # as a shell reads it
    variables = dict(word.split("=", 1) for word in words)
    sources = [path.read_text() for path in Path(settings.__file__).parent.glob("*.py")]
    read = set(re.findall(r'(?:text|choice|integer|flag|url|secret|key)\("([A-Z_]+)"', "".join(sources)))
    assert set(variables) == read
    assert [name for name in read if f"`{name}`" not in guide] == []
    variables |= {"NOTIFYCTL_MODE": "development", "NOTIFYCTL_CONFIG": str(root / "notifyctl.toml.example")}
    assert load(**variables).unknown == ()


def source() -> str:
    return str(Path(settings.__file__).parents[2])
