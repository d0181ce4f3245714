"""The emulated Resend keeps to Resend's formats and rules."""

from datetime import UTC, datetime, timedelta

import pytest


def name_of(answer):
    assert answer.json["statusCode"] == answer.status
    return answer.json["name"]


class TestSending:
    def test_an_accepted_mail_gets_an_id_and_lands_in_the_mailbox(self, emulator, resend_mail):
        answer = emulator.resend(resend_mail, Idempotency_Key="k-1")
        (copy,) = emulator.copies()
        assert answer.status == 200
        assert answer.json == {"id": copy["id"]}
        assert (copy["provider"], copy["recipient"], copy["ref"]) == ("resend", "jane@customers.example", "ref-1")
        assert (copy["subject"], copy["headers"]) == ("Your ticket", {"X-Job": "8731"})
        assert (copy["idempotency_key"], copy["html"]) == ("k-1", "<p>Here it is.</p>")

    def test_each_recipient_has_a_copy(self, emulator, resend_mail):
        emulator.resend(
            {**resend_mail, "to": ["a@customers.example", "b@customers.example"], "cc": "c@customers.example"}
        )
        assert [copy["recipient"][0] for copy in emulator.copies()] == ["a", "b", "c"]

    def test_a_suppressed_recipient_is_accepted_and_gets_no_copy(self, emulator, resend_mail):
        emulator.settings(resend={"suppressed": ["Jane@customers.example"], "sending_only": False})
        answer = emulator.resend(resend_mail)
        assert answer.status == 200
        assert emulator.copies() == []
        assert [copy["id"] for copy in emulator.copies(state="suppressed")] == [answer.json["id"]]
        email = emulator.resend(method="GET", path=f"/emails/{answer.json['id']}")
        assert email.json["last_event"] == "suppressed"


class TestRefusals:
    def test_without_a_user_agent_the_network_in_front_answers(self, emulator, resend_mail):
        answer = emulator.call("resend", "POST", "/emails", resend_mail, {"Authorization": "Bearer re_emulator"})
        assert (answer.status, answer.body) == (403, b"error code: 1010")

    def test_a_missing_and_a_wrong_key(self, emulator, resend_mail):
        missing = emulator.resend(resend_mail, Authorization="")
        wrong = emulator.resend(resend_mail, Authorization="Bearer re_revoked")
        assert (missing.status, name_of(missing)) == (401, "missing_api_key")
        assert (wrong.status, name_of(wrong), wrong.json["message"]) == (401, "validation_error", "API key is invalid")

    @pytest.mark.parametrize(
        ("change", "name"),
        [
            ({"from": ""}, "missing_required_field"),
            ({"to": []}, "missing_required_field"),
            ({"subject": ""}, "missing_required_field"),
            ({"html": "", "text": ""}, "validation_error"),
            ({"html": 5}, "validation_error"),
            ({"to": ["no address"]}, "validation_error"),
            ({"to": ["jané@customers.example"]}, "validation_error"),
            ({"to": ["jane@example.com"]}, "validation_error"),
            ({"to": [f"u{n}@customers.example" for n in range(51)]}, "validation_error"),
            ({"subject": "Hi\r\nBcc: all@customers.example"}, "validation_error"),
            ({"headers": {"X-Job": 8731}}, "validation_error"),
            ({"headers": {"X-Job": "a\nBcc: b@customers.example"}}, "validation_error"),
            ({"tags": [{"name": "nf_ref", "value": "not/allowed"}]}, "validation_error"),
            ({"tags": [{"name": "nf_ref", "value": "x" * 257}]}, "validation_error"),
        ],
    )
    def test_a_wrong_field_is_422_and_leaves_no_copy(self, emulator, resend_mail, change, name):
        answer = emulator.resend(resend_mail | change)
        assert (answer.status, name_of(answer)) == (422, name)
        assert emulator.copies() == []

    def test_a_body_that_is_no_json_is_400(self, emulator):
        answer = emulator.resend(b"{half")
        assert (answer.status, name_of(answer)) == (400, "validation_error")

    def test_an_unverified_domain_is_403(self, emulator, resend_mail):
        emulator.settings(resend={"verified": ["other.example"]})
        answer = emulator.resend(resend_mail)
        assert (answer.status, name_of(answer)) == (403, "validation_error")
        assert "domain is not verified" in answer.json["message"]

    def test_unknown_paths_and_methods(self, emulator):
        assert name_of(emulator.resend({}, path="/mails")) == "not_found"
        assert name_of(emulator.resend({}, method="PUT")) == "method_not_allowed"


