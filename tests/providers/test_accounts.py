"""Probes and look-ups: what the answers say about an account, and about a copy."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from notifyctl.domain.limit import Limit
from notifyctl.domain.outcome import Response
from notifyctl.domain.provider import Found
from notifyctl.domain.quota import Allowance, Quota
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses

NOW = 1_795_510_800.0
REF = "0123456789abcdef0123456789abcdef"
RESEND = Resend("re_test")
POSTMARK = Postmark("token", stream="tickets", broadcast_stream="news")
SES = Ses("AKIDEXAMPLE", "secret")
SERVER = {"ID": 1, "Name": "Production", "ApiTokens": ["3f8e7a60-live-token"], "DeliveryType": "Live"}
ACCOUNT = {
    "SendingEnabled": True,
    "ProductionAccessEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 1.0},
    "Details": {"AdditionalContactEmailAddresses": ["ops@backroom.example"]},
}

DAILY = {"used": 40, "limit": 100, "sent": 30, "received": 10, "resets_at": "2026-11-25T09:00:00.000Z"}
MONTHLY = {"used": 900, "limit": 3000, "sent": 800, "received": 100, "resets_at": "2026-12-01T00:00:00.000Z"}
USAGE = {
    "object": "usage",
    "emails": {"daily": DAILY, "monthly": MONTHLY},
    "rate_limit": {"limit": 10, "duration": "1000ms"},
}


def answer(status: int, body: object, **headers: str) -> Response:
    return Response(status, headers, json.dumps(body).encode())


class TestResend:
    def test_a_key_that_may_only_send_is_the_best_answer(self):
        verdict = RESEND.health(answer(401, {"name": "restricted_api_key", "message": "only send", "statusCode": 401}))
        assert (verdict.state, verdict.data) == ("ready", {"key": "sending_access"})

    def test_a_key_that_may_do_more_is_told_with_its_domains(self):
        domains = [{"id": "1", "name": "backroom.example", "status": "verified"}]
        verdict = RESEND.health(answer(200, {"object": "list", "data": domains}))
        assert verdict.state == "ready"
        assert verdict.data == {"key": "full_access", "domains": {"backroom.example": "verified"}}

    def test_a_revoked_key_is_misconfigured(self):
        assert (
            RESEND.health(answer(400, {"name": "validation_error", "message": "API key is invalid"})).state
            == "misconfigured"
        )


class TestPostmark:
    def test_a_live_server_is_ready_and_its_tokens_stay_inside(self):
        verdict = POSTMARK.health(answer(200, SERVER))
        assert verdict.state == "ready"
        assert "3f8e7a60" not in repr(verdict)

    def test_a_sandbox_server_delivers_nothing(self):
        assert POSTMARK.health(answer(200, SERVER | {"DeliveryType": "Sandbox"})).state == "degraded"

    def test_a_wrong_token_is_misconfigured(self):
        assert POSTMARK.health(answer(401, {"ErrorCode": 10, "Message": "Bad token."})).state == "misconfigured"

    @pytest.mark.parametrize(("marketing", "stream"), [(False, "tickets"), (True, "news")])
    def test_a_copy_is_searched_by_our_reference_in_its_stream(self, marketing, stream):
        request = POSTMARK.lookup_request(REF, "zoe@fans.example", NOW, marketing)
        query = parse_qs(urlsplit(request.url).query)
        assert query == {"count": ["50"], "offset": ["0"], "messagestream": [stream], "metadata_nf_ref": [REF]}

    def test_no_address_stands_in_the_url_of_a_search(self):
        assert "zoe" not in POSTMARK.lookup_request(REF, "zoe@fans.example", NOW).url

    def test_a_found_copy_is_present(self):
        found = {"TotalCount": 1, "Messages": [{"MessageID": "m-1", "Metadata": {"nf_ref": REF}}]}
        verdict = POSTMARK.lookup(answer(200, found))
        assert (verdict.found, verdict.provider_id) == (Found.PRESENT, "m-1")

    def test_two_copies_are_present(self):
        copies = [{"MessageID": name, "Metadata": {"nf_ref": REF}} for name in ("m-2", "m-1")]
        assert POSTMARK.lookup(answer(200, {"TotalCount": 2, "Messages": copies})).found is Found.PRESENT

    def test_an_empty_search_is_absent(self):
        assert POSTMARK.lookup(answer(200, {"TotalCount": 0, "Messages": []})).found is Found.ABSENT

    @pytest.mark.parametrize(
        "body",
        [
            {
                "TotalCount": 2,
                "Messages": [{"MessageID": "a", "Metadata": {"nf_ref": "1"}}, {"MessageID": "b", "Metadata": {}}],
            },
            {"TotalCount": 1, "Messages": []},
            {"TotalCount": 0},
            {"Messages": []},
            {"TotalCount": 1, "Messages": [{"MessageID": ""}]},
            {"TotalCount": 1, "Messages": ["m-1"]},
        ],
        ids=["unfiltered", "count-without-copy", "no-list", "no-count", "no-id", "no-objects"],
    )
    def test_a_search_that_contradicts_itself_is_no_answer(self, body):
        assert POSTMARK.lookup(answer(200, body)).found is Found.NO_ANSWER


class TestSes:
    def test_a_healthy_account_is_ready_and_its_contacts_stay_inside(self):
        verdict = SES.health(answer(200, ACCOUNT))
        assert (verdict.state, verdict.data["SendQuota"]["MaxSendRate"]) == ("ready", 14.0)
        assert "ops@" not in repr(verdict)

    @pytest.mark.parametrize(
        ("change", "state"),
        [
            ({"SendingEnabled": False}, "misconfigured"),
            ({"EnforcementStatus": "SHUTDOWN"}, "misconfigured"),
            ({"EnforcementStatus": "PROBATION"}, "degraded"),
            ({"ProductionAccessEnabled": False}, "degraded"),
        ],
    )
    def test_a_restricted_account_says_so(self, change, state):
        assert SES.health(answer(200, ACCOUNT | change)).state == state

    def test_a_key_that_may_not_look_is_the_best_answer(self):
        denied = answer(
            403,
            {"message": "not authorized to perform: ses:GetAccount"},
            **{"x-amzn-errortype": "AccessDeniedException"},
        )
        assert SES.health(denied).state == "ready"

    def test_a_wrong_signature_is_misconfigured(self):
        wrong = answer(403, {"message": "does not match"}, **{"x-amzn-errortype": "SignatureDoesNotMatch"})
        assert SES.health(wrong).state == "misconfigured"

    def test_a_probe_signs_no_content_type(self):
        headers = dict(SES.probe_request(NOW).headers)
        assert "SignedHeaders=host;x-amz-date," in headers["Authorization"]
        assert "Content-Type" not in headers


class TestAllowance:
    def test_resend_tells_rate_day_and_month_to_any_key(self):
        request = RESEND.allowance_request(NOW)
        assert (request.method, request.url) == ("GET", "https://api.resend.com/usage")
        day, month = Quota("daily", 100, 40, 1_795_597_200_000), Quota("monthly", 3000, 900, 1_796_083_200_000)
        assert RESEND.allowance(answer(200, USAGE)) == Allowance(Limit(10), (day, month))

    def test_a_plan_without_a_cap_and_a_team_without_a_limit_have_none(self):
        emails = {**USAGE["emails"], "daily": {"used": 40, "limit": None, "resets_at": None}}
        told = RESEND.allowance(answer(200, {**USAGE, "emails": emails, "rate_limit": {"limit": None}}))
        assert (told.limit, [quota.name for quota in told.quotas]) == (None, ["monthly"])

    @pytest.mark.parametrize("duration", ["soon", "0ms", 1, None])
    def test_a_window_that_cannot_be_read_is_a_second(self, duration):
        rate = {"limit": 10, "duration": duration}
        assert RESEND.allowance(answer(200, {**USAGE, "rate_limit": rate})).limit == Limit(10)

    @pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
    def test_an_account_without_this_call_tells_nothing(self, status):
        assert RESEND.allowance(answer(status, USAGE)) is None
        assert SES.allowance(answer(status, ACCOUNT)) is None

    def test_amazon_tells_recipients_a_second_and_in_24_hours(self):
        assert SES.allowance(answer(200, ACCOUNT)) == Allowance(Limit(14), (Quota("24 hours", 50_000, 1),))

    @pytest.mark.parametrize(("rate", "limit"), [(0.5, Limit(1, 2)), (0, None), (-1, None), ("14", None)])
    def test_a_rate_below_one_is_one_in_a_longer_time_and_nonsense_is_none(self, rate, limit):
        quota = {**ACCOUNT["SendQuota"], "MaxSendRate": rate}
        assert SES.allowance(answer(200, {"SendQuota": quota})).limit == limit

    def test_minus_one_is_no_quota(self):
        quota = {**ACCOUNT["SendQuota"], "Max24HourSend": -1}
        assert SES.allowance(answer(200, {"SendQuota": quota})).quotas == ()

    def test_postmark_is_not_asked(self):
        assert POSTMARK.allowance_request(NOW) is None
