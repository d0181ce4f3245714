"""What every provider promises, whatever its wire format is. A new provider joins by one line in conftest."""

import gzip
import json
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifyctl.domain.message import Address, Message, build
from notifyctl.domain.outcome import Certainty, Kind, Outcome, Response
from notifyctl.domain.provider import Envelope, Evidence, Found, Health, Lookup
from notifyctl.domain.quota import Allowance
from notifyctl.domain.routing import cannot_carry

NOW = 1_795_510_800.0
WORD = st.text("abcdefghijklmnopqrstuvwxyzäß0123456789", min_size=1, max_size=20)
LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=80)
BODY = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=300)
LITERAL = st.builds(lambda body, ascii_only: json.dumps(body, ensure_ascii=ascii_only).encode(), BODY, st.booleans())
ADDRESS = st.builds(lambda local, host, name: Address(f"{local}@{host}.example", name), WORD, WORD, st.none() | LINE)
TOKEN = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
MESSAGE = st.builds(
    Message,
    id=st.just("m-1"),
    type=st.just("newsletter"),
    to=ADDRESS,
    subject=LINE,
    html=LITERAL,
    text=st.none() | LITERAL,
    customer=st.none() | WORD,
    deadline=st.none(),
    reply_to=st.none() | ADDRESS.map(lambda address: address.email),
    headers=st.dictionaries(TOKEN.map(lambda name: f"X-{name}"), LINE, max_size=4).map(
        lambda headers: tuple({name.lower(): (name, value) for name, value in headers.items()}.values())
    ),
    metadata=st.dictionaries(TOKEN.filter(lambda key: not key.startswith("nf_")), LINE, max_size=4).map(
        lambda metadata: tuple(metadata.items())
    ),
).filter(lambda message: not any(name.lower() == "x-notify-ref" for name, _ in message.headers))
HEADERS = st.dictionaries(
    st.sampled_from(
        ["retry-after", "date", "ratelimit-limit", "ratelimit-policy", "x-amzn-errortype", "content-encoding"]
    ),
    st.text(max_size=30),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "message", "ErrorCode", "Message", "MessageID", "MessageId", "Errors", "__type"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
ANSWER = st.builds(
    Response,
    status=st.integers(100, 599),
    headers=HEADERS,
    body=st.binary(max_size=200) | JSON | JSON.map(gzip.compress),
)


def html_of(document: bytes) -> str:
    """The HTML in a document of any of the three shapes."""
    value = json.loads(document)
    simple = value.get("Content", {}).get("Simple", {}).get("Body", {}).get("Html", {})
    return value.get("html") or value.get("HtmlBody") or simple.get("Data") or ""


class TestDocument:
    @given(MESSAGE)
    def test_is_json_and_carries_the_html_exactly(self, provider, message):
        envelope = Envelope(Address("a@b.example", "A"), "0" * 32, "key")
        build(message, ["newsletter"])
        assert html_of(provider.document(message, envelope)) == json.loads(message.html)

    def test_is_the_same_bytes_every_time(self, provider, message, envelope):
        assert provider.document(message, envelope) == provider.document(message._replace(), envelope._replace())

    def test_holds_our_reference_as_header_and_as_correlation_value(self, provider, message, envelope):
        assert provider.document(message, envelope).decode().count(envelope.ref) == 2

    def test_does_not_depend_on_what_is_ours_alone(self, provider, message, envelope):
        other = message._replace(id="other", customer="c-99", deadline=1)
        assert provider.document(other, envelope._replace(key="other")) == provider.document(message, envelope)

    def test_holds_no_secret(self, provider, message, envelope):
        document = provider.document(message, envelope).decode()
        assert not any(secret in document for secret in secrets(provider))


class TestRequest:
    def test_posts_the_document_unchanged(self, provider, envelope):
        request = provider.request(b'{"a":1}', envelope, NOW)
        assert (request.method, request.body) == ("POST", b'{"a":1}')

    def test_is_json_and_says_who_we_are(self, provider, envelope):
        headers = dict(provider.request(b"{}", envelope, NOW).headers)
        assert headers["Content-Type"] == headers["Accept"] == "application/json"
        assert headers["User-Agent"].startswith("notifyctl/")

    def test_names_no_header_twice(self, provider, envelope):
        names = [name.lower() for name, _ in provider.request(b"{}", envelope, NOW).headers]
        assert len(names) == len(set(names))

    def test_only_a_provider_that_replays_gets_the_idempotency_key(self, provider, envelope):
        headers = dict(provider.request(b"{}", envelope, NOW).headers)
        replays = provider.capabilities.evidence is Evidence.REPLAY
        assert headers.get("Idempotency-Key") == (envelope.key if replays else None)

    def test_goes_to_the_given_base_url(self, provider, envelope):
        local = replace(provider, base_url="http://127.0.0.1:4601/")
        calls = [local.request(b"{}", envelope, NOW), local.probe_request(NOW)]
        assert all(call.url.startswith("http://127.0.0.1:4601/") and "1//" not in call.url for call in calls)

    def test_goes_over_tls_by_default(self, provider, envelope):
        assert provider.request(b"{}", envelope, NOW).url.startswith("https://")


class TestOutcome:
    @settings(max_examples=400)
    @given(ANSWER)
    def test_never_raises_and_never_invents_an_acceptance(self, provider, answer):
        outcome = provider.outcome(answer)
        assert isinstance(outcome, Outcome)
        assert (outcome.kind is Kind.ACCEPTED) == bool(outcome.provider_id)
        assert outcome.kind is not Kind.ACCEPTED or 200 <= answer.status < 300
        assert len(outcome.detail) <= 200

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"null",
            b"[]",
            b'"ok"',
            b"<html><body>It works!</body></html>",
            b'{"id":"4ef9a417-02e9-4d39-ad75-9611e0fcc33c","MessageID":"x","Messag',
            b'{"id":"","MessageID":"","MessageId":""}',
            b'{"id":7,"MessageID":7,"MessageId":7}',
            rb'{"id":"\u001b[2J","MessageID":"\u001b[2J","MessageId":"\u001b[2J"}',
            b'{"statusCode":422,"name":"validation_error","message":"no","ErrorCode":300,"Message":"no"}',
            gzip.compress(b'{"id":"a","MessageID":"a","MessageId":"a"}')[:-12],
            b"\x1f\x8bnot gzip at all",
            b"[" * 100_000,
        ],
        ids=["empty", "{}", "null", "list", "string", "html", "cut", "empty-id", "number-id", "control-id",
             "error-json", "cut-gzip", "no-gzip", "nested"],
    )  # fmt: skip
    @pytest.mark.parametrize("status", [200, 202, 204])
    def test_an_unreadable_success_is_an_ambiguous_fault(self, provider, status, body):
        outcome = provider.outcome(Response(status, {}, body))
        assert (outcome.kind, outcome.certainty, outcome.provider_id) == (Kind.FAULT, Certainty.AMBIGUOUS, "")
        assert (outcome.code, outcome.http) == ("unreadable", status)

    def test_a_compressed_receipt_is_read(self, provider):
        body = gzip.compress(b'{"id":"abc","MessageID":"abc","MessageId":"abc"}')
        assert provider.outcome(Response(200, {"content-encoding": "gzip"}, body)).provider_id == "abc"

    @pytest.mark.parametrize(
        ("status", "kind", "certainty"),
        [
            (302, Kind.ACCOUNT, Certainty.DEFINITE),
            (400, Kind.REJECTED, Certainty.DEFINITE),
            (401, Kind.ACCOUNT, Certainty.DEFINITE),
            (403, Kind.ACCOUNT, Certainty.DEFINITE),
            (404, Kind.ACCOUNT, Certainty.DEFINITE),
            (408, Kind.THROTTLED, Certainty.DEFINITE),
            (413, Kind.REJECTED, Certainty.DEFINITE),
            (429, Kind.THROTTLED, Certainty.DEFINITE),
            (500, Kind.FAULT, Certainty.AMBIGUOUS),
            (502, Kind.FAULT, Certainty.AMBIGUOUS),
            (503, Kind.FAULT, Certainty.DEFINITE),
            (504, Kind.FAULT, Certainty.AMBIGUOUS),
            (520, Kind.FAULT, Certainty.AMBIGUOUS),
        ],
    )
    @pytest.mark.parametrize("body", [b"<html>gateway</html>", b"", b"{}"], ids=["html", "empty", "{}"])
    def test_an_error_without_a_name_is_judged_by_its_status(self, provider, status, kind, certainty, body):
        outcome = provider.outcome(Response(status, {}, body))
        assert (outcome.kind, outcome.certainty, outcome.http) == (kind, certainty, status)
        assert outcome.code.endswith(f"http_{status}")

    def test_an_unsupported_media_type_is_our_own_bad_request(self, provider):
        outcome = provider.outcome(Response(415, {}, b"{}"))
        assert outcome.kind is Kind.REJECTED
        assert outcome.code.startswith("bad_request:")

    def test_says_nothing_of_addresses_and_keys(self, provider):
        told = "refused zoe@fans.example for Bearer re_Secret123456789 and AKIDEXAMPLE123456 " + "9f" * 40
        body = json.dumps({"name": told, "message": told, "Message": told, "ErrorCode": 300}).encode()
        for answer in (Response(422, {}, body), Response(422, {}, told.encode()), Response(200, {}, told.encode())):
            outcome = provider.outcome(answer)
            shown = outcome.detail + outcome.code
            assert outcome.detail.startswith(("refused [address]", "answered 200"))
            assert not any(secret in shown for secret in ("zoe", "fans.example", "re_Secret", "9f9f9f"))


