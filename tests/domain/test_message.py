"""The door: what a message must be, and that nothing in it can add a header, a recipient or a broken character."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain import message as door
from notifyctl.domain.errors import InvalidMessage
from notifyctl.domain.message import Address, Message

TYPES = ("booking.confirmation", "event.cancelled")
CONTROL = [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029]


def message(**changes: object) -> Message:
    fields = {
        "id": "booking-confirm/8731",
        "type": "booking.confirmation",
        "to": Address("jo@fan.example", "Jo"),
        "subject": "Your booking",
        "html": b'"<p>Hi</p>"',
    }
    return Message(**{**fields, **changes})


def refusal(**changes: object) -> tuple[str, str]:
    """The code and the field with which the door refuses a message that differs so from a good one."""
    with pytest.raises(InvalidMessage) as caught:
        door.build(message(**changes), TYPES)
    return caught.value.code, caught.value.where


def test_a_good_message_passes_unchanged():
    full = message(
        text=b'"Hi"', customer="c-17", reply_to="box@venue.example", headers=(("X-Tour", "spring"),), deadline=1,
        metadata=(("show", "42"),),
    )  # fmt: skip
    assert door.build(full, TYPES) == full


class TestHeaderInjection:
    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("subject", {"subject": "Hi\r\nBcc: spy@evil.example"}),
            ("to.name", {"to": Address("jo@fan.example", "Jo\r\nBcc: spy@evil.example")}),
            ("to.email", {"to": Address("jo@fan.example\r\nBcc: spy@evil.example")}),
            ("reply_to", {"reply_to": "box@venue.example\r\nBcc: spy@evil.example"}),
            ("headers", {"headers": (("X-A\r\nBcc", "spy@evil.example"),)}),
            ("headers", {"headers": (("X-A: b\r\nBcc", "spy@evil.example"),)}),
            ("headers.X-A", {"headers": (("X-A", "b\r\nBcc: spy@evil.example"),)}),
            ("customer", {"customer": "c\r\nBcc: spy@evil.example"}),
            ("metadata.show", {"metadata": (("show", "4\r\nBcc: spy@evil.example"),)}),
            ("id", {"id": "a\r\nBcc: spy@evil.example"}),
        ],
    )
    def test_a_line_break_is_refused_wherever_it_could_become_a_header(self, field, changes):
        assert refusal(**changes) == ("MSG-HEADER-INJECTION", field)

    @pytest.mark.parametrize("point", CONTROL, ids=hex)
    def test_so_is_every_other_control_character_and_line_separator(self, point):
        assert refusal(subject=f"a{chr(point)}b")[0] == "MSG-HEADER-INJECTION"
        assert refusal(to=Address("jo@fan.example", f"a{chr(point)}"))[0] == "MSG-HEADER-INJECTION"
        assert refusal(headers=(("X-A", f"{chr(point)}"),))[0] == "MSG-HEADER-INJECTION"

    @pytest.mark.parametrize("name", ["", "X A", "X:A", "X-Ä", "X-A\n", "x" * 127])
    def test_a_header_name_is_printable_ascii_without_colon_or_space(self, name):
        assert refusal(headers=((name, "v"),)) == ("MSG-HEADER-INJECTION", "headers")

    @pytest.mark.parametrize(
        "name",
        [
            "From", "to", "CC", "Bcc", "sender", "Subject", "date", "Message-ID", "reply-to", "Return-Path", "received",
            "MIME-Version", "Content-Type", "content-transfer-encoding", "DKIM-Signature", "X-Notify-Ref", "Resent-To",
            "resent-bcc", "Resent-Message-ID",
        ],
    )  # fmt: skip
    def test_what_the_engine_or_the_provider_sets_cannot_be_given(self, name):
        assert refusal(headers=((name, "v"),)) == ("MSG-HEADER", f"headers.{name}")

    @pytest.mark.parametrize("name", ["X-Tour", "List-Unsubscribe", "References", "Fromage", "X-To", "Subjects"])
    def test_other_names_are_free(self, name):
        door.build(message(headers=((name, "v"),)), TYPES)

    def test_no_header_is_given_twice_whatever_its_case(self):
        assert refusal(headers=(("X-A", "1"), ("x-a", "2"))) == ("MSG-HEADER", "headers.X-A")

    def test_fifteen_headers_pass_and_sixteen_do_not(self):
        headers = tuple((f"X-{number}", "v") for number in range(16))
        door.build(message(headers=headers[:15]), TYPES)
        assert refusal(headers=headers) == ("MSG-SIZE", "headers")


class TestOneRecipient:
    @pytest.mark.parametrize(
        "email",
        ["a@x.example,b@y.example", "a@x.example, b@y.example", "a@x.example;b@y.example", "a@x.example@y.example"],
    )
    def test_several_addresses_are_refused_with_the_hint_to_send_one_message_each(self, email):
        with pytest.raises(InvalidMessage) as caught:
            door.check_email(email, "to.email")
        assert (caught.value.code, caught.value.fix) == (
            "MSG-RECIPIENTS",
            "enqueue one message for each recipient",
        )

    def test_a_list_of_50001_addresses_in_one_text_is_refused(self):
        assert refusal(to=Address(",".join(["fan@x.example"] * 50_001)))[1] == "to.email"

    @pytest.mark.parametrize(
        "email",
        [
            "", "@", "jo", "jo@", "@fan.example", "jo@localhost", "jo@fan..example", "jo@.example", "jo@fan.example.",
            "jo@-fan.example", "jo@fan-.example", "jo @fan.example", "Jo <jo@fan.example>", '"jo x"@fan.example',
            "jo(x)@fan.example", "jo@[127.0.0.1]", "jo\\@fan.example", "x" * 65 + "@fan.example",
            "jo@" + "x" * 64 + ".example", "jo\u00a0x@fan.example",
        ],
    )  # fmt: skip
    def test_what_is_no_plain_address_is_refused(self, email):
        assert refusal(to=Address(email)) == ("MSG-ADDRESS", "to.email")

    @pytest.mark.parametrize(
        "email",
        [
            "jo+tag@fan.example", "o'hara@fan.example", "jo@mail.fan.example", "jö@fan.example", "jo@büro.example",
            "x" * 64 + "@fan.example", "a_b-c.d@x-y.example",
        ],
    )  # fmt: skip
    def test_unusual_but_real_addresses_pass(self, email):
        assert door.check_email(email, "to.email") == email

    def test_an_address_has_254_characters_at_most(self):
        domain = ".".join(["d" * 60] * 4)
        fits = "x" * (254 - len(domain) - 1) + "@" + domain
        assert door.check_email(fits, "to.email") == fits
        assert refusal(to=Address("x" + fits)) == ("MSG-SIZE", "to.email")


class TestBodies:
    def test_one_of_the_two_must_be_there(self):
        assert refusal(html=None, text=None)[0] == "MSG-BODY"
        door.build(message(html=None, text=b'"Hi"'), TYPES)

    def test_five_million_bytes_pass_and_one_more_does_not(self):
        door.check_body(b'"' + b"x" * 5_000_000 + b'"', "html")
        assert refusal(text=b'"' + b"x" * 5_000_001 + b'"') == ("MSG-SIZE", "text")


class TestOtherFields:
    @pytest.mark.parametrize("field", ["id", "subject", "customer", "reply_to"])
    def test_a_lone_surrogate_is_refused(self, field):
        assert refusal(**{field: "x\ud800"})[0] in ("MSG-UNICODE",)

    def test_the_longest_values_pass_and_one_character_more_does_not(self):
        for field, most in (("id", 200), ("subject", 998), ("customer", 200)):
            door.build(message(**{field: "é" * most}), TYPES)
            assert refusal(**{field: "é" * (most + 1)})[1] == field
        door.build(message(headers=(("X-A", "v" * 995),)), TYPES)
        assert refusal(headers=(("X-A", "v" * 996),)) == ("MSG-SIZE", "headers.X-A")

    @pytest.mark.parametrize("value", ["", " a", "a ", "\u3000a"])
    def test_an_id_is_not_empty_and_has_no_space_at_its_ends(self, value):
        assert refusal(id=value) == ("MSG-ID", "id")

    def test_an_unknown_type_is_refused_and_the_known_ones_are_named(self):
        with pytest.raises(InvalidMessage) as caught:
            door.check_type("invoice", TYPES)
        assert caught.value.code == "MSG-TYPE"
        assert "purpose is unknown" in caught.value.what
        assert all(name in caught.value.fix for name in TYPES)

    @pytest.mark.parametrize("key", ["", "nf_job", "a b", "é", "x" * 21, "a\n", "a.b"])
    def test_a_metadata_key_fits_every_provider_and_none_of_ours(self, key):
        assert refusal(metadata=((key, "v"),)) == ("MSG-METADATA", "metadata")

    def test_metadata_has_ten_entries_of_80_characters_at_most(self):
        entries = tuple((f"k{number}", "v" * 80) for number in range(11))
        door.build(message(metadata=entries[:10]), TYPES)
        assert refusal(metadata=entries) == ("MSG-SIZE", "metadata")
        assert refusal(metadata=(("k", "v" * 81),)) == ("MSG-SIZE", "metadata.k")


class TestDeadline:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-11-24T09:00:00Z", datetime(2026, 11, 24, 9, tzinfo=UTC)),
            ("2026-11-24t09:00:00z", datetime(2026, 11, 24, 9, tzinfo=UTC)),
            ("2026-11-24T10:00:00+01:00", datetime(2026, 11, 24, 9, tzinfo=UTC)),
            ("2026-11-24T09:00:00-00:00", datetime(2026, 11, 24, 9, tzinfo=UTC)),
            ("2026-11-24T09:00:00.001Z", datetime(2026, 11, 24, 9, 0, 0, 1000, tzinfo=UTC)),
            ("2026-11-24T09:00:00.123456789Z", datetime(2026, 11, 24, 9, 0, 0, 123_000, tzinfo=UTC)),
        ],
    )
    def test_rfc_3339_is_read_to_the_millisecond(self, text, moment):
        assert door.check_deadline(text) == round(moment.timestamp() * 1000)

    @pytest.mark.parametrize(
        "text",
        [
            "", "tomorrow", "2026-11-24", "2026-11-24T09:00:00", "2026-11-24 09:00:00Z", "20261124T090000Z",
            "2026-W48-2T09:00:00Z", "2026-11-24T09Z", "2026-11-24T09:00:00,5Z", "2026-11-24T25:00:00Z",
            "2026-02-30T09:00:00Z", "2026-11-24T09:00:00+25:00", "2026-11-24T09:00:00Z\n", "1795510800000",
            "\uff12\uff10\uff12\uff16-11-24T09:00:00Z", "0000-01-01T00:00:00Z",
        ],
    )  # fmt: skip
    def test_anything_else_is_refused(self, text):
        with pytest.raises(InvalidMessage) as caught:
            door.check_deadline(text)
        assert (caught.value.code, caught.value.where) == ("MSG-DEADLINE", "deadline")

    @given(st.datetimes(timezones=st.just(UTC)))
    def test_no_moment_is_off_by_a_millisecond(self, moment):
        whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        assert door.check_deadline(whole.isoformat()) * 1000 == (whole - datetime(1970, 1, 1, tzinfo=UTC)) // (
            datetime.resolution
        )
