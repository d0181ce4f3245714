"""Job data, version 1, from its bytes: everything is validated at the door, and the published schema says the same."""

import json
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from notifyctl.domain.errors import InvalidMessage
from notifyctl.domain.revision import Revision
from notifyctl.store import jobdata

TYPES = Revision().types
GOOD = {
    "v": 1, "id": "booking-confirm/8731", "type": "booking.confirmation", "to": {"email": "jo@fan.example"},
    "subject": "Your booking", "html": "<p>Hi</p>",
}  # fmt: skip
SCHEMA = Draft202012Validator(json.loads(files("notifyctl.domain").joinpath("message-v1.schema.json").read_text()))


def data(**changes: object) -> bytes:
    """The good document with these fields; a field given as ... is left out."""
    fields = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return json.dumps(fields).encode()


def refusal(raw: bytes) -> tuple[str, str]:
    with pytest.raises(InvalidMessage) as caught:
        jobdata.read(raw, TYPES)
    return caught.value.code, caught.value.where


def spliced(literal: bytes) -> bytes:
    """The good document with a body written in just these bytes."""
    return data(html="@").replace(b'"@"', literal)


class TestAGoodJob:
    def test_is_read_and_its_bodies_stay_the_literals_that_they_are(self):
        raw = spliced(b'  "<p>\\u00e9 \\ud83d\\ude00 \xc3\xa9</p>"  ')
        assert jobdata.read(raw, TYPES).html == b'"<p>\\u00e9 \\ud83d\\ude00 \xc3\xa9</p>"'

    def test_may_give_every_field(self):
        message = jobdata.read(
            data(
                to={"email": "jo@fan.example", "name": "Jo"}, text="Hi", customer="c-17", reply_to="box@venue.example",
                headers={"X-Tour": "spring"}, deadline="2026-11-24T09:00:00Z", metadata={"show": "42"},
            ),
            TYPES,
        )  # fmt: skip
        assert (message.to.name, message.text, message.customer) == ("Jo", b'"Hi"', "c-17")
        assert (message.headers, message.metadata) == ((("X-Tour", "spring"),), (("show", "42"),))
        assert (message.reply_to, message.deadline) == ("box@venue.example", 1795510800000)

    def test_may_say_null_for_what_it_leaves_out(self):
        nulls = dict.fromkeys(("html", "customer", "reply_to", "headers", "deadline", "metadata"))
        to = {"email": "jo@fan.example", "name": None}
        assert jobdata.read(data(**nulls, to=to, text="Hi"), TYPES) == jobdata.read(data(html=..., text="Hi"), TYPES)

    def test_is_what_write_writes(self):
        fields = {name: value for name, value in GOOD.items() if name != "v"}
        assert jobdata.read(jobdata.write({**fields, "text": None}), TYPES) == jobdata.read(data(), TYPES)


