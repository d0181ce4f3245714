"""Accounts, one message and one envelope that the tests of all providers share."""

import pytest

from notifyctl.domain.message import Address, Message
from notifyctl.domain.provider import Envelope, Provider
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses

ACCOUNTS: dict[str, Provider] = {
    "resend": Resend("re_Secret123456789"),
    "postmark": Postmark("5eC0e7-postmark-token"),
    "ses": Ses("AKIDEXAMPLE123456", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", configuration_set="notifyctl-events"),
}


@pytest.fixture(scope="session", params=ACCOUNTS.values(), ids=ACCOUNTS)
def provider(request) -> Provider:
    """Each of the three, one after another."""
    return request.param


@pytest.fixture
def envelope() -> Envelope:
    return Envelope(
        sender=Address("tickets@backroom.example", "The Backroom, Leeds"),
        ref="0123456789abcdef0123456789abcdef",
        key="nf1-0123456789abcdef0123456789abcdef-0",
    )


@pytest.fixture
def message() -> Message:
    """Everything a message can carry that all three providers can carry too."""
    return Message(
        id="booking-confirm/8731",
        type="booking.confirmation",
        to=Address("zoe@fans.example", "Zoë Müller"),
        subject="Your tickets: row 7 🎟",
        html=rb'"<p>Hello <b>Zo\u00eb<\/b> \"row 7\"<\/p>"',
        text='"Hello Zoë"'.encode(),
        customer="c-17",
        reply_to="box.office@backroom.example",
        headers=(("List-Unsubscribe", "<https://backroom.example/u/1>"), ("X-Campaign", "spring")),
        metadata=(("order", "8731"), ("event_id", "gig-42")),
    )
