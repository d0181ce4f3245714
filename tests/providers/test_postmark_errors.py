"""Postmark's answers, row by row: the HTTP status carries, the error code means."""

import json

import pytest

from notifyctl.domain.outcome import Certainty, Kind, Response
from notifyctl.providers.postmark import Postmark

POSTMARK = Postmark("token")
ID = "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"
RECEIPT = {"To": "zoe@fans.example", "SubmittedAt": "2026-11-24T09:00:00Z", "MessageID": ID}
DEFINITE, AMBIGUOUS = Certainty.DEFINITE, Certainty.AMBIGUOUS

TAXONOMY = [
    (401, 10, "No Account or Server API tokens were supplied in the HTTP headers.", Kind.ACCOUNT, DEFINITE),
    (422, 10, "Bad or missing Server API token.", Kind.ACCOUNT, DEFINITE),
    (404, 12, "No such resource.", Kind.ACCOUNT, DEFINITE),
    (404, 701, "This server could not be found.", Kind.ACCOUNT, DEFINITE),
    (422, 300, "Invalid 'To' address: 'zoe@fans'.", Kind.REJECTED, DEFINITE),
    (422, 300, "Error parsing 'Cc': Illegal email domain.", Kind.REJECTED, DEFINITE),
    (422, 300, "Recipient limit exceeded. A maximum of 50 is allowed.", Kind.REJECTED, DEFINITE),
    (422, 300, "Provide either email TextBody or HtmlBody or both.", Kind.REJECTED, DEFINITE),
    (422, 300, "Metadata field names may have 20 characters.", Kind.REJECTED, DEFINITE),
    (422, 300, "Invalid 'From' address: 'tickets@'.", Kind.SENDER, DEFINITE),
    (422, 300, "Error parsing 'From': Illegal email domain.", Kind.SENDER, DEFINITE),
    (422, 400, "The 'From' address you supplied is not a Sender Signature on your account.", Kind.SENDER, DEFINITE),
    (422, 401, "The Sender Signature for this address has not been confirmed.", Kind.SENDER, DEFINITE),
    (422, 501, "You cannot use this domain.", Kind.SENDER, DEFINITE),
    (422, 503, "This is a public domain.", Kind.SENDER, DEFINITE),
    (422, 510, "The domain is not verified.", Kind.SENDER, DEFINITE),
    (422, 403, "Invalid JSON field.", Kind.REJECTED, DEFINITE),
    (422, 405, "Your account has run out of credits.", Kind.ACCOUNT, DEFINITE),
    (422, 411, "Forbidden attachment type.", Kind.REJECTED, DEFINITE),
    (422, 412, "While your account is pending approval, recipients must share its domain.", Kind.ACCOUNT, DEFINITE),
    (422, 413, "This account may not send.", Kind.ACCOUNT, DEFINITE),
    (422, 1226, "This stream cannot be used for sending.", Kind.SENDER, DEFINITE),
    (422, 1235, "The message stream does not exist on this server.", Kind.SENDER, DEFINITE),
    (422, 1236, "The stream type cannot send.", Kind.SENDER, DEFINITE),
    (422, 1101, "The template was not found.", Kind.SENDER, DEFINITE),
    *[(422, code, "Template trouble.", Kind.SENDER, DEFINITE) for code in (1120, 1121, 1122, 1123)],
    *[(422, code, "Query exception.", Kind.FAULT, DEFINITE) for code in (500, 600, 700, 900, 1000, 1100)],
    (422, 100, "Maintenance.", Kind.FAULT, DEFINITE),
    (503, 100, "Maintenance.", Kind.FAULT, DEFINITE),
    (429, 429, "Rate limit exceeded.", Kind.THROTTLED, DEFINITE),
    (413, 413, "The payload is too large.", Kind.REJECTED, DEFINITE),
    (500, 500, "Internal server error.", Kind.FAULT, AMBIGUOUS),
    (503, 503, "Planned outage.", Kind.FAULT, DEFINITE),
    (422, 9999, "A refusal nobody told us about.", Kind.REJECTED, DEFINITE),
]  # fmt: skip


def answer(status: int, **members: object) -> Response:
    return Response(status, {}, json.dumps(members).encode())


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "certainty"), TAXONOMY, ids=[f"{r[0]}-{r[1]}-{r[2][:24]}" for r in TAXONOMY]
)
def test_every_refusal_has_its_meaning(status, code, message, kind, certainty):
    outcome = POSTMARK.outcome(answer(status, ErrorCode=code, Message=message))
    assert (outcome.kind, outcome.certainty, outcome.code, outcome.http) == (kind, certainty, str(code), status)
    assert not outcome.suppressed


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [(422, 402, "Received invalid JSON input."), (422, 410, "Too many batch messages."),
     (415, 409, "The 'Accept' and 'Content-Type' headers must be 'application/json'.")],
)  # fmt: skip
def test_what_only_our_bug_can_cause_is_our_own_bad_request(status, code, message):
    outcome = POSTMARK.outcome(answer(status, ErrorCode=code, Message=message))
    assert (outcome.kind, outcome.code) == (Kind.REJECTED, f"bad_request:{code}")
    assert not outcome.ambiguous


def test_an_inactive_recipient_is_suppressed_and_not_named():
    message = (
        "You tried to send to a recipient that has been marked as inactive. Found inactive addresses: zoe@fans.example."
    )
    outcome = POSTMARK.outcome(answer(422, ErrorCode=406, Message=message))
    assert (outcome.kind, outcome.suppressed, outcome.code) == (Kind.REJECTED, True, "406")
    assert not outcome.ambiguous
    assert "zoe" not in outcome.detail


@pytest.mark.parametrize(("field", "kind"), [("'From'", Kind.SENDER), ("'To'", Kind.REJECTED)])
def test_a_list_of_errors_is_read(field, kind):
    errors = [{"ErrorCode": 300, "Message": f"Invalid {field} address."}]
    assert POSTMARK.outcome(answer(422, ErrorCode=11, Message="Several errors.", Errors=errors)).kind is kind


class TestReceipts:
    @pytest.mark.parametrize(
        "more",
        [
            {"ErrorCode": 0, "Message": "OK"},
            {"ErrorCode": 0, "Message": "Test job accepted"},
            {
                "ErrorCode": 0,
                "Message": "Message OK, but will not deliver to these inactive addresses: ann@fans.example",
            },
            {"Message": "Message accepted, but delivery may be delayed."},
        ],
    )
    def test_every_variant_is_accepted(self, more):
        outcome = POSTMARK.outcome(answer(200, **RECEIPT, **more))
        assert (outcome.kind, outcome.certainty, outcome.provider_id) == (Kind.ACCEPTED, DEFINITE, ID)
        assert "fans.example" not in outcome.detail

    def test_one_without_a_recipient_is_accepted(self):
        assert POSTMARK.outcome(answer(200, MessageID=ID, ErrorCode=0, Message="OK")).kind is Kind.ACCEPTED

    def test_an_error_on_status_200_is_no_receipt(self):
        outcome = POSTMARK.outcome(answer(200, **RECEIPT, ErrorCode=406, Message="inactive"))
        assert (outcome.kind, outcome.certainty) == (Kind.FAULT, AMBIGUOUS)
