"""The emulated SES verifies what botocore signs and keeps to the rules of SendEmail."""

import datetime
import json

import pytest

botocore_auth = pytest.importorskip("botocore.auth")
from botocore.awsrequest import AWSRequest  # noqa: E402 - botocore may be missing
from botocore.credentials import Credentials  # noqa: E402 - botocore may be missing

SEND = "/v2/email/outbound-emails"
ACCOUNT = "/v2/email/account"


@pytest.fixture
def mail() -> dict:
    return {
        "FromEmailAddress": "The Backroom <post@backroom.example>",
        "Destination": {"ToAddresses": ["jane@customers.example"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Your ticket", "Charset": "UTF-8"},
                "Body": {"Html": {"Data": "<p>Here it is.</p>", "Charset": "UTF-8"}, "Text": {"Data": "Here it is."}},
                "Headers": [{"Name": "X-Job", "Value": "8731"}],
            }
        },
        "EmailTags": [{"Name": "nf_ref", "Value": "ref-1"}],
    }


@pytest.fixture
def signed(emulator):
    """Sends a request signed by botocore; `tamper` changes its body or headers after signing."""

    def send(document=None, path=SEND, method="POST", tamper=None, secret="emulator-secret", **scope):
        body = b"" if document is None else json.dumps(document).encode()
        request = AWSRequest(
            method, emulator.urls["ses"] + path, data=body, headers={"Content-Type": "application/json"}
        )
        credentials = Credentials(scope.get("key", "AKIAEMULATOR"), secret, scope.get("token"))
        signer = botocore_auth.SigV4Auth(credentials, scope.get("service", "ses"), scope.get("region", "eu-west-2"))
        signer.add_auth(request)
        headers = dict(request.headers)
        if tamper is not None:
            body = tamper(headers, body) or body
        return emulator.call("ses", method, path, body, headers)

    return send


def simple(mail: dict, **change) -> dict:
    return {**mail, "Content": {"Simple": {**mail["Content"]["Simple"], **change}}}


class TestSignature:
    def test_what_botocore_signs_is_accepted(self, emulator, signed, mail):
        answer = signed(mail)
        (copy,) = emulator.copies()
        assert (answer.status, answer.json) == (200, {"MessageId": copy["id"]})
        assert "x-amzn-requestid" in answer.headers
        assert (copy["provider"], copy["recipient"], copy["ref"]) == ("ses", "jane@customers.example", "ref-1")
        assert copy["headers"] == {"X-Job": "8731"}

    def test_a_session_token_is_part_of_the_signature(self, signed, mail):
        assert signed(mail, token="session").status == 200

    def test_a_get_with_a_query_and_an_encoded_path_is_verified_too(self, signed):
        answer = signed(method="GET", path="/v2/email/suppression/addresses/a%2Bb%40customers.example?b=2&a=1%202")
        assert answer.headers["x-amzn-errortype"] == "UnknownOperationException"  # signed well, just not emulated

    @pytest.mark.parametrize(
        ("scope", "error"),
        [
            ({"secret": "wrong"}, "SignatureDoesNotMatch"),
            ({"key": "AKIAUNKNOWN"}, "UnrecognizedClientException"),
            ({"service": "email"}, "SignatureDoesNotMatch"),
        ],
    )
    def test_wrong_credentials_are_refused(self, emulator, signed, mail, scope, error):
        answer = signed(mail, **scope)
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, error)
        assert emulator.copies() == []

    def test_another_region_is_refused_when_one_is_set(self, emulator, signed, mail):
        emulator.settings(ses={"region": "eu-west-1"})
        assert signed(mail).status == 403
        assert signed(mail, region="eu-west-1").status == 200

    @pytest.mark.parametrize(
        "tamper",
        [
            lambda headers, body: body.replace(b"jane", b"eve1"),
            lambda headers, body: headers.update({"Content-Type": "text/plain"}),
            lambda headers, body: headers.update({"X-Amz-Security-Token": "added later"}),
            lambda headers, body: headers.update({"Host": "elsewhere.example"}),
            lambda headers, body: headers.update({"X-Amz-Content-Sha256": "0" * 64}),
        ],
        ids=["body", "signed header", "unsigned token", "host", "hash"],
    )
    def test_what_was_changed_after_signing_is_refused(self, signed, mail, tamper):
        answer = signed(mail, tamper=tamper)
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "SignatureDoesNotMatch")

    @pytest.mark.parametrize(
        ("authorization", "error"),
        [("", "MissingAuthenticationTokenException"), ("Bearer re_emulator", "IncompleteSignatureException")],
    )
    def test_no_or_no_complete_signature(self, signed, mail, authorization, error):
        answer = signed(mail, tamper=lambda headers, _: headers.update({"Authorization": authorization}))
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, error)

    @pytest.mark.parametrize(("minutes", "word"), [(-10, "expired"), (10, "not yet current")])
    def test_a_skewed_clock_is_refused(self, signed, mail, monkeypatch, minutes, word):
        skewed = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
        monkeypatch.setattr(botocore_auth, "get_current_datetime", lambda *_: skewed.replace(tzinfo=None))
        answer = signed(mail)
        assert answer.status == 403
        assert word in answer.json["message"]


