"""The real requests over real sockets: the emulator, which shares no code with us, accepts them and keeps a copy."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from notifyctl.domain.message import Address, Message
from notifyctl.domain.outcome import Kind, Request, Response
from notifyctl.domain.provider import Envelope, Evidence, Found
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses

EMULATOR = [sys.executable, "-m", "notifyctl.emulator", "--port-base", "0"]


@pytest.fixture(scope="module")
def urls():
    """The base URLs of an emulator of our own, stopped afterwards."""
    with subprocess.Popen(EMULATOR, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture(params=["resend", "postmark", "ses"])
def account(request, urls):
    """Each provider with the emulator's key and address."""
    return {
        "resend": lambda: Resend("re_emulator", urls["resend"]),
        "postmark": lambda: Postmark("postmark-emulator", urls["postmark"]),
        "ses": lambda: Ses("AKIAEMULATOR", "emulator-secret", base_url=urls["ses"]),
    }[request.param]()


def call(request: Request) -> Response:
    wire = urllib.request.Request(request.url, request.body or None, dict(request.headers), method=request.method)
    try:
        answer = urllib.request.urlopen(wire, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())


def copies(urls, ref: str) -> list[dict[str, object]]:
    return json.loads(call(Request("GET", f"{urls['control']}/mailbox?ref={ref}", ())).body)["copies"]


def send(account, message: Message, envelope: Envelope):
    return account.outcome(call(account.request(account.document(message, envelope), envelope, time.time())))


@pytest.fixture
def fresh(account, envelope) -> Envelope:
    """An envelope that no other test of this module uses."""
    ref = f"{time.time_ns():032x}"
    return Envelope(envelope.sender, ref, f"nf1-{ref}-0")


def test_a_message_is_accepted_and_one_copy_is_kept(account, urls, message, fresh):
    outcome = send(account, message, fresh)
    assert (outcome.kind, outcome.http) == (Kind.ACCEPTED, 200)
    (copy,) = copies(urls, fresh.ref)
    assert (copy["provider"], copy["id"]) == (account.name, outcome.provider_id)


def test_a_message_from_elsewhere_is_accepted(account, urls, message, fresh):
    odd = Message(
        "m-2", "offer", Address("ann@münchen.example", 'Ann "日本" Lee, Leeds'), "S", html=b'"<p>\\u65e5</p>"'
    )
    assert send(account, odd, fresh).kind is Kind.ACCEPTED
    assert len(copies(urls, fresh.ref)) == 1


def test_a_wrong_key_is_an_account_matter(account, message, fresh):
    changes = {"ses": {"secret_key": "wrong"}}.get(account.name, {"api_key": "wrong"})
    assert send(replace(account, **changes), message, fresh).kind is Kind.ACCOUNT


def test_a_probe_finds_the_account_ready(account):
    assert account.health(call(account.probe_request(time.time()))).state == "ready"


def test_a_sent_copy_is_found_where_there_is_a_search(account, message, fresh):
    searches = account.capabilities.evidence is Evidence.LOOKUP
    before = account.lookup_request(fresh.ref, message.to.email, time.time())
    assert (before is not None) == searches
    if before is not None:
        assert account.lookup(call(before)).found is Found.ABSENT
        outcome = send(account, message, fresh)
        verdict = account.lookup(call(before))
        assert (verdict.found, verdict.provider_id) == (Found.PRESENT, outcome.provider_id)


def test_a_replay_gets_the_first_answer_where_there_is_one(account, urls, message, fresh):
    first, second = (send(account, message, fresh) for _ in range(2))
    replays = account.capabilities.evidence is Evidence.REPLAY
    assert (first.provider_id == second.provider_id) == replays
    assert len(copies(urls, fresh.ref)) == (1 if replays else 2)
