"""Resend's own SDKs take the emulator for Resend: what it answers, they read, and what it refuses, they raise."""

import threading
from typing import Any, get_type_hints

import pytest
import resend
from pydantic import TypeAdapter

from interop.second.clients import Refused, ResendNode, ResendPython

MAIL: dict[str, Any] = {
    "from": "The Backroom <post@backroom.example>",
    "to": ["jane@customers.example"],
    "subject": "Your ticket",
    "html": "<p>Here it is.</p>",
    "headers": {"X-Job": "8731"},
    "tags": [{"name": "nf_ref", "value": "ref-1"}],
}
SDKS = ("python", "node")
NOT_LISTED = {"records", "deleted", "open_tracking", "click_tracking", "tracking_subdomain"}  # of one domain alone


@pytest.fixture(params=SDKS)
def client(request, emulator, node):
    """The SDK for each language; called, it makes one with another key."""
    if request.param == "node":
        return lambda **given: ResendNode(node, **given)
    return lambda **given: ResendPython(emulator.urls["resend"], **given)


@pytest.fixture
def sdk(client):
    return client()


class TestSending:
    def test_a_mail_is_accepted_under_the_id_of_its_copy(self, sdk, emulator):
        answer = sdk.send(MAIL)
        (copy,) = emulator.call("GET", "/mailbox")["copies"]
        assert answer["id"] == copy["id"]
        assert (copy["recipient"], copy["subject"], copy["ref"]) == ("jane@customers.example", "Your ticket", "ref-1")
        assert copy["headers"] == {"X-Job": "8731"}

    def test_it_can_be_read_again(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"resend": {"sending_only": False}})
        sent = sdk.send(MAIL)["id"]
        email = sdk.email(sent)
        assert (email["id"], email["to"], email["last_event"]) == (sent, ["jane@customers.example"], "delivered")

    def test_a_strict_batch_is_accepted_in_order(self, sdk, emulator):
        answer = sdk.batch([MAIL, {**MAIL, "to": ["joe@customers.example"]}])
        copies = emulator.call("GET", "/mailbox")["copies"]
        assert [item["id"] for item in answer["data"]] == [copy["id"] for copy in copies]
        assert [copy["recipient"] for copy in copies] == ["jane@customers.example", "joe@customers.example"]

    def test_a_permissive_batch_names_the_items_that_were_refused(self, sdk):
        answer = sdk.batch([{**MAIL, "to": ["nobody"]}, MAIL], batch_validation="permissive")
        assert len(answer["data"]) == 1
        assert [item["index"] for item in answer["errors"]] == [0]

    def test_a_strict_batch_with_a_bad_item_is_refused_whole(self, sdk, emulator):
        with pytest.raises(Refused) as refused:
            sdk.batch([MAIL, {**MAIL, "to": ["nobody"]}])
        assert (refused.value.status, refused.value.code) == (422, "validation_error")
        assert emulator.call("GET", "/mailbox")["total"] == 0


class TestIdempotency:
    def test_the_same_key_gives_the_same_id_and_one_copy(self, sdk, emulator, key):
        first, second = (sdk.send(MAIL, idempotency_key=key)["id"] for _ in range(2))
        assert first == second
        assert emulator.call("GET", "/mailbox")["total"] == 1

    def test_another_payload_under_the_key_is_a_conflict(self, sdk, key):
        sdk.send(MAIL, idempotency_key=key)
        with pytest.raises(Refused) as refused:
            sdk.send({**MAIL, "subject": "Changed"}, idempotency_key=key)
        assert (refused.value.status, refused.value.code) == (409, "invalid_idempotent_request")

    def test_a_key_covers_a_whole_batch(self, sdk, emulator, key):
        first, second = (sdk.batch([MAIL, MAIL], idempotency_key=key)["data"] for _ in range(2))
        assert first == second
        assert emulator.call("GET", "/mailbox")["total"] == 2

    def test_a_key_that_is_too_long_is_refused(self, sdk):
        with pytest.raises(Refused) as refused:
            sdk.send(MAIL, idempotency_key="k" * 257)
        assert (refused.value.status, refused.value.code) == (400, "invalid_idempotency_key")

    def test_while_the_first_runs_the_second_is_told_so(self, emulator, key):
        sdk = ResendPython(emulator.urls["resend"])
        emulator.fault("resend", delay_s=2)
        first = threading.Thread(target=lambda: sdk.send(MAIL, idempotency_key=key))
        first.start()
        while not emulator.call("GET", "/mailbox")["total"]:
            pass
        with pytest.raises(Refused) as refused:
            sdk.send(MAIL, idempotency_key=key)
        first.join()
        assert (refused.value.status, refused.value.code) == (409, "concurrent_idempotent_requests")


