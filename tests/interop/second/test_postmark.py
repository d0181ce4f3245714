"""Postmark's own SDKs, and postmarker beside them, take the emulator for Postmark."""

from typing import Any

import pytest

from interop.second.clients import Postmarker, PostmarkNode, PostmarkPython, Refused

MAIL: dict[str, Any] = {
    "From": "The Backroom <post@backroom.example>",
    "To": "jane@customers.example",
    "Subject": "Your ticket",
    "HtmlBody": "<p>Here it is.</p>",
    "TextBody": "Here it is.",
    "Headers": [{"Name": "X-Job", "Value": "8731"}],
    "Metadata": {"nf_ref": "ref-1", "order": "8731"},
    "Tag": "booking.confirmation",
    "MessageStream": "outbound",
}
SDKS = ("official", "postmarker", "node")


@pytest.fixture(params=SDKS)
def client(request, emulator, node):
    """Each SDK; called, it makes one with another token."""
    made: list[Any] = []

    def make(**given: Any) -> Any:
        url = emulator.urls["postmark"]
        makers = {"official": PostmarkPython, "postmarker": Postmarker}
        made.append(makers[request.param](url, **given) if request.param in makers else PostmarkNode(node, **given))
        return made[-1]

    yield make
    for sdk in made:
        sdk.close()


@pytest.fixture
def sdk(client):
    return client()


class TestSending:
    def test_a_mail_is_accepted_under_the_id_of_its_copy(self, sdk, emulator):
        answer = sdk.send(MAIL)
        (copy,) = emulator.call("GET", "/mailbox")["copies"]
        assert (answer["ErrorCode"], answer["Message"], answer["MessageID"]) == (0, "OK", copy["id"])
        assert (copy["recipient"], copy["subject"], copy["ref"]) == ("jane@customers.example", "Your ticket", "ref-1")
        assert (copy["tag"], copy["stream"], copy["headers"]) == ("booking.confirmation", "outbound", {"X-Job": "8731"})

    def test_a_batch_is_accepted_in_order(self, sdk, emulator):
        answer = sdk.batch([MAIL, {**MAIL, "To": "joe@customers.example"}])
        copies = emulator.call("GET", "/mailbox")["copies"]
        assert [item["MessageID"] for item in answer] == [copy["id"] for copy in copies]
        assert [item["To"] for item in answer] == ["jane@customers.example", "joe@customers.example"]

    def test_a_test_token_validates_and_sends_nothing(self, client, emulator):
        answer = client(token="POSTMARK_API_TEST").send(MAIL)
        assert (answer["ErrorCode"], answer["Message"]) == (0, "Test job accepted")
        assert emulator.call("GET", "/mailbox")["total"] == 0


@pytest.mark.parametrize("client", ["postmarker", "node"], indirect=True)
def test_a_batch_has_a_code_for_each_item(sdk, emulator):
    """The official SDK for Python cannot read an item that was refused."""
    emulator.call("PUT", "/settings", {"postmark": {"suppressed": ["gone@customers.example"]}})
    answer = sdk.batch([{**MAIL, "To": "gone@customers.example"}, MAIL, {**MAIL, "To": "nobody"}])
    assert [item["ErrorCode"] for item in answer] == [406, 0, 300]
    assert emulator.call("GET", "/mailbox")["total"] == 1


class TestSearch:
    def test_a_mail_is_found_by_recipient_and_metadata(self, sdk):
        sent = sdk.send(MAIL)["MessageID"]
        sdk.send({**MAIL, "Metadata": {"nf_ref": "ref-2"}})
        query = {"metadata": {"nf_ref": "ref-1"}} if isinstance(sdk, PostmarkPython) else {"metadata_nf_ref": "ref-1"}
        (found,) = search(sdk, recipient="jane@customers.example", **query)
        assert (found["MessageID"], found["Metadata"]) == (sent, MAIL["Metadata"])
        assert (found["Status"], found["MessageStream"], found["Tag"]) == ("Sent", "outbound", "booking.confirmation")

    def test_nothing_is_found_for_somebody_else(self, sdk):
        sdk.send(MAIL)
        assert search(sdk, recipient="joe@customers.example") == []

    def test_a_stream_can_be_asked_for(self, sdk):
        sent = sdk.send(MAIL)["MessageID"]
        name = {PostmarkPython: "message_stream", PostmarkNode: "messageStream", Postmarker: "messagestream"}[type(sdk)]
        assert [found["MessageID"] for found in search(sdk, **{name: "outbound"})] == [sent]
        assert search(sdk, **{name: "broadcast"}) == []

    def test_the_newest_comes_first(self, sdk):
        sent = [sdk.send(MAIL)["MessageID"] for _ in range(3)]
        assert [found["MessageID"] for found in search(sdk)] == sent[::-1]


