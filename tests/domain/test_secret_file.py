"""The plain text of the file of secrets: a shell reads it, and what is known stands beside it."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.errors import Misconfigured, Usage
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import (
    LONGEST_TRAIL,
    NAMES,
    Recipient,
    SecretFile,
    demand_name,
    demand_value,
    fingerprint,
    parse,
    render,
)

AT = 1_796_064_000
LINES = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=60).filter(str.strip)
FULL = SecretFile(
    {"RESEND_API_KEY": Secret("re_1"), "BULLMQ_REDIS_PASSWORD": Secret("a 'b' \"c\" $d #e")},
    (Recipient("age1abc", "ann@laptop"), Recipient("ssh-ed25519 AAAA", "bob the second"), Recipient("age1def")),
    {"RESEND_API_KEY": AT},
    {"RESEND_API_KEY": "7f2c"},
    {"RESEND_API_KEY": '{"step": "staged"}'},
    ("2026-11-30T18:40:00Z ann: set RESEND_API_KEY: because",),
    ("# mine",),
)


def revealed(file: SecretFile) -> object:
    return file._replace(values={name: value.reveal() for name, value in file.values.items()})  # type: ignore[arg-type]  # to be compared


def test_what_is_written_is_read() -> None:
    assert revealed(parse(render(FULL))) == revealed(FULL)


@given(LINES)
def test_any_line_survives_as_a_value(text: str) -> None:
    file = SecretFile().with_value("RESEND_API_KEY", Secret(text), AT)
    assert revealed(parse(render(file))) == revealed(file)


def test_a_shell_reads_the_same() -> None:
    script = f'{render(FULL)}\nprintf %s "$BULLMQ_REDIS_PASSWORD"'
    assert (
        subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == "a 'b' \"c\" $d #e"
    )


@pytest.mark.parametrize("line", ["export RESEND_API_KEY=re_1", 'RESEND_API_KEY="re_1"', "  RESEND_API_KEY='re_1'  "])
def test_what_a_person_writes_by_hand_is_read(line: str) -> None:
    assert parse(f"\n# a thought\n{line}\n").values["RESEND_API_KEY"].reveal() == "re_1"


@pytest.mark.parametrize("line", ["canary", "A=canary canary", "A='canary", "A B=canary"])
def test_another_line_is_refused_by_its_number_and_not_shown(line: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse(f"RESEND_API_KEY=re_1\n{line}\n")
    assert caught.value.where == "line 2 of the file"
    assert "canary" not in f"{caught.value} {caught.value.fix}"


def test_a_new_value_has_a_new_day_and_no_id_of_the_old_one() -> None:
    after = FULL.with_value("RESEND_API_KEY", Secret("re_2"), AT + 5)
    assert (after.values["RESEND_API_KEY"].reveal(), after.created, after.ids) == (
        "re_2",
        {"RESEND_API_KEY": AT + 5},
        {},
    )


def test_what_is_taken_out_leaves_nothing() -> None:
    after = FULL.without("RESEND_API_KEY")
    assert ([*after.values], after.created, after.ids) == (["BULLMQ_REDIS_PASSWORD"], {}, {})


def test_the_trail_is_one_line_a_deed_and_has_an_end() -> None:
    file = SecretFile()
    for number in range(LONGEST_TRAIL + 1):
        file = file.with_deed(AT, "ann", f"set {number}", "two\nlines")
    assert len(file.trail) == LONGEST_TRAIL
    assert file.trail[-1] == "2026-11-30T18:40:00Z ann: set 200: two lines"


def test_no_text_of_it_shows_a_value() -> None:
    assert "re_1" not in f"{FULL} {FULL!r} {FULL.values}"


def test_a_fingerprint_is_what_sha256sum_says() -> None:
    digest = subprocess.run(["sha256sum"], input=b"re_1", capture_output=True, check=True).stdout.decode()
    assert fingerprint(Secret("re_1")) == digest[:12]
    assert fingerprint(Secret("a"), Secret("b")) == fingerprint(Secret("a\nb"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("RESEND_API_KEY", ""),
        ("RESEND_API_KEY", "re canary"),
        ("RESEND_API_KEY", "re_canary\nre_canary"),
        ("POSTMARK_API_KEY", "ключ-canary"),
        ("NOTIFYCTL_PEPPER", "canary"),
        ("BULLMQ_REDIS_PASSWORD", "canary\0"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_and_not_shown(name: str, text: str) -> None:
    with pytest.raises(Usage) as caught:
        demand_value(name, text)
    assert (caught.value.code, caught.value.where) == ("KEY-VALUE", name)
    assert "canary" not in f"{caught.value} {caught.value.fix}"


def test_a_password_may_have_spaces_and_a_key_may_not() -> None:
    assert demand_value("BULLMQ_REDIS_PASSWORD", "two words").reveal() == "two words"


@pytest.mark.parametrize("name", ["resend_api_key", "RESEND_API_KEY__next", "PATH", ""])
def test_a_name_that_nothing_reads_is_refused(name: str) -> None:
    with pytest.raises(Usage, match="KEY-NAME"):
        demand_name(name)


def test_each_name_is_taken() -> None:
    for name in NAMES:
        demand_name(name)
