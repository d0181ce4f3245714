"""Redaction: no address and no key survives, wherever it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.errors import InvalidMessage
from notifyctl.domain.message import check_email
from notifyctl.domain.redact import redact


def usable(email: str) -> bool:
    try:
        check_email(email, "to")
    except InvalidMessage:
        return False
    return True


AROUND = st.sampled_from(
    ["", " ", "<", ">", "'", '"', ",", "(", ")", ":", "\n", "to ", "Found inactive addresses: ", "é"]
)
LOCAL = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=64)
HOST = st.from_regex(r"[a-z0-9]{1,12}(\.[a-z]{2,8}){1,2}", fullmatch=True)
EMAIL = st.builds("{}@{}".format, LOCAL, HOST).filter(usable)
KEY = st.one_of(
    st.from_regex(r"re_[A-Za-z0-9]{8,40}", fullmatch=True),
    st.from_regex(r"whsec_[A-Za-z0-9+/]{20,40}", fullmatch=True),
    st.from_regex(r"(AKIA|ASIA)[A-Z0-9]{16}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{11}[0-9]", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9+/]{39}[0-9]", fullmatch=True),
    st.from_regex(r"[A-Z]{40}", fullmatch=True),
)


@given(AROUND, EMAIL, AROUND)
def test_no_address_survives(before, email, after):
    shown = redact(f"{before}{email}{after}")
    assert "@" not in shown
    assert "[address]" in shown


@given(st.lists(EMAIL, min_size=1, max_size=4))
def test_no_address_of_a_list_survives(emails):
    assert "@" not in redact(", ".join(emails))


@given(EMAIL)
def test_no_percent_encoded_address_survives(email):
    assert email.rpartition("@")[2] not in redact(f"/suppression/addresses/{email.replace('@', '%40')}")


def test_an_address_with_a_quoted_local_part_leaves_nothing():
    assert redact('Invalid "zoe miller"@fans.example given') == "Invalid [address] given"


@given(st.sampled_from(["", " ", "'", "key=", "(", "token: "]), KEY, st.sampled_from(["", " ", "'", ")", ".", "\n"]))
def test_no_key_survives(before, key, after):
    assert key not in redact(f"{before}{key}{after}")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Basic"])
def test_no_credential_after_a_scheme_survives(scheme):
    assert redact(f"Authorization: {scheme} abc") == f"Authorization: {scheme} [key]"


@pytest.mark.parametrize(
    "plain",
    [
        "Maximum sending rate exceeded.",
        "MailFromDomainNotVerifiedException",
        "concurrent_idempotent_requests_of_one_key",
        "see /docs/knowledge-base/what-email-addresses-to-use",
        "5 of 10 @ 3 pm",
        "",
    ],
)
def test_plain_words_stay(plain):
    assert redact(plain) == plain


@given(st.text())
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)
