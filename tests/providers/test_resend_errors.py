"""Resend's answers, row by row: what was said, and what it means."""

import json

import pytest

from notifyctl.domain.outcome import Certainty, Kind, Limits, Response
from notifyctl.providers.resend import Resend

RESEND = Resend("re_test")
ID = "4ef9a417-02e9-4d39-ad75-9611e0fcc33c"
HEADERS = {"ratelimit-limit": "5", "ratelimit-remaining": "3", "ratelimit-reset": "1"}
DEFINITE, AMBIGUOUS = Certainty.DEFINITE, Certainty.AMBIGUOUS

TAXONOMY = [
    # a key that was revoked answers with three statuses, by age of the API
    (400, "validation_error", "API key is invalid", Kind.ACCOUNT, DEFINITE),
    (401, "validation_error", "API key is invalid", Kind.ACCOUNT, DEFINITE),
    (403, "invalid_api_key", "API key is invalid.", Kind.ACCOUNT, DEFINITE),
    (401, "missing_api_key", "Missing API key in the authorization header.", Kind.ACCOUNT, DEFINITE),
    (401, "restricted_api_key", "This API key is restricted to only send emails.", Kind.ACCOUNT, DEFINITE),
    (403, "suspended_api_key", "This API key is suspended.", Kind.ACCOUNT, DEFINITE),
    (403, "invalid_permission", "The token lacks the scope.", Kind.ACCOUNT, DEFINITE),
    (403, "validation_error", "You can only send testing emails to your own email address (a@b.example).",
     Kind.SENDER, DEFINITE),
    (403, "validation_error", "The backroom.example domain is not verified.", Kind.SENDER, DEFINITE),
    (400, "validation_error", "Invalid `from` field. The address needs to follow the format.", Kind.SENDER, DEFINITE),
    (422, "validation_error", "Invalid `from` field.", Kind.SENDER, DEFINITE),
    (422, "invalid_from_address", "Invalid `from` field.", Kind.SENDER, DEFINITE),
    (422, "invalid_region", "Region must be one of us-east-1.", Kind.SENDER, DEFINITE),
    (422, "invalid_access", "Access must be full_access or sending_access.", Kind.ACCOUNT, DEFINITE),
    (400, "validation_error", "Invalid `to` field.", Kind.REJECTED, DEFINITE),
    (422, "validation_error", "Invalid `to` field. It differs from `email@b.example`.", Kind.REJECTED, DEFINITE),
    (422, "validation_error", "Invalid `to` field. Use our testing address instead of domains like `example.com`.",
     Kind.REJECTED, DEFINITE),
    (422, "missing_required_field", "Missing `to` field.", Kind.REJECTED, DEFINITE),
    (422, "missing_required_parameter", "The request body is missing a parameter.", Kind.REJECTED, DEFINITE),
    (422, "invalid_parameter", "The parameter must be a valid UUID.", Kind.REJECTED, DEFINITE),
    (422, "invalid_attachment", "Attachment must have a content.", Kind.REJECTED, DEFINITE),
    (404, "not_found", "The requested endpoint does not exist.", Kind.ACCOUNT, DEFINITE),
    (405, "method_not_allowed", "Method is not allowed.", Kind.ACCOUNT, DEFINITE),
    (409, "concurrent_idempotent_requests", "Another request with this key is in progress.", Kind.THROTTLED, AMBIGUOUS),
    (409, "invalid_idempotent_request", "Same key used with a different payload.", Kind.THROTTLED, AMBIGUOUS),
    (409, "resource_locked", "The resource is locked.", Kind.THROTTLED, DEFINITE),
    (409, "something_new", "A conflict nobody told us about.", Kind.THROTTLED, AMBIGUOUS),
    (429, "rate_limit_exceeded", "Too many requests.", Kind.THROTTLED, DEFINITE),
    (429, "daily_quota_exceeded", "You have reached your daily email sending quota.", Kind.ACCOUNT, DEFINITE),
    (429, "monthly_quota_exceeded", "You have reached your monthly email sending quota.", Kind.ACCOUNT, DEFINITE),
    (451, "security_error", "We may have found a security issue.", Kind.REJECTED, DEFINITE),
    (500, "application_error", "An unexpected error occurred.", Kind.FAULT, AMBIGUOUS),
    (500, "internal_server_error", "An unexpected error occurred.", Kind.FAULT, AMBIGUOUS),
    (503, "application_error", "An unexpected error occurred.", Kind.FAULT, DEFINITE),
    (503, "service_unavailable", "Try again later.", Kind.FAULT, DEFINITE),
    (422, "something_new", "A refusal nobody told us about.", Kind.REJECTED, DEFINITE),
]  # fmt: skip


def answer(status: int, name: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps({"statusCode": status, "name": name, "message": message}).encode()
    return Response(status, headers or {}, body)


@pytest.mark.parametrize(
    ("status", "name", "message", "kind", "certainty"), TAXONOMY, ids=[f"{r[0]}-{r[1]}-{r[2][:24]}" for r in TAXONOMY]
)
def test_every_refusal_has_its_meaning(status, name, message, kind, certainty):
    outcome = RESEND.outcome(answer(status, name, message))
    assert (outcome.kind, outcome.certainty, outcome.code, outcome.http) == (kind, certainty, name, status)
    assert outcome.provider_id == ""


def test_a_wrong_idempotency_key_is_our_own_bad_request():
    outcome = RESEND.outcome(answer(400, "invalid_idempotency_key", "The key must be between 1-256 chars."))
    assert (outcome.kind, outcome.code) == (Kind.REJECTED, "bad_request:invalid_idempotency_key")
    assert not outcome.ambiguous


def test_the_cdn_that_misses_a_user_agent_closes_the_account():
    outcome = RESEND.outcome(Response(403, {}, b"error code: 1010"))
    assert (outcome.kind, outcome.certainty) == (Kind.ACCOUNT, DEFINITE)


def test_a_receipt_is_accepted():
    outcome = RESEND.outcome(Response(200, {}, json.dumps({"id": ID}).encode()))
    assert (outcome.kind, outcome.certainty, outcome.provider_id) == (Kind.ACCEPTED, Certainty.DEFINITE, ID)


class TestRateHeaders:
    @pytest.mark.parametrize("response", [
        Response(200, HEADERS, json.dumps({"id": ID}).encode()),
        answer(429, "rate_limit_exceeded", "Too many requests.", HEADERS),
        Response(502, HEADERS, b"<html>"),
    ], ids=["accepted", "throttled", "gateway"])  # fmt: skip
    def test_are_read_from_every_answer(self, response):
        assert RESEND.outcome(response).limits == Limits(5, 1, 3)

    def test_the_policy_gives_the_window(self):
        headers = {"ratelimit-limit": "20", "ratelimit-policy": "20;w=10"}
        assert RESEND.outcome(Response(500, headers, b"")).limits == Limits(20, 10, None)

    @pytest.mark.parametrize("value", ["", "0", "many", "-1", "9" * 30])
    def test_nonsense_is_no_limit(self, value):
        assert RESEND.outcome(Response(500, {"ratelimit-limit": value}, b"")).limits is None

    def test_the_wait_of_a_throttled_call_is_kept(self):
        outcome = RESEND.outcome(answer(429, "rate_limit_exceeded", "Too many requests.", {"retry-after": "2"}))
        assert outcome.retry_after_ms == 2000
