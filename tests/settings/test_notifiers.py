"""The notifiers of the environment: what is missing or wrong is refused by name, and none of it is shown."""

from pathlib import Path

import pytest

from notifyctl import settings
from notifyctl.domain.errors import Misconfigured
from notifyctl.settings.notifiers import Notifiers

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ALL = {
    "NOTIFYCTL_PAGERDUTY_KEY": "0123456789abcdef0123456789abcdef",
    "NOTIFYCTL_WEBHOOK_URL": "https://hooks.example/room?key=hidden",
    "NOTIFYCTL_WEBHOOK_SECRET": SECRET,
    "NOTIFYCTL_NOTIFY_COMMAND": "tell --token 'a b' hidden",
}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    def load(**variables: str) -> Notifiers:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return settings.load().notifiers

    return load


def test_none_is_needed(given):
    assert given().names == ()


def test_all_of_them_arrive_and_the_command_is_split_as_a_shell_would(given):
    found = given(**ALL)
    assert found.names == ("pagerduty", "webhook", "command")
    assert found.words == ("tell", "--token", "a b", "hidden")
    assert (found.webhook_secret.reveal(), found.pagerduty_url) == (SECRET, None)


def test_each_may_come_from_a_file(given, tmp_path: Path):
    files = {}
    for name, value in ALL.items():
        (tmp_path / name).write_text(f" {value}\n")
        files[f"{name}_FILE"] = str(tmp_path / name)
    assert repr(given(**files)) == repr(given())
    assert given().words == ("tell", "--token", "a b", "hidden")


def test_nothing_of_them_is_shown(given):
    text = repr(given(**ALL))
    assert not any(word in text for word in ("hidden", "0123456789abcdef", "MDEy"))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"NOTIFYCTL_WEBHOOK_SECRET": ""}, "NOTIFYCTL_WEBHOOK_SECRET"),
        ({"NOTIFYCTL_WEBHOOK_URL": ""}, "NOTIFYCTL_WEBHOOK_URL"),
        ({"NOTIFYCTL_WEBHOOK_URL": "http://hooks.example/"}, "NOTIFYCTL_WEBHOOK_URL"),
        ({"NOTIFYCTL_WEBHOOK_URL": "https://"}, "NOTIFYCTL_WEBHOOK_URL"),
        ({"NOTIFYCTL_WEBHOOK_URL": "https://[x/"}, "NOTIFYCTL_WEBHOOK_URL"),
        ({"NOTIFYCTL_WEBHOOK_SECRET": SECRET.removeprefix("whsec_")}, "NOTIFYCTL_WEBHOOK_SECRET"),
        ({"NOTIFYCTL_WEBHOOK_SECRET": "whsec_short"}, "NOTIFYCTL_WEBHOOK_SECRET"),
        ({"NOTIFYCTL_WEBHOOK_SECRET": "whsec_MDEyMw=="}, "NOTIFYCTL_WEBHOOK_SECRET"),
        ({"NOTIFYCTL_NOTIFY_COMMAND": "tell 'a"}, "NOTIFYCTL_NOTIFY_COMMAND"),
        ({"NOTIFYCTL_PAGERDUTY_KEY": "a b"}, "NOTIFYCTL_PAGERDUTY_KEY"),
        ({"NOTIFYCTL_PAGERDUTY_URL": "events"}, "NOTIFYCTL_PAGERDUTY_URL"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_not_shown(given, changes: dict[str, str], where: str):
    with pytest.raises(Misconfigured) as caught:
        given(**{**ALL, **changes})
    assert caught.value.where == where
    assert not any(value and value in str(caught.value) for name, value in changes.items() if name.endswith("SECRET"))


def test_a_receiver_on_this_machine_needs_no_tls(given):
    assert "webhook" in given(**{**ALL, "NOTIFYCTL_WEBHOOK_URL": "http://127.0.0.1:8080/x"}).names