class TestSending:
    def test_a_suppressed_recipient_is_accepted_and_gets_no_copy(self, emulator, signed, mail):
        emulator.settings(ses={"suppressed": ["jane@customers.example"]})
        assert signed(mail).status == 200
        assert emulator.copies() == []
        assert emulator.control("GET", "/mailbox/counts")["suppressed"] == {"ses": 1}

    def test_an_unverified_sender_is_message_rejected(self, emulator, signed, mail):
        emulator.settings(ses={"verified": ["other.example"]})
        answer = signed(mail)
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "MessageRejected")
        assert answer.json["message"].startswith("Email address is not verified.")

    def test_an_unknown_configuration_set_is_404(self, emulator, signed, mail):
        emulator.settings(ses={"configuration_sets": ["known"]})
        assert signed({**mail, "ConfigurationSetName": "known"}).status == 200
        assert signed({**mail, "ConfigurationSetName": "other"}).headers["x-amzn-errortype"] == "NotFoundException"

    def test_over_the_rate_is_too_many_requests(self, emulator, signed, mail):
        emulator.settings(ses={"rate": 1})
        refused = [answer for answer in (signed(mail) for _ in range(6)) if answer.status == 429]
        assert refused
        assert refused[0].headers["x-amzn-errortype"] == "TooManyRequestsException"
        assert refused[0].json["message"] == "Maximum sending rate exceeded."

    @pytest.mark.parametrize(
        "change",
        [
            {"Headers": [{"Name": "X", "Value": "v"}] * 16},
            {"Headers": [{"Name": "X", "Value": "v" * 996}]},
            {"Headers": [{"Name": "X", "Value": "é"}]},
            {"Headers": [{"Name": "X:", "Value": "v"}]},
            {"Subject": {"Data": "a\nBcc: b@customers.example"}},
            {"Body": {}},
        ],
        ids=["16 headers", "long value", "not ascii", "colon", "subject", "no body"],
    )
    def test_wrong_content_is_a_bad_request(self, emulator, signed, mail, change):
        answer = signed(simple(mail, **change))
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "BadRequestException")
        assert emulator.copies() == []

    def test_the_longest_headers_that_are_allowed(self, signed, mail):
        headers = [{"Name": f"X-{number}", "Value": "v" * 995} for number in range(15)]
        assert signed(simple(mail, Headers=headers)).status == 200

    @pytest.mark.parametrize(
        "change",
        [
            {"Destination": {}},
            {"Destination": {"ToAddresses": ["jane"]}},
            {"FromEmailAddress": "post"},
            {"EmailTags": [{"Name": "nf_ref", "Value": "not/allowed"}]},
            {"Content": {"Raw": {"Data": ""}}},
        ],
    )
    def test_a_wrong_envelope_is_a_bad_request(self, signed, mail, change):
        assert signed(mail | change).headers["x-amzn-errortype"] == "BadRequestException"


class TestAccount:
    def test_the_account_is_shown(self, signed):
        account = signed(method="GET", path=ACCOUNT).json
        assert account["SendingEnabled"] is True
        assert account["SendQuota"].keys() == {"Max24HourSend", "MaxSendRate", "SentLast24Hours"}

    def test_rate_and_quota_are_those_that_are_enforced(self, emulator, signed, mail):
        def quota() -> dict[str, float]:
            return signed(method="GET", path=ACCOUNT).json["SendQuota"]

        assert quota()["Max24HourSend"] == -1
        most = quota()["SentLast24Hours"] + 2
        emulator.settings(ses={"rate": 20, "daily_quota": int(most)})
        answers = [signed(mail) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 400]
        assert answers[2].json["message"] == "Daily message quota exceeded."
        assert quota() == {"Max24HourSend": most, "MaxSendRate": 20, "SentLast24Hours": most}

    def test_without_the_permission_it_is_denied(self, emulator, signed):
        emulator.settings(ses={"sending_only": True})
        answer = signed(method="GET", path=ACCOUNT)
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