class TestTheDoor:
    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"", "MSG-JSON"), (b"{", "MSG-JSON"), (b"[]", "MSG-SHAPE"), (b"null", "MSG-SHAPE"), (b"7", "MSG-SHAPE"),
            (b"\xff\xfe{}", "MSG-UNICODE"), (b'{"v":1}', "MSG-SHAPE"), (data() + b"x", "MSG-JSON"),
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_job_data(self, raw, code):
        assert refusal(raw)[0] == code

    def test_refuses_what_is_nested_so_deeply_that_reading_it_would_fail(self):
        deep = b"[" * 200_000 + b"]" * 200_000
        for raw in (spliced(deep), data(data="@").replace(b'"@"', deep), deep, b'{"zz":' + deep + b"}"):
            assert refusal(raw)[0] in ("MSG-JSON", "MSG-SHAPE", "MSG-UNKNOWN-FIELD")
            assert jobdata.peek_id(raw) in ("", GOOD["id"])

    @pytest.mark.parametrize(
        ("changes", "code", "where"),
        [
            ({"v": 2}, "MSG-VERSION", "v"), ({"v": 0}, "MSG-VERSION", "v"), ({"v": "1"}, "MSG-SHAPE", "v"),
            ({"v": ...}, "MSG-SHAPE", "data"), ({"subject": ...}, "MSG-SHAPE", "subject"),
            ({"html": ...}, "MSG-BODY", "html"), ({"html": 5}, "MSG-SHAPE", "html"),
            ({"text": {}}, "MSG-SHAPE", "text"),
            ({"template": "x"}, "MSG-TEMPLATE", "template"), ({"data": {}}, "MSG-TEMPLATE", "template"),
            ({"attachments": []}, "MSG-ATTACHMENTS", "attachments"),
            ({"cc": "a@b.example"}, "MSG-RECIPIENTS", "cc"), ({"bcc": ["a@b.example"]}, "MSG-RECIPIENTS", "bcc"),
            ({"to": [{"email": "a@b.example"}]}, "MSG-RECIPIENTS", "to"), ({"to": "a@b.example"}, "MSG-SHAPE", "to"),
            ({"to": {"email": ["a@b.example"]}}, "MSG-SHAPE", "to.email"),
            ({"to": {"email": "a@b.example,c@d.example"}}, "MSG-RECIPIENTS", "to.email"),
            ({"to": {"email": "a@b.example", "cc": "x"}}, "MSG-RECIPIENTS", "cc"),
            ({"priority": 1}, "MSG-UNKNOWN-FIELD", "data"), ({"type": "invoice"}, "MSG-TYPE", "type"),
            ({"headers": {"X-A": 1}}, "MSG-SHAPE", "headers[...]"), ({"deadline": "soon"}, "MSG-DEADLINE", "deadline"),
            ({"deadline": 1795510800000}, "MSG-SHAPE", "deadline"),
        ],
    )  # fmt: skip
    def test_names_the_field_and_the_rule(self, changes, code, where):
        assert refusal(data(**changes)) == (code, where)

    @pytest.mark.parametrize(
        "changes",
        [
            {"subject": "Hi\r\nBcc: spy@evil.example"},
            {"to": {"email": "jo@fan.example\r\nBcc: spy@evil.example"}},
            {"to": {"email": "jo@fan.example", "name": "Jo\r\nBcc: spy@evil.example"}},
            {"reply_to": "box@venue.example\nBcc: spy@evil.example"},
            {"headers": {"X-A\r\nBcc": "spy@evil.example"}},
            {"headers": {"X-A": "b\r\nBcc: spy@evil.example"}},
            {"subject": "a\u2028b"},
            {"subject": "a\x00b"},
        ],
    )
    def test_lets_nothing_add_a_header(self, changes):
        assert refusal(data(**changes))[0] == "MSG-HEADER-INJECTION"

    @pytest.mark.parametrize(
        "half", [b"\\ud800", b"\\uD800", b"\\udfff", b"\\uDFFF", b"\\uDe00\\uD83d", b"\xed\xa0\x80"]
    )
    def test_refuses_half_a_surrogate_pair_wherever_it_stands(self, half):
        for raw in (
            spliced(b'"a' + half + b'"'), spliced(b'"a' + half + b'z"'), data(subject="@").replace(b"@", half),
            data(to={"email": "jo@fan.example", "name": "@"}).replace(b'"@"', b'"' + half + b'"'),
            data(id="@").replace(b'"@"', b'"' + half + b'"'),
        ):  # fmt: skip
            assert refusal(raw)[0] == "MSG-UNICODE"

    def test_never_names_a_field_whose_name_is_no_text(self):
        assert refusal(b'{"\\ud800":"\\ud800","subject":"s"}') == ("MSG-UNICODE", "data")

    @pytest.mark.parametrize("literal", [b'"a\\u0000"', b'"\\\\\\u0000"'])
    def test_refuses_nul_in_a_body(self, literal):
        assert refusal(spliced(literal)) == ("MSG-UNICODE", "html")

    @pytest.mark.parametrize("literal", [b'"a\\qb"', b'"a\nb"', b'"\\u12"', b'"a\x00b"', b'"\x1f"'])
    def test_refuses_a_body_that_no_provider_could_read_as_json(self, literal):
        assert refusal(spliced(literal))[0] == "MSG-JSON"

    def test_takes_innocent_backslashes(self):
        for literal in (b'"\\\\u0000"', b'"\\\\ud800"', b'"\\\\\\\\u0000"'):
            assert jobdata.read(spliced(literal), TYPES).html == literal

    @pytest.mark.parametrize("field", ["html", "text", "subject", "id", "note"])
    def test_refuses_a_job_of_12_mb(self, field):
        assert refusal(data(**{field: "x" * 12_000_000})) == ("MSG-SIZE", "data")

    def test_refuses_a_body_over_5_mb_and_takes_two_of_just_5_mb(self):
        assert refusal(data(html="x" * 5_000_001)) == ("MSG-SIZE", "html")
        assert len(jobdata.read(data(html="x" * 5_000_000, text="x" * 5_000_000), TYPES).text) == 5_000_002

    def test_refuses_50001_recipients_as_a_list_and_in_one_text(self):
        fans = [f"fan{number}@x.example" for number in range(50_001)]
        assert refusal(data(to=[{"email": fan} for fan in fans])) == ("MSG-RECIPIENTS", "to")
        assert refusal(data(to={"email": fans}))[1] == "to.email"
        assert refusal(data(to={"email": ",".join(fans)}))[1] == "to.email"

    def test_never_repeats_what_it_refused_at_length(self):
        for changes in ({"x" * 1_000_000: 1}, {"type": "x" * 1_000_000}, {"to": {"email": "x" * 1_000_000}}):
            with pytest.raises(InvalidMessage) as caught:
                jobdata.read(data(**changes), TYPES)
            assert len(f"{caught.value}{caught.value.fix}") < 600


