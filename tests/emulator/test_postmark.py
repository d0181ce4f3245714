"""The emulated Postmark keeps to Postmark's formats and rules."""

import pytest


def code_of(answer):
    return answer.status, answer.json["ErrorCode"]


class TestSending:
    def test_an_accepted_mail_is_answered_and_lands_in_the_mailbox(self, emulator, postmark_mail):
        answer = emulator.postmark(postmark_mail)
        (copy,) = emulator.copies()
        assert answer.status == 200
        assert answer.json.pop("SubmittedAt").endswith("Z")
        assert answer.json == {"To": postmark_mail["To"], "MessageID": copy["id"], "ErrorCode": 0, "Message": "OK"}
        assert (copy["provider"], copy["recipient"], copy["ref"]) == ("postmark", "jane@customers.example", "ref-1")
        assert (copy["headers"], copy["stream"]) == ({"X-Job": "8731"}, "outbound")

    def test_delayed_acceptance_has_no_error_code(self, emulator, postmark_mail):
        emulator.settings(postmark={"delayed": True})
        answer = emulator.postmark(postmark_mail)
        assert answer.status == 200
        assert "ErrorCode" not in answer.json
        assert answer.json["Message"] == "Message accepted, but delivery may be delayed."
        assert len(emulator.copies()) == 1

    def test_some_inactive_recipients_are_dropped_from_an_accepted_mail(self, emulator, postmark_mail):
        emulator.settings(postmark={"suppressed": ["gone@customers.example"]})
        answer = emulator.postmark({**postmark_mail, "To": "jane@customers.example, Gone@customers.example"})
        assert code_of(answer) == (200, 0)
        assert answer.json["Message"].startswith("Message OK, but will not deliver to these inactive addresses: gone@")
        assert [copy["recipient"] for copy in emulator.copies()] == ["jane@customers.example"]

    def test_the_test_token_sends_nothing(self, emulator, postmark_mail):
        answer = emulator.postmark(postmark_mail, X_Postmark_Server_Token="POSTMARK_API_TEST")
        assert answer.json["Message"] == "Test job accepted"
        assert emulator.copies() == []


class TestRefusals:
    def test_a_wrong_token_is_401(self, emulator, postmark_mail):
        assert code_of(emulator.postmark(postmark_mail, X_Postmark_Server_Token="no")) == (401, 10)

    @pytest.mark.parametrize("header", ["Accept", "Content_Type"])
    def test_both_json_headers_are_needed(self, emulator, postmark_mail, header):
        assert code_of(emulator.postmark(postmark_mail, **{header: "text/plain"})) == (415, 409)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"From": "nobody"}, 300),
            ({"To": ""}, 300),
            ({"To": "nobody"}, 300),
            ({"To": ",".join(f"u{n}@customers.example" for n in range(51))}, 300),
            ({"HtmlBody": "", "TextBody": ""}, 300),
            ({"HtmlBody": 5}, 403),
            ({"Subject": "a\nBcc: b@customers.example"}, 300),
            ({"Metadata": {"x" * 21: "v"}}, 300),
            ({"Metadata": {"n": 5}}, 403),
            ({"Headers": {"X-Job": "resend's form"}}, 403),
            ({"MessageStream": "nowhere"}, 1235),
        ],
    )
    def test_a_wrong_field_is_422_with_its_code_and_leaves_no_copy(self, emulator, postmark_mail, change, code):
        assert code_of(emulator.postmark(postmark_mail | change)) == (422, code)
        assert emulator.copies() == []

    def test_no_json_is_402(self, emulator):
        assert code_of(emulator.postmark(b"{half")) == (422, 402)

    def test_an_inactive_recipient_is_406_and_named_in_lower_case(self, emulator, postmark_mail):
        emulator.settings(postmark={"suppressed": ["jane@customers.example"]})
        answer = emulator.postmark({**postmark_mail, "To": "Jane@customers.example"})
        assert code_of(answer) == (422, 406)
        assert "Found inactive addresses: jane@customers.example. Inactive recipients are" in answer.json["Message"]
        assert emulator.copies() == []

    def test_a_sender_without_signature_is_400(self, emulator, postmark_mail):
        emulator.settings(postmark={"verified": ["post@other.example"]})
        assert code_of(emulator.postmark(postmark_mail)) == (422, 400)

    def test_over_the_rate_is_429_without_a_hint_when_to_return(self, emulator, postmark_mail):
        emulator.settings(postmark={"rate": 1})
        refused = [answer for answer in (emulator.postmark(postmark_mail) for _ in range(6)) if answer.status == 429]
        assert refused
        assert "retry-after" not in refused[0].headers