class TestIdempotency:
    def test_the_same_key_and_payload_give_the_first_answer_and_no_second_copy(self, emulator, resend_mail):
        answers = [emulator.resend(resend_mail, Idempotency_Key="same") for _ in range(3)]
        assert len({answer.body for answer in answers}) == 1
        assert len(emulator.copies()) == 1
        assert emulator.control("GET", "/requests/counts?key=same")["keys"] == {"same": {"resend": 3}}

    def test_another_payload_is_a_conflict(self, emulator, resend_mail):
        emulator.resend(resend_mail, Idempotency_Key="other")
        answer = emulator.resend({**resend_mail, "subject": "Changed"}, Idempotency_Key="other")
        assert (answer.status, name_of(answer)) == (409, "invalid_idempotent_request")
        assert len(emulator.copies()) == 1

    def test_while_the_first_runs_the_second_is_told_so(self, emulator, resend_mail):
        emulator.fault("resend", delay_s=1.0)
        first = emulator.later(emulator.resend, resend_mail, Idempotency_Key="slow")
        while not emulator.copies():
            pass
        second = emulator.resend(resend_mail, Idempotency_Key="slow")
        assert (second.status, name_of(second)) == (409, "concurrent_idempotent_requests")
        answer = first()
        assert answer.status == 200
        assert emulator.resend(resend_mail, Idempotency_Key="slow").json == answer.json
        assert len(emulator.copies()) == 1

    @pytest.mark.parametrize("key", ["", "k" * 257])
    def test_a_key_of_the_wrong_length_is_400(self, emulator, resend_mail, key):
        answer = emulator.resend(resend_mail, Idempotency_Key=key)
        assert (answer.status, name_of(answer)) == (400, "invalid_idempotency_key")

    def test_a_refusal_is_not_remembered(self, emulator, resend_mail):
        emulator.resend({**resend_mail, "to": []}, Idempotency_Key="fixed")
        assert emulator.resend(resend_mail, Idempotency_Key="fixed").status == 200


class TestRate:
    def test_over_the_limit_the_answer_says_when_to_come_back(self, emulator, resend_mail):
        emulator.settings(resend={"rate": 1})
        answers = [emulator.resend(resend_mail) for _ in range(6)]
        accepted = [answer for answer in answers if answer.status == 200]
        refused = [answer for answer in answers if answer.status == 429]
        assert len(accepted) + len(refused) == 6
        assert refused
        assert len(emulator.copies()) == len(accepted)
        assert name_of(refused[0]) == "rate_limit_exceeded"
        assert refused[0].headers["retry-after"] == "1"
        assert accepted[0].headers["ratelimit-limit"] == "1"
        assert accepted[0].headers["ratelimit-remaining"] == "0"
        assert "ratelimit-reset" in accepted[0].headers
        assert "retry-after" not in accepted[0].headers

    def test_without_a_limit_there_are_no_rate_headers(self, emulator, resend_mail):
        assert "ratelimit-limit" not in emulator.resend(resend_mail).headers


class TestBatch:
    def test_strict_refuses_the_whole_batch_for_one_bad_item(self, emulator, resend_mail):
        batch = [resend_mail, {**resend_mail, "to": ["bad"]}]
        answer = emulator.resend(batch, path="/emails/batch")
        assert answer.status == 422
        assert emulator.copies() == []

    def test_permissive_accepts_the_good_ones_and_names_the_bad(self, emulator, resend_mail):
        batch = [{**resend_mail, "to": ["bad"]}, resend_mail, {**resend_mail, "attachments": []}]
        answer = emulator.resend(batch, path="/emails/batch", x_batch_validation="permissive")
        assert answer.status == 200
        assert [entry["id"] for entry in answer.json["data"]] == [copy["id"] for copy in emulator.copies()]
        assert [entry["index"] for entry in answer.json["errors"]] == [0, 2]

    def test_one_key_covers_the_whole_batch(self, emulator, resend_mail):
        batch = [resend_mail, resend_mail]
        first, second = (emulator.resend(batch, path="/emails/batch", Idempotency_Key="batch") for _ in range(2))
        assert first.json == second.json
        assert len(emulator.copies()) == 2

    def test_more_than_a_hundred_are_too_many(self, emulator, resend_mail):
        assert emulator.resend([resend_mail] * 101, path="/emails/batch").status == 422


def used(emulator) -> int:
    return emulator.resend(method="GET", path="/usage").json["emails"]["daily"]["used"]


