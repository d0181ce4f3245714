"""CON-006: the privacy policy as a server of its own shows it. The other checks of consent are seen to bite in
test_misconfigurations.py."""

from collections.abc import Callable
from pathlib import Path

import pytest

from checks.conftest import Ask, edit
from conftest import free_port
from notifyctl.checks import Given
from notifyctl.domain import page
from notifyctl.domain.check import Seen, Verdict
from notifyctl.store.project import Project
from peers import Talk, serve

WORDS = """<h1>Privacy</h1><p>The Backroom Leeds Ltd decides. Mail goes through Resend, Postmark and Amazon SES.</p>
<p>How long: 13 months. You can withdraw at any time, and complain to us or to the Information Commissioner.</p>"""
Look = Callable[..., Seen]


@pytest.fixture
def look(ask: Ask, folder: Path) -> Look:
    """What the check says of a page with these words, answered with this status, pinned by that digest."""

    def answer(words: str = WORDS, status: str = "200 OK", pinned: str = page.read(WORDS).fingerprint) -> Seen:
        def talk(peer: Talk) -> None:
            while peer.request():
                peer.answer(words.encode(), status=status, fields="Location: http://127.0.0.1/elsewhere\r\n")

        with serve(talk) as peer:
            url = f"http://127.0.0.1:{peer.port}/privacy"
            edit(
                folder,
                "notices.toml",
                'url = "https://backroom.example/privacy"',
                f'url = "{url}"\nsha256 = "{pinned}"',
            )
            seen = ask("CON-006", project=Project(folder), given=Given(policy=url))
        edit(folder, "notices.toml", f'url = "{url}"\nsha256 = "{pinned}"', 'url = "https://backroom.example/privacy"')
        return seen

    return answer


def test_a_page_that_says_everything_and_is_pinned_passes(look: Look) -> None:
    assert look().verdict is Verdict.PASS


@pytest.mark.parametrize("pinned", ["", "aa"])
def test_one_whose_words_nobody_has_pinned_is_a_warning_with_the_digest(look: Look, pinned: str) -> None:
    seen = look(pinned=pinned)
    assert (seen.verdict, page.read(WORDS).fingerprint in seen.hint) == (Verdict.WARN, True)


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ("The Backroom Leeds Ltd", "who decides"), ("Postmark", "Postmark"), ("How long", "for how long"),
        ("withdraw", "how to withdraw"), ("complain", "how to complain"), ("Information Commissioner", "the regulator"),
    ],
)  # fmt: skip
def test_one_that_leaves_something_out_fails(look: Look, gone: str, named: str) -> None:
    seen = look(words=WORDS.replace(gone, ""))
    assert (seen.verdict, named in seen.observed) == (Verdict.FAIL, True), seen


@pytest.mark.parametrize("status", ["404 Not Found", "301 Moved Permanently"])
def test_one_that_is_not_there_fails(look: Look, status: str) -> None:
    assert look(status=status).verdict is Verdict.FAIL


def test_a_server_that_is_away_was_not_seen(ask: Ask, folder: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    edit(folder, "notices.toml", "https://backroom.example/privacy", url)
    assert ask("CON-006", project=Project(folder), given=Given(policy=url)).verdict is Verdict.ERROR


def test_one_that_nobody_names_was_not_seen(ask: Ask, folder: Path) -> None:
    assert ask("CON-006", project=Project(folder)).verdict is Verdict.ERROR


def test_another_address_than_that_of_the_forms_fails_and_so_does_plain_http(ask: Ask, folder: Path) -> None:
    other = Given(policy="https://backroom.example/other")
    assert "the forms lead to" in ask("CON-006", project=Project(folder), given=other).observed
    edit(folder, "notices.toml", "https://backroom.example", "http://backroom.example")
    plain = Given(policy="http://backroom.example/privacy")
    assert "not encrypted" in ask("CON-006", project=Project(folder), given=plain).observed