class TestBatch:
    def test_each_item_has_its_own_code_under_200(self, emulator, postmark_mail):
        answer = emulator.postmark([postmark_mail, {**postmark_mail, "To": "bad"}, postmark_mail], path="/email/batch")
        assert answer.status == 200
        assert [item["ErrorCode"] for item in answer.json] == [0, 300, 0]
        assert answer.json[1].keys() == {"ErrorCode", "Message"}
        assert len(emulator.copies()) == 2

    def test_more_than_500_are_410(self, emulator, postmark_mail):
        assert code_of(emulator.postmark([postmark_mail] * 501, path="/email/batch")) == (422, 410)


class TestSearch:
    PATH = "/messages/outbound?count=50&offset=0&recipient=jane@customers.example&metadata_nf_ref=ref-1"

    def test_a_copy_is_found_by_recipient_and_metadata(self, emulator, postmark_mail):
        sent = emulator.postmark(postmark_mail)
        emulator.postmark({**postmark_mail, "Metadata": {"nf_ref": "ref-2"}})
        found = emulator.postmark(method="GET", path=self.PATH).json
        assert found["TotalCount"] == 1
        assert found["Messages"][0]["MessageID"] == sent.json["MessageID"]
        assert found["Messages"][0]["Metadata"] == {"nf_ref": "ref-1"}

    def test_the_newest_is_first_and_pages_are_cut(self, emulator, postmark_mail):
        ids = [emulator.postmark(postmark_mail).json["MessageID"] for _ in range(3)]
        found = emulator.postmark(method="GET", path="/messages/outbound?count=1&offset=1").json
        assert (found["TotalCount"], [entry["MessageID"] for entry in found["Messages"]]) == (3, [ids[1]])

    def test_a_copy_is_not_found_before_the_index_has_caught_up(self, emulator, postmark_mail):
        emulator.settings(postmark={"lag_s": 3600})
        emulator.postmark(postmark_mail)
        assert emulator.postmark(method="GET", path=self.PATH).json == {"TotalCount": 0, "Messages": []}
        emulator.settings(postmark={"lag_s": 0})
        assert emulator.postmark(method="GET", path=self.PATH).json["TotalCount"] == 1

    def test_mail_of_another_provider_is_not_found(self, emulator, resend_mail):
        emulator.resend(resend_mail)
        assert emulator.postmark(method="GET", path=self.PATH).json["TotalCount"] == 0

    @pytest.mark.parametrize("query", ["", "?count=501&offset=0", "?count=500&offset=9501"])
    def test_count_and_offset_are_needed_and_bounded(self, emulator, query):
        assert emulator.postmark(method="GET", path=f"/messages/outbound{query}").status == 422

    def test_capitals_of_paths_and_parameters_do_not_matter(self, emulator, postmark_mail):
        emulator.postmark(postmark_mail)
        query = "count=5&offset=0&messageStream="
        found = [
            emulator.postmark(path=f"/Messages/outbound?{query}{stream}", method="GET").json["TotalCount"]
            for stream in ("outbound", "broadcast")
        ]
        assert found == [1, 0]


class TestAccount:
    def test_delivery_statistics(self, emulator):
        assert emulator.postmark(method="GET", path="/deliverystats").json["InactiveMails"] == 0

    def test_the_server_shows_its_tokens(self, emulator):
        server = emulator.postmark(method="GET", path="/server").json
        assert server["ApiTokens"] == ["postmark-emulator"]
        assert len(server) == 16