class TestAccount:
    def test_a_sending_only_key_may_not_look(self, emulator):
        answer = emulator.resend(method="GET", path="/domains")
        assert (answer.status, name_of(answer)) == (401, "restricted_api_key")

    def test_a_full_key_sees_the_domains(self, emulator):
        emulator.settings(resend={"sending_only": False, "verified": ["backroom.example"]})
        answer = emulator.resend(method="GET", path="/domains")
        assert [entry["name"] for entry in answer.json["data"]] == ["backroom.example"]

    def test_any_key_sees_the_usage(self, emulator, resend_mail):
        emulator.settings(resend={"rate": 100})
        before = used(emulator)
        emulator.resend(resend_mail)
        usage = emulator.resend(method="GET", path="/usage").json
        assert usage["emails"]["daily"]["sent"] == before + 1
        assert usage["rate_limit"] == {"limit": 100, "duration": "1000ms"}

    def test_the_usage_tells_when_day_and_month_begin_anew(self, emulator):
        emails = emulator.resend(method="GET", path="/usage").json["emails"]
        now = datetime.now(UTC)
        day, month = (datetime.fromisoformat(emails[name]["resets_at"]) for name in ("daily", "monthly"))
        assert now < day <= now + timedelta(days=1)
        assert now < month <= now + timedelta(days=31)
        assert (month.day, month.hour, month.minute) == (1, 0, 0)
        assert (emails["daily"]["limit"], type(emails["monthly"]["limit"])) == (None, int)

    def test_an_email_is_shown_with_all_its_fields(self, emulator, resend_mail):
        emulator.settings(resend={"sending_only": False})
        sent = emulator.resend(resend_mail).json["id"]
        email = emulator.resend(method="GET", path=f"/emails/{sent}").json
        assert (email["id"], email["from"], email["html"]) == (sent, resend_mail["from"], resend_mail["html"])
        assert (email["cc"], email["bcc"], email["reply_to"]) == ([], [], [])
        assert sent in email["message_id"]

    @pytest.mark.parametrize("name", ["daily", "monthly"])
    def test_a_quota_ends_where_the_usage_says(self, emulator, resend_mail, name):
        most = used(emulator) + 2
        emulator.settings(resend={f"{name}_quota": most})
        answers = [emulator.resend(resend_mail) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert name_of(answers[2]) == f"{name}_quota_exceeded"
        assert answers[2].headers[f"x-resend-{name}-quota"] == str(most)
        told = emulator.resend(method="GET", path="/usage").json["emails"][name]
        assert (told["used"], told["limit"]) == (most, most)
        assert datetime.fromisoformat(told["resets_at"]) > datetime.now(UTC)


class TestKeys:
    ADMIN = "Bearer re_emulator_admin"

    def ask(self, emulator, method, path, body=None, key=ADMIN):
        return emulator.resend(body, method=method, path=path, Authorization=key)

    def test_a_key_that_is_made_sends_until_it_is_deleted(self, emulator, resend_mail):
        made = self.ask(emulator, "POST", "/api-keys", {"name": "second"})
        assert made.status == 201
        key = f"Bearer {made.json['token']}"
        assert emulator.resend(resend_mail, Authorization=key).status == 200
        assert self.ask(emulator, "DELETE", f"/api-keys/{made.json['id']}").status == 200
        gone = emulator.resend(resend_mail, Authorization=key)
        assert (gone.status, gone.json["message"]) == (401, "API key is invalid")
        assert self.ask(emulator, "DELETE", f"/api-keys/{made.json['id']}").status == 404
        assert emulator.resend(resend_mail).status == 200, "the first one lives"

    def test_the_list_tells_when_a_key_was_used_and_never_its_value(self, emulator, resend_mail):
        made = self.ask(emulator, "POST", "/api-keys", {"name": "second"})
        unused = self.ask(emulator, "GET", "/api-keys").json["data"]
        assert {key["name"]: bool(key["last_used_at"]) for key in unused}["second"] is False
        emulator.resend(resend_mail, Authorization=f"Bearer {made.json['token']}")
        listed = self.ask(emulator, "GET", "/api-keys")
        assert {key["name"]: bool(key["last_used_at"]) for key in listed.json["data"]}["second"] is True
        assert made.json["token"].encode() not in listed.body
        self.ask(emulator, "DELETE", f"/api-keys/{made.json['id']}")

    def test_a_sending_key_may_do_none_of_it(self, emulator):
        for method, path in (("POST", "/api-keys"), ("GET", "/api-keys"), ("DELETE", "/api-keys/x")):
            answer = self.ask(emulator, method, path, {"name": "x"}, "Bearer re_emulator")
            assert (answer.status, name_of(answer)) == (401, "restricted_api_key")

    @pytest.mark.parametrize("name", ["", "x" * 51])
    def test_a_key_has_a_name_of_50_characters_at_most(self, emulator, name):
        assert self.ask(emulator, "POST", "/api-keys", {"name": name}).status == 422
