"""SES's answers, row by row: the type in a header or in the body, limits told apart by their wording."""

import json

import pytest

from notifyctl.domain.outcome import Certainty, Kind, Response
from notifyctl.providers.ses import Ses

SES = Ses("AKIDEXAMPLE", "secret")
DEFINITE, AMBIGUOUS = Certainty.DEFINITE, Certainty.AMBIGUOUS
UNVERIFIED = "Email address is not verified. The following identities failed the check in region EU-WEST-2: a@b.example"

TAXONOMY = [
    (429, "TooManyRequestsException", "Maximum sending rate exceeded.", Kind.THROTTLED, DEFINITE),
    (429, "TooManyRequestsException", "", Kind.THROTTLED, DEFINITE),
    (400, "ThrottlingException", "Maximum sending rate exceeded.", Kind.THROTTLED, DEFINITE),
    (400, "Throttling", "Rate exceeded", Kind.THROTTLED, DEFINITE),
    (400, "LimitExceededException", "Maximum sending rate exceeded.", Kind.THROTTLED, DEFINITE),
    (429, "TooManyRequestsException", "Daily message quota exceeded.", Kind.ACCOUNT, DEFINITE),
    (400, "ThrottlingException", "Daily message quota exceeded.", Kind.ACCOUNT, DEFINITE),
    (400, "LimitExceededException", "Daily message quota exceeded.", Kind.ACCOUNT, DEFINITE),
    (400, "LimitExceededException", "Too many resources.", Kind.FAULT, DEFINITE),
    (400, "AccountSuspendedException", "The account is suspended.", Kind.ACCOUNT, DEFINITE),
    (400, "SendingPausedException", "The account's ability to send email is currently paused.", Kind.ACCOUNT, DEFINITE),
    (400, "SendingPausedException", "Email sending is disabled for the configuration set.", Kind.SENDER, DEFINITE),
    (400, "MailFromDomainNotVerifiedException", "The MAIL FROM domain is not verified.", Kind.SENDER, DEFINITE),
    (400, "MessageRejected", UNVERIFIED, Kind.SENDER, DEFINITE),
    (400, "MessageRejected", "Email address not verified tickets@backroom.example", Kind.SENDER, DEFINITE),
    (400, "MessageRejected", "The message contains a virus.", Kind.REJECTED, DEFINITE),
    (404, "NotFoundException", "Configuration set <events> does not exist.", Kind.SENDER, DEFINITE),
    (404, "UnknownOperationException", "", Kind.ACCOUNT, DEFINITE),
    (400, "BadRequestException", "Missing final '@domain'", Kind.REJECTED, DEFINITE),
    (403, "AccessDeniedException", "User is not authorized to perform: ses:SendEmail", Kind.ACCOUNT, DEFINITE),
    (403, "UnrecognizedClientException", "The security token is invalid.", Kind.ACCOUNT, DEFINITE),
    (403, "InvalidClientTokenId", "The security token is invalid.", Kind.ACCOUNT, DEFINITE),
    (403, "SignatureDoesNotMatch", "The request signature does not match.", Kind.ACCOUNT, DEFINITE),
    (403, "InvalidSignatureException", "Signature expired: 20261124T090000Z is now earlier.", Kind.ACCOUNT, DEFINITE),
    (403, "IncompleteSignature", "Authorization header requires 'Credential'.", Kind.ACCOUNT, DEFINITE),
    (400, "IncompleteSignature", "Authorization header requires 'Credential'.", Kind.ACCOUNT, DEFINITE),
    (403, "ExpiredTokenException", "The security token has expired.", Kind.ACCOUNT, DEFINITE),
    (403, "OptInRequired", "The account needs a subscription.", Kind.ACCOUNT, DEFINITE),
    (413, "RequestEntityTooLargeException", "Too large.", Kind.REJECTED, DEFINITE),
    (408, "RequestTimeoutException", "The request did not arrive whole.", Kind.THROTTLED, DEFINITE),
    (409, "ConflictException", "Being modified.", Kind.THROTTLED, DEFINITE),
    (500, "ConcurrentModificationException", "Being modified.", Kind.THROTTLED, DEFINITE),
    (500, "InternalFailure", "Unknown error.", Kind.FAULT, AMBIGUOUS),
    (500, "InternalServiceErrorException", "Unknown error.", Kind.FAULT, AMBIGUOUS),
    (503, "ServiceUnavailable", "Try later.", Kind.FAULT, DEFINITE),
    (400, "SomethingNewException", "A refusal nobody told us about.", Kind.REJECTED, DEFINITE),
]  # fmt: skip


def outcome_of(status: int, name: str, message: str):
    return SES.outcome(Response(status, {"x-amzn-errortype": name}, json.dumps({"message": message}).encode()))


@pytest.mark.parametrize(
    ("status", "name", "message", "kind", "certainty"), TAXONOMY, ids=[f"{r[0]}-{r[1]}-{r[2][:20]}" for r in TAXONOMY]
)
def test_every_refusal_has_its_meaning(status, name, message, kind, certainty):
    outcome = outcome_of(status, name, message)
    assert (outcome.kind, outcome.certainty, outcome.code, outcome.http) == (kind, certainty, name, status)


@pytest.mark.parametrize(
    "noise",
    ["MessageRejected:http://internal.amazon.com/coral/", "com.amazonaws.sesv2#MessageRejected", "ns#MessageRejected:"],
)
def test_noise_around_the_type_is_ignored(noise):
    outcome = outcome_of(400, noise, UNVERIFIED)
    assert (outcome.kind, outcome.code) == (Kind.SENDER, "MessageRejected")


@pytest.mark.parametrize(
    "body",
    [{"__type": "ns#MessageRejected", "Message": UNVERIFIED}, {"code": "MessageRejected", "message": UNVERIFIED}],
)
def test_type_and_message_are_found_in_the_body(body):
    outcome = SES.outcome(Response(400, {}, json.dumps(body).encode()))
    assert (outcome.kind, outcome.code) == (Kind.SENDER, "MessageRejected")
    assert "@" not in outcome.detail


def test_a_refusal_in_xml_is_judged_by_its_status():
    body = b"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>"
    assert SES.outcome(Response(403, {"content-type": "text/xml"}, body)).kind is Kind.ACCOUNT


def test_a_receipt_is_accepted():
    identity = "010201937e8b2a5c-3f5b8d5e-6a52-4f0f-9d9b-8d3c0e5a7f21-000000"
    outcome = SES.outcome(Response(200, {}, json.dumps({"MessageId": identity}).encode()))
    assert (outcome.kind, outcome.certainty, outcome.provider_id) == (Kind.ACCEPTED, DEFINITE, identity)