class TestBodies:
    @pytest.mark.parametrize(
        "literal",
        [b'"\\ud800"', b'"\\uD800"', b'"\\uDFFF"', b'"\\udc00\\ud800"', b'"a\\uDbFf"', b'"\\ud83d\\\\ude00"'],
    )
    def test_a_lone_surrogate_is_refused_in_any_spelling(self, literal):
        assert refusal(spliced(literal)) == ("MSG-UNICODE", "html")

    @pytest.mark.parametrize(
        "literal", [b'"\\ud83d\\ude00"', b'"\\uD83D\\uDE00"', b'"\\uD83d\\udE00 x"', b'"\\\\ud800"']
    )
    def test_a_pair_of_surrogates_passes_as_it_stands_and_so_does_an_escaped_backslash(self, literal):
        assert jobdata.read(spliced(literal), TYPES).html == literal

    def test_nul_is_refused_and_an_escaped_backslash_before_u0000_is_none(self):
        assert refusal(spliced(b'"a\\u0000"')) == ("MSG-UNICODE", "html")
        assert refusal(spliced(b'"a\x00"')) == ("MSG-JSON", "data")
        assert refusal(spliced(b'"a\\\\\\u0000"')) == ("MSG-UNICODE", "html")
        jobdata.read(spliced(b'"a\\\\u0000"'), TYPES)

    @pytest.mark.parametrize("literal", [b"5", b"true", b"{}", b'["x"]'])
    def test_a_body_is_a_text(self, literal):
        assert refusal(spliced(literal)) == ("MSG-SHAPE", "html")


class TestTheIdOfWhatCannotBeRead:
    def test_is_found_where_there_is_a_usable_one(self):
        assert jobdata.peek_id(data(v=9, attachments=[1])) == GOOD["id"]
        assert jobdata.peek_id(data(html=5)) == GOOD["id"]

    @pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'{"id":5}', b'{"id":""}', b'{"id":" a"}', b'{"id":"a\\n"}'])
    def test_is_empty_otherwise(self, raw):
        assert jobdata.peek_id(raw) == ""


def choice(*values: object) -> st.SearchStrategy:
    return st.sampled_from(values)