def search(sdk: Any, **query: Any) -> list[dict[str, Any]]:
    """What the SDK finds. postmarker's search knows neither metadata nor streams: there it is told the query itself."""
    if isinstance(sdk, Postmarker) and {"metadata_nf_ref", "messagestream"} & set(query):
        return sdk.ask("/messages/outbound", count=500, offset=0, **query)["Messages"]
    return sdk.search(**query)


class TestRefusals:
    def refusal(self, sdk, mail=MAIL) -> Refused:
        with pytest.raises(Refused) as refused:
            sdk.send(mail)
        return refused.value

    def test_a_wrong_token(self, client):
        error = self.refusal(client(token="revoked"))
        assert (error.status, error.code) == (401, 10)
        assert error.kind in ("InvalidAPIKeyException", "ClientError", "InvalidAPIKeyError")

    def test_an_inactive_recipient(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"postmark": {"suppressed": ["jane@customers.example"]}})
        error = self.refusal(sdk)
        assert (error.status, error.code) == (422, 406)
        assert error.kind in ("InactiveRecipientException", "ClientError", "InactiveRecipientsError")
        assert error.recipients in (["jane@customers.example"], None)

    def test_a_bad_recipient(self, sdk):
        error = self.refusal(sdk, {**MAIL, "To": "nobody"})
        assert (error.status, error.code) == (422, 300)
        assert error.kind in ("ValidationException", "ClientError", "InvalidEmailRequestError")

    def test_an_unknown_sender(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"postmark": {"verified": ["other.example"]}})
        error = self.refusal(sdk)
        assert (error.status, error.code) == (422, 400)
        assert error.kind in ("ValidationException", "ClientError", "ApiInputError")

    def test_an_unknown_stream(self, sdk):
        error = self.refusal(sdk, {**MAIL, "MessageStream": "elsewhere"})
        assert (error.status, error.code) == (422, 1235)

    def test_too_many_calls(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"postmark": {"rate": 1}})
        with pytest.raises(Refused) as refused:
            for _ in range(100):
                sdk.send(MAIL)
        assert refused.value.status == 429
        assert refused.value.kind in ("RateLimitException", "ClientError", "RateLimitExceededError")

    @pytest.mark.parametrize(("status", "kinds"), [(500, "InternalServerError"), (503, "ServiceUnavailablerError")])
    def test_a_fault_of_the_provider(self, sdk, emulator, status, kinds):
        emulator.fault("postmark", status=status)
        error = self.refusal(sdk)
        assert error.status == status
        assert error.kind in ("ServerException", "ClientError", kinds)


class TestAccount:
    def test_the_server_has_every_field_that_the_sdk_reads(self, sdk):
        server = sdk.server()
        assert (server["Name"], server["DeliveryType"]) == ("Emulator", "Live")
        assert server["ApiTokens"] == ["postmark-emulator"]


@pytest.mark.parametrize("client", ["postmarker", "node"], indirect=True)
def test_the_delivery_statistics(sdk, emulator):
    """The official SDK for Python wants a type of each row, and Postmark's row for all has none."""
    emulator.call("PUT", "/settings", {"postmark": {"suppressed": ["gone@customers.example"]}})
    stats = sdk.stats()
    assert stats["InactiveMails"] == 1
    assert stats["Bounces"] == [{"Name": "All", "Count": 0}]