class TestRetryAfter:
    def wait(self, provider, **headers: str) -> int | None:
        return provider.outcome(
            Response(429, {name.replace("_", "-"): value for name, value in headers.items()}, b"")
        ).retry_after_ms

    @pytest.mark.parametrize(
        ("value", "wait"),
        [
            ("0", 0),
            ("2", 2000),
            ("1.5", 1500),
            (" 30 ", 30_000),
            ("999999999", 86_400_000),
            ("-1", None),
            ("soon", None),
        ],
    )
    def test_counts_seconds(self, provider, value, wait):
        assert self.wait(provider, retry_after=value) == wait

    def test_counts_a_date_from_the_answers_own_date(self, provider):
        until, since = "Tue, 24 Nov 2026 09:00:10 GMT", "Tue, 24 Nov 2026 09:00:00 GMT"
        assert self.wait(provider, retry_after=until, date=since) == 10_000

    def test_a_date_in_the_past_asks_for_no_wait(self, provider):
        until, since = "Tue, 24 Nov 2026 09:00:00 GMT", "Tue, 24 Nov 2026 09:00:10 GMT"
        assert self.wait(provider, retry_after=until, date=since) == 0

    def test_a_date_without_a_reference_says_nothing(self, provider):
        assert self.wait(provider, retry_after="Tue, 24 Nov 2026 09:00:10 GMT") is None


