"""Keys made and revoked at Resend and AWS: what is asked, and what is read of the answers."""

from urllib.parse import parse_qs

import pytest

from notifyctl.domain.keymaking import KeyInfo
from notifyctl.domain.outcome import Request, Response
from notifyctl.providers.resend.account import Account
from notifyctl.providers.resend.keys import Keys as Resend
from notifyctl.providers.ses.keys import Keys as Aws

NOW = 1_796_064_000.0
RESEND = Resend(Account("re_admin"))
AWS = Aws("AKIAADMIN", "admin-secret", "worker")
CREATED = b"""<CreateAccessKeyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateAccessKeyResult>
<AccessKey><UserName>worker</UserName><AccessKeyId>AKIANEW</AccessKeyId><Status>Active</Status>
<SecretAccessKey>wJalr/+secret</SecretAccessKey></AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>"""
LISTED = b"""<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata>
<member><AccessKeyId>AKIAOLD</AccessKeyId><Status>Active</Status><CreateDate>2026-11-30T18:40:00Z</CreateDate></member>
<member><AccessKeyId>AKIANEW</AccessKeyId><CreateDate>whenever</CreateDate></member>
</AccessKeyMetadata></ListAccessKeysResult></ListAccessKeysResponse>"""
LAST_USED = b"""<GetAccessKeyLastUsedResult><AccessKeyLastUsed><LastUsedDate>2026-11-30T18:40:00Z</LastUsedDate>
</AccessKeyLastUsed><UserName>worker</UserName></GetAccessKeyLastUsedResult>"""
NO_SUCH = b"<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>"


def answer(status: int, body: bytes) -> Response:
    return Response(status, {}, body)


def form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


class TestResend:
    def test_asks_for_a_key_that_may_only_send(self) -> None:
        request = RESEND.create_request("notifyctl 1", NOW)
        assert (request.method, request.url) == ("POST", "https://api.resend.com/api-keys")
        assert request.body == b'{"name":"notifyctl 1","permission":"sending_access"}'
        assert ("Authorization", "Bearer re_admin") in request.headers

    def test_reads_id_and_token(self) -> None:
        made = RESEND.created(answer(201, b'{"id": "7f", "token": "re_new"}'))
        assert made and (made.id, [value.reveal() for value in made.values]) == ("7f", ["re_new"])
        assert "re_new" not in repr(made)

    @pytest.mark.parametrize("body", [b'{"id": "7f"}', b'{"token": "re_new"}', b"", b"[]"])
    def test_makes_nothing_of_less(self, body: bytes) -> None:
        assert RESEND.created(answer(201, body)) is None
        assert RESEND.created(answer(401, b'{"id": "7f", "token": "re_new"}')) is None

    def test_lists_with_the_times_in_both_of_its_forms(self) -> None:
        body = b"""{"data": [{"id": "1", "name": "a", "created_at": "2026-11-30 18:40:00.110779+00",
            "last_used_at": "2026-11-30T18:40:00.000Z"}, {"id": "2", "name": "b", "last_used_at": null}]}"""
        assert RESEND.listed(answer(200, body)) == (KeyInfo("1", "a", 1_796_064_000, 1_796_064_000), KeyInfo("2", "b"))
        assert RESEND.listed(answer(401, body)) is None
        assert RESEND.listed(answer(200, b"{}")) is None

    @pytest.mark.parametrize(("status", "gone"), [(200, True), (204, True), (404, True), (401, False), (500, False)])
    def test_revokes(self, status: int, gone: bool) -> None:
        request = RESEND.revoke_request("7f", NOW)
        assert (request.method, request.url) == ("DELETE", "https://api.resend.com/api-keys/7f")
        assert RESEND.revoked(answer(status, b"")) is gone


class TestAws:
    def test_signs_for_iam_and_names_the_user(self) -> None:
        request = AWS.create_request("any", NOW)
        assert (request.method, request.url) == ("POST", "https://iam.amazonaws.com/")
        assert form(request) == {"Action": "CreateAccessKey", "Version": "2010-05-08", "UserName": "worker"}
        headers = dict(request.headers)
        assert "Credential=AKIAADMIN/20261130/us-east-1/iam/aws4_request" in headers["Authorization"]
        assert headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"

    def test_leaves_the_user_to_iam_when_it_is_its_own(self) -> None:
        assert "UserName" not in form(Aws("AKIA", "secret").list_request(NOW))

    def test_reads_both_halves(self) -> None:
        made = AWS.created(answer(200, CREATED))
        assert made and [value.reveal() for value in made.values] == ["AKIANEW", "wJalr/+secret"]
        assert "secret" not in repr(made)
        assert AWS.created(answer(409, b"<Code>LimitExceeded</Code>")) is None

    def test_lists(self) -> None:
        assert AWS.listed(answer(200, LISTED)) == (KeyInfo("AKIAOLD", "", 1_796_064_000), KeyInfo("AKIANEW"))
        assert AWS.listed(answer(403, LISTED)) is None

    def test_tells_the_last_use(self) -> None:
        request = AWS.use_request("AKIAOLD", NOW)
        assert request and form(request)["AccessKeyId"] == "AKIAOLD"
        assert "UserName" not in form(request)
        assert AWS.used(answer(200, LAST_USED)) == 1_796_064_000
        assert AWS.used(answer(200, b"<ServiceName>N/A</ServiceName>")) == 0
        assert AWS.used(answer(403, b"")) is None

    @pytest.mark.parametrize(("status", "body", "gone"), [(200, b"", True), (404, NO_SUCH, True), (403, b"", False)])
    def test_revokes(self, status: int, body: bytes, gone: bool) -> None:
        request = AWS.revoke_request("AKIAOLD", NOW)
        assert (form(request)["Action"], form(request)["AccessKeyId"]) == ("DeleteAccessKey", "AKIAOLD")
        assert AWS.revoked(answer(status, body)) is gone
