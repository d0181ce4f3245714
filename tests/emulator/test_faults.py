"""Scripted faults do to a real socket what they say."""

import gzip
import json
import socket
import zlib
from http.client import RemoteDisconnected

import pytest


@pytest.fixture
def raw_request(resend_mail) -> bytes:
    """A whole send as bytes."""
    body = json.dumps(resend_mail).encode()
    head = (
        "POST /emails HTTP/1.1\r\nHost: emulator\r\nUser-Agent: test\r\nAuthorization: Bearer re_emulator\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def read_until_reset(sock: socket.socket) -> bytes:
    """What arrives before the connection is reset; an orderly end fails the test."""
    seen = b""
    try:
        while chunk := sock.recv(65536):
            seen += chunk
    except ConnectionResetError:
        return seen
    raise AssertionError(f"closed in good order after {seen!r}")


class TestAnswer:
    def test_a_status_alone_speaks_the_provider_s_language(self, emulator, resend_mail, postmark_mail):
        emulator.fault("resend", status=503)
        emulator.fault("postmark", status=503)
        emulator.fault("ses", status=503)
        assert emulator.resend(resend_mail).json["name"] == "service_unavailable"
        assert emulator.postmark(postmark_mail).json["ErrorCode"] == 100
        ses = emulator.call("ses", "POST", "/v2/email/outbound-emails", {})
        assert (ses.status, ses.headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")
        assert emulator.copies() == []

    def test_it_strikes_as_often_as_it_was_told(self, emulator, resend_mail):
        emulator.fault("resend", status=500, times=2)
        assert [emulator.resend(resend_mail).status for _ in range(3)] == [500, 500, 200]
        assert emulator.control("GET", "/faults") == {"faults": []}
        assert emulator.control("GET", "/requests/counts?ref=ref-1")["refs"] == {"ref-1": {"resend": 3}}

    def test_it_strikes_until_it_is_deleted(self, emulator, resend_mail):
        (fault,) = emulator.fault("resend", status=500, times=-1)["faults"]
        assert {emulator.resend(resend_mail).status for _ in range(4)} == {500}
        assert emulator.control("GET", "/faults")["faults"][0]["hits"] == 4
        assert emulator.control("DELETE", f"/faults?id={fault['id']}") == {"removed": 1}
        assert emulator.resend(resend_mail).status == 200

    def test_one_after_another_in_their_order(self, emulator, resend_mail):
        emulator.control("POST", "/faults", [{"provider": "resend", "status": status} for status in (500, 429, 503)])
        assert [emulator.resend(resend_mail).status for _ in range(4)] == [500, 429, 503, 200]

    def test_body_and_headers_are_given_as_scripted(self, emulator, resend_mail):
        emulator.fault("resend", body="<html>", headers={"X-Proxy": "yes"})
        emulator.fault("resend", status=429, body={"name": "daily_quota_exceeded"}, headers={"Retry-After": "120"})
        html, quota = emulator.resend(resend_mail), emulator.resend(resend_mail)
        assert (html.status, html.body, html.headers["x-proxy"]) == (200, b"<html>", "yes")
        assert (quota.status, quota.json, quota.headers["retry-after"]) == (
            429,
            {"name": "daily_quota_exceeded"},
            "120",
        )

    def test_it_may_accept_and_still_say_no(self, emulator, resend_mail):
        emulator.fault("resend", status=500, accept=True)
        assert emulator.resend(resend_mail).status == 500
        assert len(emulator.copies()) == 1

    def test_a_delay_alone_keeps_the_provider_s_own_answer(self, emulator, postmark_mail):
        emulator.fault("postmark", delay_s=0.05)
        assert emulator.postmark(postmark_mail).json["ErrorCode"] == 0
        assert len(emulator.copies()) == 1

    def test_an_acceptance_outlives_a_client_that_did_not_wait(self, emulator, resend_mail):
        emulator.fault("resend", delay_s=0.5)
        usual = {"User-Agent": "test", "Authorization": "Bearer re_emulator", "Idempotency-Key": "impatient"}
        with pytest.raises(TimeoutError):
            emulator.call("resend", "POST", "/emails", resend_mail, usual, timeout=0.2)
        while (again := emulator.resend(resend_mail, Idempotency_Key="impatient")).status == 409:
            assert again.json["name"] == "concurrent_idempotent_requests"
        assert [copy["id"] for copy in emulator.copies()] == [again.json["id"]]

    def test_two_equal_seeds_strike_the_same_requests(self, start, resend_mail):
        runs = [start("--seed", "7"), start("--seed", "7")]
        for run in runs:
            run.fault("resend", status=500, times=-1, probability=0.5)
        first, second = ([run.resend(resend_mail).status for _ in range(20)] for run in runs)
        assert first == second
        assert set(first) == {200, 500}


class TestMatch:
    def test_only_one_recipient_is_struck(self, emulator, resend_mail):
        emulator.fault("resend", status=500, times=-1, match={"recipient": "Poison@customers.example"})
        assert emulator.resend(resend_mail).status == 200
        assert emulator.resend({**resend_mail, "to": ["poison@customers.example"]}).status == 500

    def test_only_one_ref_is_struck(self, emulator, postmark_mail):
        emulator.fault("postmark", status=500, times=-1, match={"ref": "ref-2"})
        assert emulator.postmark(postmark_mail).status == 200
        assert emulator.postmark({**postmark_mail, "Metadata": {"nf_ref": "ref-2"}}).status == 500

    def test_only_one_path_is_struck(self, emulator, postmark_mail):
        emulator.fault("postmark", status=500, times=-1, match={"path": "/messages/outbound", "method": "GET"})
        assert emulator.postmark(postmark_mail).status == 200
        assert emulator.postmark(method="GET", path="/messages/outbound?count=1&offset=0").status == 500


class TestConnection:
    def test_cut_request_resets_in_the_middle_of_a_body(self, emulator):
        emulator.fault("resend", action="cut_request", after_bytes=1000)
        with emulator.socket("resend") as sock:
            sock.sendall(b"POST /emails HTTP/1.1\r\nContent-Length: 5000\r\nIdempotency-Key: cut\r\n\r\n" + b" " * 999)
            sock.sendall(b" ")
            assert read_until_reset(sock) == b""
        assert emulator.copies() == []
        assert emulator.control("GET", "/requests/counts")["endpoints"] == {"resend": {"POST /emails": 1}}
        assert emulator.control("GET", "/requests/counts?key=cut")["keys"] == {"cut": {"resend": 1}}

    def test_cut_request_lets_nobody_hand_over_eight_megabytes(self, emulator):
        emulator.fault("resend", action="cut_request", after_bytes=200)
        with emulator.socket("resend") as sock, pytest.raises((ConnectionResetError, BrokenPipeError)):
            sock.sendall(b"POST /emails HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n" + b" " * 8_000_000)

    def test_cut_request_strikes_at_the_end_of_a_body_that_is_too_short(self, emulator, raw_request):
        emulator.fault("resend", action="cut_request", after_bytes=1_000_000)
        with emulator.socket("resend") as sock:
            sock.sendall(raw_request)
            assert read_until_reset(sock) == b""
        assert emulator.copies() == []

    def test_cut_response_resets_after_some_bytes_of_the_answer(self, emulator, raw_request):
        emulator.fault("resend", action="cut_response", after_bytes=20)
        with emulator.socket("resend") as sock:
            sock.sendall(raw_request)
            assert read_until_reset(sock) == b"HTTP/1.1 200 OK\r\nCon"
        assert len(emulator.copies()) == 1

    def test_close_ends_in_good_order_without_a_byte(self, emulator, resend_mail):
        emulator.fault("resend", action="close")
        with pytest.raises(RemoteDisconnected):
            emulator.resend(resend_mail)
        assert emulator.copies() == []

    def test_hang_accepts_and_never_answers(self, emulator, raw_request):
        emulator.fault("resend", action="hang")
        with emulator.socket("resend") as sock:
            sock.sendall(raw_request)
            while not emulator.copies():
                pass
            sock.settimeout(0.2)
            with pytest.raises(TimeoutError):
                sock.recv(1)
        assert emulator.control("GET", "/requests/counts?ref=ref-1")["refs"] == {"ref-1": {"resend": 1}}

    def test_drip_gives_the_whole_answer_byte_by_byte(self, emulator, raw_request):
        emulator.fault("resend", action="drip", interval_s=0.001)
        with emulator.socket("resend") as sock:
            sock.sendall(raw_request)
            seen, parts = b"", 0
            while not seen.endswith(b"}"):
                seen += sock.recv(65536)
                parts += 1
        assert json.loads(seen.partition(b"\r\n\r\n")[2]) == {"id": emulator.copies()[0]["id"]}
        assert parts > 10

    def test_truncated_gzip_is_a_complete_answer_that_cannot_be_read(self, emulator, resend_mail):
        emulator.fault("resend", action="truncated_gzip")
        answer = emulator.resend(resend_mail)
        assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
        with pytest.raises((EOFError, zlib.error)):
            gzip.decompress(answer.body)
        assert len(emulator.copies()) == 1


class TestRefusing:
    @pytest.fixture(params=["fault", "route"])
    def refusing(self, emulator, request):
        if request.param == "fault":
            emulator.fault("resend", action="refuse")
        else:
            emulator.control("POST", "/providers/resend/refuse")
        return emulator

    def test_connections_are_refused_until_it_is_restored(self, refusing, resend_mail, postmark_mail):
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                refusing.resend(resend_mail)
        assert refusing.postmark(postmark_mail).status == 200
        refusing.control("POST", "/providers/resend/restore")
        assert refusing.resend(resend_mail).status == 200

    def test_idle_connections_end_and_answers_under_way_are_given(self, emulator, raw_request):
        emulator.fault("resend", delay_s=0.5)
        with emulator.socket("resend") as idle, emulator.socket("resend") as busy:
            busy.sendall(raw_request)
            while not emulator.copies():
                pass
            emulator.control("POST", "/providers/resend/refuse")
            assert idle.recv(1) == b""
            answer = b"".join(iter(lambda: busy.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"Connection: close" in answer

    def test_an_unknown_provider_is_404(self, emulator):
        for name in ("mailgun", "control"):
            assert emulator.call("control", "POST", f"/providers/{name}/refuse").status == 404


class TestScripts:
    @pytest.mark.parametrize(
        "fault",
        [
            {"provider": "mailgun"},
            {"provider": "resend", "action": "explode"},
            {"provider": "resend", "times": 0},
            {"provider": "resend", "times": -2},
            {"provider": "resend", "statuss": 500},
            {"provider": "resend", "status": 99},
            {"provider": "resend", "probability": 0},
            {"provider": "resend", "delay_s": -1},
            {"provider": "resend", "action": "cut_request", "accept": True},
            {"provider": "resend", "action": "cut_request", "match": {"recipient": "a@customers.example"}},
            "no object",
        ],
    )
    def test_a_wrong_fault_is_refused_and_explained(self, emulator, fault):
        answer = emulator.call("control", "POST", "/faults", fault)
        assert answer.status == 400
        assert answer.json["error"]
        assert emulator.control("GET", "/faults") == {"faults": []}

    def test_the_faults_of_one_provider_can_be_deleted(self, emulator):
        emulator.control("POST", "/faults", [{"provider": name, "status": 500} for name in ("resend", "ses", "resend")])
        assert emulator.control("DELETE", "/faults?provider=resend") == {"removed": 2}
        assert [fault["provider"] for fault in emulator.control("GET", "/faults")["faults"]] == ["ses"]


def test_questions_about_the_account_are_struck_only_when_they_are_meant(emulator, resend_mail):
    emulator.fault("resend", status=503)
    assert emulator.resend(method="GET", path="/usage").status == 200
    assert emulator.resend(resend_mail).status == 503
    emulator.fault("resend", status=503, match={"path": "/usage"})
    assert emulator.resend(method="GET", path="/usage").status == 503