TEXTS = st.text(max_size=5) | choice(
    "", "a", "a\n", "\r\n", " a", "a ", "\x00", "\u2028", "\x85", "é", "😀", "x" * 200, "x" * 201, "x" * 995, "x" * 999
)
EMAILS = choice(
    "jo@fan.example", "jo@fan", "jo", "a@b.example,c@d.example", "jo@fan.example\n", "jö@fan.example", "jo@-a.example",
    "jo@a_b.example", "x" * 64 + "@fan.example", "x" * 65 + "@fan.example", "jo@" + "d." * 130 + "example",
    "a b@c.example",
    "jo@fan.example.", "jo@[127.0.0.1]", "jo@@fan.example", "\u2028@fan.example", "jo@x..example", "jo\x85@fan.example",
) | st.from_regex(r"[a-z.]{1,3}@[a-z.-]{1,6}", fullmatch=True)  # fmt: skip
HEADER_NAMES = choice(
    "X-A",
    "x-a",
    "From",
    "cc",
    "RESENT-Sender",
    "Resent-Date",
    "resent-x",
    "X:A",
    "X A",
    "",
    "é",
    "X\n",
    "Subject",
    "Subjects",
)
METADATA_KEYS = choice("a", "a-b_C9", "nf_x", "", "a b", "é", "x" * 21, "a\n")
DEADLINES = choice(
    "2026-11-24T09:00:00Z", "2026-11-24t09:00:00.5+01:00", "2026-11-24", "2026-11-24 09:00:00Z", "20261124T090000Z",
    "2026-11-24T09:00:00", "2026-11-24T09:00:00Z\n", "2026-11-24T09:00Z",
)  # fmt: skip
FIELDS = {
    "v": choice(1, 1, 1, 0, 2, "1", None),
    "id": TEXTS | choice("booking/1"),
    "type": choice("booking.confirmation", "offer", "Booking", "", "a b", "offer\n", 5),
    "to": st.fixed_dictionaries(
        {"email": EMAILS}, optional={"name": TEXTS | st.none(), "cc": choice("a@b.example")}
    ) | choice("jo@fan.example", [], None, {}),
    "subject": TEXTS | choice(None, 5),
    "html": TEXTS | choice(None, 5, [], {"a": 1}),
    "text": TEXTS | choice(None, 5),
    "template": choice("x", None, {}),
    "data": choice({}, None, 5),
    "customer": TEXTS | choice(None, 5),
    "reply_to": EMAILS | st.none(),
    "headers": st.dictionaries(HEADER_NAMES, TEXTS | choice(5), max_size=3)
    | choice(None, [], {f"X-{i}": "" for i in range(16)}),
    "deadline": DEADLINES | choice(None, 5),
    "metadata": st.dictionaries(METADATA_KEYS, TEXTS | choice(5), max_size=3)
    | choice(None, [], {f"k{i}": "" for i in range(11)}),
    "attachments": choice([]),
}  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> dict[str, object]:
    """A good document in which some fields were changed, added or taken away."""
    fields = dict(GOOD)
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=4, unique=True)):
        if name in fields and draw(st.integers(0, 4)) == 0:
            del fields[name]
        else:
            fields[name] = draw(FIELDS[name])
    return fields


def beyond_the_schema(fields: dict[str, object], error: InvalidMessage) -> bool:
    """What a schema cannot say: the registry of types, a header given twice in two cases, templates still to come,
    bodies counted in bytes, the calendar."""
    names = [name.lower() for name in fields.get("headers") or {}]
    twice = len(set(names)) < len(names) and error.code == "MSG-HEADER"
    return error.code in ("MSG-TYPE", "MSG-TEMPLATE") or twice


class TestTheSchema:
    def test_is_a_schema(self):
        Draft202012Validator.check_schema(SCHEMA.schema)

    @settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(documents())
    @example({**GOOD, "headers": {"Resent-Date": "x"}})
    @example({**GOOD, "subject": "a\n"})
    @example({**GOOD, "deadline": "2026-W48-2T09:00:00Z"})
    @example({**GOOD, "reply_to": None})
    @example({**GOOD, "html": None})
    @example({**GOOD, "html": "\\u0000"})
    def test_and_the_door_agree(self, fields):
        valid = SCHEMA.is_valid(fields)
        try:
            jobdata.read(json.dumps(fields).encode(), TYPES)
        except InvalidMessage as error:
            assert not valid or beyond_the_schema(fields, error), f"the door refuses what the schema takes: {error}"
        else:
            assert valid, f"the door takes what the schema refuses: {next(SCHEMA.iter_errors(fields)).message}"

    def test_says_what_it_says_about_lone_surrogates_and_moments_that_do_not_exist_in_words_only(self):
        for fields in ({**GOOD, "subject": "\ud800"}, {**GOOD, "deadline": "2026-02-30T09:00:00Z"}, {**GOOD, "v": 1.0}):
            assert SCHEMA.is_valid(fields)
            assert refusal(json.dumps(fields).encode())[0] in ("MSG-UNICODE", "MSG-DEADLINE", "MSG-SHAPE")