class TestLookupAndProbe:
    def test_only_a_provider_with_search_is_searched(self, provider):
        searches = provider.capabilities.evidence is Evidence.LOOKUP
        assert (provider.lookup_request("0" * 32, "zoe@fans.example", NOW) is not None) == searches

    def test_a_probe_reads_and_sends_nothing(self, provider):
        probe = provider.probe_request(NOW)
        assert (probe.method, probe.body) == ("GET", b"")

    @given(ANSWER)
    def test_reading_never_raises(self, provider, answer):
        assert isinstance(provider.lookup(answer), Lookup)
        assert isinstance(provider.allowance(answer), Allowance | None)
        assert provider.health(answer).state in ("ready", "misconfigured", "degraded", "unreachable")

    @pytest.mark.parametrize(
        ("status", "state"),
        [(401, "misconfigured"), (404, "misconfigured"), (429, "degraded"), (500, "unreachable"), (200, "unreachable")],
    )
    def test_a_refused_probe_is_judged_like_a_refused_send(self, provider, status, state):
        verdict = provider.health(Response(status, {}, b"<html></html>"))
        assert isinstance(verdict, Health)
        assert verdict.state == state

    @pytest.mark.parametrize("status", [200, 401, 429, 500])
    def test_a_search_that_cannot_be_read_is_no_answer(self, provider, status):
        assert provider.lookup(Response(status, {}, b"{}")).found is Found.NO_ANSWER


class TestAccount:
    def test_shows_no_secret(self, provider):
        assert not any(secret in repr(provider) for secret in secrets(provider))

    def test_cannot_be_changed(self, provider):
        with pytest.raises(FrozenInstanceError):
            provider.base_url = "http://elsewhere.example"

    def test_carries_a_plain_message(self, provider, message, envelope):
        assert cannot_carry(message, provider.capabilities, len(provider.document(message, envelope))) is None


def secrets(provider) -> list[str]:
    return [value for field in ("api_key", "access_key", "secret_key") if (value := getattr(provider, field, None))]
