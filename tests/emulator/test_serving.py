"""The process: what it prints, what it speaks on its sockets, how it ends."""

import json
import signal
import socket
import subprocess
import sys

import pytest


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "notifyctl.emulator", *arguments]


class TestProcess:
    def test_free_ports_are_announced_in_one_line_of_json(self, emulator):
        assert list(emulator.urls) == ["control", "resend", "postmark", "ses"]
        assert len({emulator.address(name) for name in emulator.urls}) == 4
        assert {emulator.address(name)[0] for name in emulator.urls} == {"127.0.0.1"}

    def test_exports_give_addresses_and_keys_that_are_accepted(self):
        with subprocess.Popen(command("--port-base", "0", "--env"), stdout=subprocess.PIPE, text=True) as process:
            lines = [process.stdout.readline().rstrip("\n") for _ in range(8)]
            process.terminate()
        assert lines[0].startswith("# control and mailbox: http://127.0.0.1:")
        assert [line.partition("=")[0] for line in lines[1:]] == [
            "export NOTIFYCTL_RESEND_URL",
            "export NOTIFYCTL_POSTMARK_URL",
            "export NOTIFYCTL_SES_URL",
            "export RESEND_API_KEY",
            "export POSTMARK_API_KEY",
            "export AWS_SES_ACCESS_KEY",
            "export AWS_SES_SECRET_KEY",
        ]
        assert lines[4] == "export RESEND_API_KEY=re_emulator"

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_it_in_good_order_with_clients_connected(self, start, number):
        emulator = start()
        emulator.fault("resend", action="hang")
        with emulator.socket("postmark"), emulator.socket("resend") as hanging:
            hanging.sendall(b"POST /emails HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            while emulator.control("GET", "/requests/counts")["total"] == 0:
                pass
            emulator.process.send_signal(number)
            assert emulator.process.wait(10) == 0

    def test_a_taken_port_is_said_and_exit_6(self, emulator):
        base = emulator.address("control")[1]
        run = subprocess.run(command("--port-base", str(base)), capture_output=True, text=True, check=False, timeout=10)
        assert (run.returncode, run.stdout) == (6, "")
        assert "--port-base" in run.stderr

    def test_rates_can_be_given_at_the_start(self, start):
        settings = start("--rate-resend", "7").control("GET", "/settings")
        assert (settings["resend"]["rate"], settings["ses"]["rate"]) == (7, None)


class TestSockets:
    @pytest.fixture
    def talk(self, emulator):
        """Sends pieces to the control port and returns all that is answered until it closes."""

        def send(*pieces: bytes) -> bytes:
            with emulator.socket("control") as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for piece in pieces:
                    sock.sendall(piece)
                return b"".join(iter(lambda: sock.recv(65536), b""))

        return send

    def test_a_connection_serves_one_request_after_another(self, talk):
        one = b"GET /faults HTTP/1.1\r\n\r\n"
        last = b"GET /faults HTTP/1.1\r\nConnection: close\r\n\r\n"
        assert talk(one, one + last).count(b"HTTP/1.1 200 OK") == 3

    def test_a_head_may_come_byte_by_byte(self, talk):
        request = b"GET /faults HTTP/1.1\r\nConnection: close\r\n\r\n"
        assert talk(*(bytes((byte,)) for byte in request)).startswith(b"HTTP/1.1 200 OK")

    def test_a_chunked_body_is_read(self, talk, emulator):
        fault = json.dumps({"provider": "ses", "status": 500}).encode()
        parts = b"".join(b"%x;note=1\r\n%s\r\n" % (len(part), part) for part in (fault[:9], fault[9:]))
        head = b"POST /faults HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        assert talk(head + parts[:20], parts[20:] + b"0\r\n\r\n").startswith(b"HTTP/1.1 201")
        assert len(emulator.control("GET", "/faults")["faults"]) == 1

    def test_who_expects_to_be_told_is_told_to_continue(self, talk):
        head = b"PUT /settings HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        answer = talk(head, b"{}")
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")

    def test_an_old_client_is_closed_after_its_answer(self, talk):
        assert b"Connection: close" in talk(b"GET /faults HTTP/1.0\r\n\r\n")

    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            (b"nonsense\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
            (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
        ],
    )
    def test_what_is_no_request_is_told_so_and_closed(self, talk, request_, status):
        assert talk(request_).startswith(b"HTTP/1.1 %d " % status)

    def test_an_idle_connection_is_closed_when_asked_for(self, emulator):
        emulator.settings(resend={"close_idle_s": 0.05})
        with emulator.socket("resend") as sock:
            assert sock.recv(1) == b""


class TestControl:
    def test_settings_change_one_by_one(self, emulator):
        emulator.settings(resend={"rate": 3})
        settings = emulator.settings(resend={"sending_only": False})
        assert (settings["resend"]["rate"], settings["resend"]["sending_only"]) == (3, False)

    @pytest.mark.parametrize(
        "patch", [{"resend": {"ratee": 1}}, {"mailgun": {}}, {"ses": {"rate": "many"}}, {"ses": 5}, [], "x"]
    )
    def test_a_wrong_setting_changes_nothing_and_is_explained(self, emulator, patch):
        before = emulator.control("GET", "/settings")
        answer = emulator.call("control", "PUT", "/settings", patch)
        assert answer.status == 400
        assert answer.json["error"]
        assert emulator.control("GET", "/settings") == before

    def test_an_unknown_route_lists_those_that_exist(self, emulator):
        answer = emulator.call("control", "GET", "/nothing")
        assert answer.status == 404
        assert "GET /mailbox" in answer.json["routes"]

    def test_a_number_that_is_none_is_400(self, emulator):
        assert emulator.call("control", "GET", "/mailbox?after=soon").status == 400

    def test_keys_can_be_revoked(self, emulator, resend_mail):
        emulator.settings(resend={"keys": ["re_new"]})
        assert emulator.resend(resend_mail).status == 401
        assert emulator.resend(resend_mail, Authorization="Bearer re_new").status == 200
