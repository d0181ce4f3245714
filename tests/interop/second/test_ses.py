"""AWS's own SDKs take the emulator for SES: their signatures, their models, their errors."""

from typing import Any

import pytest

from interop.second.clients import Refused, SesNode, SesPython

MAIL: dict[str, Any] = {
    "FromEmailAddress": "The Backroom <post@backroom.example>",
    "Destination": {"ToAddresses": ["jane@customers.example"]},
    "Content": {
        "Simple": {
            "Subject": {"Data": "Your ticket: Zoë", "Charset": "UTF-8"},
            "Body": {
                "Html": {"Data": "<p>Here it is.</p>", "Charset": "UTF-8"},
                "Text": {"Data": "Here it is.", "Charset": "UTF-8"},
            },
            "Headers": [{"Name": "X-Job", "Value": "8731"}],
        }
    },
    "EmailTags": [{"Name": "nf_ref", "Value": "ref-1"}],
}
MODELLED = (
    "BadRequestException",
    "LimitExceededException",
    "MessageRejected",
    "NotFoundException",
)  # botocore makes types of these alone


@pytest.fixture(params=["python", "node"])
def client(request, emulator, node):
    """Each SDK; called, it makes one with other keys."""
    made: list[Any] = []

    def make(**given: Any) -> Any:
        made.append(SesNode(node, **given) if request.param == "node" else SesPython(emulator.urls["ses"], **given))
        return made[-1]

    yield make
    for sdk in made:
        sdk.close()


@pytest.fixture
def sdk(client):
    return client()


class TestSending:
    def test_a_signed_mail_is_accepted_under_the_id_of_its_copy(self, sdk, emulator):
        answer = sdk.send(MAIL)
        (copy,) = emulator.call("GET", "/mailbox")["copies"]
        assert answer["MessageId"] == copy["id"]
        assert (copy["recipient"], copy["subject"]) == ("jane@customers.example", "Your ticket: Zoë")
        assert (copy["ref"], copy["headers"]) == ("ref-1", {"X-Job": "8731"})

    def test_a_large_mail_is_signed_and_accepted_too(self, sdk, emulator):
        body = {"Html": {"Data": "<p>Zoë</p>" * 100_000, "Charset": "UTF-8"}}
        content = {"Simple": {"Subject": MAIL["Content"]["Simple"]["Subject"], "Body": body}}
        sdk.send({**MAIL, "Content": content})
        assert emulator.call("GET", "/mailbox")["total"] == 1


class TestRefusals:
    def refusal(self, sdk, status: int, code: str, mail: dict[str, Any] = MAIL) -> str:
        with pytest.raises(Refused) as refused:
            sdk.send(mail)
        assert (refused.value.status, refused.value.code) == (status, code)
        known = isinstance(sdk, SesNode) or code in MODELLED
        assert refused.value.kind == (code if known else "ClientError")
        return refused.value.message

    def test_a_wrong_secret(self, client):
        self.refusal(client(keys=("AKIAEMULATOR", "guessed")), 403, "SignatureDoesNotMatch")

    def test_an_unknown_key(self, client):
        self.refusal(client(keys=("AKIANOBODY", "emulator-secret")), 403, "UnrecognizedClientException")

    def test_an_unverified_sender(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"ses": {"verified": ["other.example"]}})
        message = self.refusal(sdk, 400, "MessageRejected")
        assert message.startswith("Email address is not verified.")

    def test_a_bad_recipient(self, sdk):
        mail = {**MAIL, "Destination": {"ToAddresses": ["nobody"]}}
        assert self.refusal(sdk, 400, "BadRequestException", mail) == "Missing final '@domain'"

    def test_an_unknown_configuration_set(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"ses": {"configuration_sets": ["events"]}})
        self.refusal(sdk, 404, "NotFoundException", {**MAIL, "ConfigurationSetName": "elsewhere"})

    def test_the_quota_of_the_day_is_used(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"ses": {"daily_quota": 0}})
        assert self.refusal(sdk, 400, "LimitExceededException") == "Daily message quota exceeded."

    def test_too_much_at_once(self, client, emulator):
        emulator.call("PUT", "/settings", {"ses": {"rate": 1}})
        once = client(retries={"total_max_attempts": 1}) if client().__class__ is SesPython else client(maxAttempts=1)
        with pytest.raises(Refused) as refused:
            for _ in range(100):
                once.send(MAIL)
        assert (refused.value.status, refused.value.code) == (429, "TooManyRequestsException")
        assert refused.value.message == "Maximum sending rate exceeded."


class TestAccount:
    def test_the_account_tells_what_may_be_sent(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"ses": {"rate": 50, "daily_quota": 50_000}})
        before = sdk.account()["SendQuota"]["SentLast24Hours"]
        sdk.send(MAIL)
        account = sdk.account()
        assert account["SendQuota"] == {"Max24HourSend": 50_000, "MaxSendRate": 50, "SentLast24Hours": before + 1}
        assert (account["SendingEnabled"], account["ProductionAccessEnabled"]) == (True, True)
        assert account["EnforcementStatus"] == "HEALTHY"

    def test_keys_that_may_only_send_may_not_look(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"ses": {"sending_only": True}})
        with pytest.raises(Refused) as refused:
            sdk.account()
        assert (refused.value.status, refused.value.code) == (403, "AccessDeniedException")
