"""A secret is printed by nobody, and what is written all the same is taken out."""

import base64
import json
import shlex
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.redact import redact
from notifyctl.domain.secret import MOST, Secret, hide

PASSWORD = 'qu%ite/ "odd" + \'é\\'
WRITINGS = {
    "plain": str, "json": lambda text: json.dumps(text)[1:-1], "python": lambda text: repr(text)[1:-1],
    "shell": shlex.quote, "url": quote, "query": quote_plus, "part": lambda text: quote(text, safe=""),
    "hex": lambda text: text.encode().hex(),
}  # fmt: skip


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("take_out", [hide, redact])
def test_it_is_taken_out_in_each_writing(writing, take_out):
    kept = Secret(PASSWORD)
    assert take_out(f"it said <{WRITINGS[writing](kept.reveal())}>.") == "it said <[secret]>."


@given(st.binary(max_size=9), st.binary(max_size=9), st.booleans())
def test_it_is_taken_out_of_base64_wherever_it_begins(before, after, web):
    secret = Secret("correct-horse-battery?")
    encode = base64.urlsafe_b64encode if web else base64.b64encode
    told = hide(encode(before + secret.reveal().encode() + after).decode())
    rest = len(told.replace("[secret]", "")) - len(base64.b64encode(before + after))
    assert ("[secret]" in told, rest <= 4) == (True, True)


def test_of_a_url_the_path_and_the_user_are_secrets_and_the_host_is_none():
    Secret("https://0123456789abcdef@hooks.venue.example/services/T1/B2")
    assert hide("0123456789abcdef POST /services/T1/B2 at hooks.venue.example") == (
        "[secret] POST [secret] at hooks.venue.example"
    )


@pytest.mark.parametrize(
    "text",
    [
        "--- a/notifyctl.toml", "/etc/notifyctl/env", "https://resend.com/notifyctl/list", "notifyctl-worker reads it",
        "see docs/notifyctl", "/notifyctl.toml",
    ],
)  # fmt: skip
def test_a_piece_of_another_path_is_not_that_of_a_url(text):
    Secret("https://notifyctl@ops.example/notifyctl")
    assert hide(text) == text
    assert hide("POST /notifyctl to ops.example/notifyctl, as notifyctl.") == "POST [secret] to [secret], as [secret]."


def test_what_only_a_secret_has_is_taken_out_of_any_text():
    Secret("https://hooks.venue.example/services/T1/0123456789abcdef")
    assert hide("x0123456789abcdefx /services/T2/0123456789abcdef") == "x[secret]x /services/T2/[secret]"


def test_the_user_of_a_url_and_its_password_are_hidden_as_one_wherever_they_stand():
    Secret("https://ops:correct-horse-battery@hooks.venue.example/notifyctl")
    for text in (
        "https://ops:correct-horse-battery@hooks.venue.example:443 failed",
        "Basic b3BzOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==",
    ):
        assert "[secret]" in hide(text)
        assert "horse" not in hide(text)
        assert "nvcnJlY3QtaG9y" not in hide(text)


def test_so_are_both_as_they_are_sent_and_the_password_where_it_stands_alone():
    Secret("https://ops:correct-horse%40battery@hooks.venue.example/notifyctl")
    sent = base64.b64encode(b"ops:correct-horse@battery").decode()
    for text in (
        "ops:correct-horse@battery",
        f"Basic {sent}",
        "password correct-horse@battery",
        "correct-horse%40battery is wrong",
    ):
        assert "[secret]" in hide(text), text


def test_what_is_also_a_word_stays_and_of_two_the_longer_one_goes_whole():
    Secret("redis")
    Secret("swordfish")
    Secret("swordfish-2026")
    assert hide("redis: swordfish-2026, swordfish") == "redis: [secret], [secret]"


def test_only_the_newest_are_remembered_and_one_that_is_made_again_is_new():
    old = "the-oldest-of-all"
    for number in range(MOST + 1):
        Secret(old)
        Secret(f"number-{number:04d}")
    assert hide(f"{old} number-0000") == "[secret] number-0000"
