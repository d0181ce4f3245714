"""The JSON bodies: pinned byte by byte, and the odd names and addresses that mail allows."""

import json
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.message import Address
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.rendering import ascii_domain, mailbox
from notifyctl.providers.ses import Ses

GOLDEN = Path(__file__).parent.parent / "golden" / "providers"


def test_a_full_message_is_rendered_to_the_pinned_bytes(provider, message, envelope):
    assert provider.document(message, envelope) == (GOLDEN / f"{provider.name}-full.json").read_bytes()


def test_a_bare_message_is_rendered_to_the_pinned_bytes(provider, message, envelope):
    bare = message._replace(
        to=Address("zoe@fans.example"), html=None, customer=None, reply_to=None, headers=(), metadata=()
    )
    assert provider.document(bare, envelope) == (GOLDEN / f"{provider.name}-bare.json").read_bytes()


def test_bodies_are_spliced_without_being_decoded(provider, message, envelope):
    assert message.html in provider.document(message, envelope)
    assert message.text in provider.document(message, envelope)


class TestPostmarkStreams:
    def test_marketing_goes_through_the_broadcast_stream(self, message, envelope):
        account = Postmark("token", stream="tickets", broadcast_stream="news")
        streams = [
            json.loads(account.document(message, envelope._replace(marketing=marketing)))["MessageStream"]
            for marketing in (False, True)
        ]
        assert streams == ["tickets", "news"]

    def test_opens_and_links_are_not_tracked(self, message, envelope):
        document = json.loads(Postmark("token").document(message, envelope))
        assert (document["TrackOpens"], document["TrackLinks"]) == (False, "None")


def test_ses_without_a_configuration_set_names_none(message, envelope):
    assert "ConfigurationSetName" not in json.loads(Ses("a", "b").document(message, envelope))


class TestDisplayNames:
    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ("Ann", "Ann <a@b.example>"),
            ("Ann Lee", "Ann Lee <a@b.example>"),
            ("Zoë Müller", "Zoë Müller <a@b.example>"),
            ("Lee, Ann", '"Lee, Ann" <a@b.example>'),
            ("J. Smith", '"J. Smith" <a@b.example>'),
            ('Ann "Annie" Lee', r'"Ann \"Annie\" Lee" <a@b.example>'),
            ("back\\slash", r'"back\\slash" <a@b.example>'),
            ("evil@other.example", '"evil@other.example" <a@b.example>'),
            ("<b@c.example>", '"<b@c.example>" <a@b.example>'),
            ("=?UTF-8?B?QQ==?=", '"=?UTF-8?B?QQ==?=" <a@b.example>'),
            (" Ann", '" Ann" <a@b.example>'),
            ("", "a@b.example"),
            (None, "a@b.example"),
        ],
    )
    def test_specials_are_quoted(self, name, written):
        assert mailbox(Address("a@b.example", name)) == written

    def test_names_outside_ascii_are_encoded_words_where_only_ascii_is_taken(self):
        written = mailbox(Address("a@b.example", "Zoë Müller"), ascii_only=True)
        assert written == "=?UTF-8?B?Wm/DqyBNw7xsbGVy?= <a@b.example>"

    @given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=200))
    def test_an_encoded_name_is_read_back_by_a_mail_reader(self, name):
        written = mailbox(Address("a@b.example", name), ascii_only=True)
        shown, address = parseaddr(written)
        assert written.isascii()
        assert address == "a@b.example"
        assert all(len(word) <= 75 for word in written.split(" ")) or name.isascii()
        if not name.isascii():
            assert str(make_header(decode_header(shown))) == name

    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60))
    def test_a_quoted_name_names_one_mailbox_and_is_read_back(self, name):
        assert parseaddr(mailbox(Address("a@b.example", name))) == (name, "a@b.example")


class TestInternationalDomains:
    @pytest.mark.parametrize(
        ("email", "wire"),
        [
            ("a@münchen.example", "a@xn--mnchen-3ya.example"),
            ("a@FAẞ.example", "a@xn--fa-hia.example"),
            ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
            ("a@plain.example", "a@plain.example"),
            ("ü@münchen.example", "ü@xn--mnchen-3ya.example"),
        ],
    )
    def test_a_domain_travels_in_its_ascii_form(self, email, wire):
        assert ascii_domain(email) == wire

    def test_a_domain_without_an_ascii_form_is_left_to_the_provider_to_refuse(self):
        assert ascii_domain("a@☃\u200d.example") == "a@☃\u200d.example"