class TestRefusals:
    """`kind` is the class that the SDK for Python raises; the one for Node has one for all."""

    def refusal(self, sdk, mail=MAIL, kind=""):
        with pytest.raises(Refused) as refused:
            sdk.send(mail)
        if isinstance(sdk, ResendPython):
            assert refused.value.kind == kind
        return refused.value.status, refused.value.code

    def test_a_revoked_key(self, client):
        assert self.refusal(client(key="re_revoked"), kind="ResendError") == (401, "validation_error")

    def test_no_key(self, emulator):
        sdk = ResendPython(emulator.urls["resend"], key="")
        assert self.refusal(sdk, kind="MissingApiKeyError") == (401, "missing_api_key")

    def test_an_unverified_domain(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"resend": {"verified": ["other.example"]}})
        assert self.refusal(sdk, kind="ResendError") == (403, "validation_error")

    def test_a_missing_field(self, sdk):
        mail = {**MAIL, "to": []}
        assert self.refusal(sdk, mail, "MissingRequiredFieldsError") == (422, "missing_required_field")

    def test_a_bad_field(self, sdk):
        mail = {**MAIL, "tags": [{"name": "nf_ref", "value": "not/allowed"}]}
        assert self.refusal(sdk, mail, "ValidationError") == (422, "validation_error")

    def test_too_many_calls(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"resend": {"rate": 1}})
        with pytest.raises(Refused) as refused:
            for _ in range(100):
                sdk.send(MAIL)
        assert (refused.value.status, refused.value.code) == (429, "rate_limit_exceeded")
        assert refused.value.kind in ("RateLimitError", "ErrorResponse")

    @pytest.mark.parametrize("window", ["daily", "monthly"])
    def test_a_quota_is_used(self, sdk, emulator, window):
        emulator.call("PUT", "/settings", {"resend": {f"{window}_quota": 0}})
        assert self.refusal(sdk, kind="RateLimitError") == (429, f"{window}_quota_exceeded")

    def test_a_fault_of_the_provider(self, sdk, emulator):
        emulator.fault("resend", status=500)
        status, _ = self.refusal(sdk, kind="ResendError")
        assert status == 500

    def test_a_key_that_may_only_send(self, sdk):
        with pytest.raises(Refused) as refused:
            sdk.domains()
        assert (refused.value.status, refused.value.code) == (401, "restricted_api_key")


class TestAccount:
    def test_the_domains(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"resend": {"sending_only": False, "verified": ["backroom.example"]}})
        answer = sdk.domains()
        assert [(domain["name"], domain["status"]) for domain in answer["data"]] == [("backroom.example", "verified")]

    def test_the_usage_has_the_shape_that_the_sdk_declares(self, sdk, emulator):
        emulator.call("PUT", "/settings", {"resend": {"rate": 50}})
        before = sdk.usage()["emails"]
        sdk.send(MAIL)
        usage = sdk.usage()
        TypeAdapter(resend.Usage.GetResponse).validate_python(usage, strict=True)
        for window in ("daily", "monthly"):
            assert usage["emails"][window]["used"] == before[window]["used"] + 1
        assert (usage["rate_limit"]["limit"], usage["rate_limit"]["duration"]) == (50, "1000ms")

    def test_an_email_and_a_domain_have_the_fields_that_the_sdk_declares(self, emulator):
        emulator.call("PUT", "/settings", {"resend": {"sending_only": False, "verified": ["backroom.example"]}})
        sdk = ResendPython(emulator.urls["resend"])
        assert set(get_type_hints(resend.Email)) <= set(sdk.email(sdk.send(MAIL)["id"]))
        assert set(get_type_hints(resend.Domain)) - NOT_LISTED <= set(sdk.domains()["data"][0])
