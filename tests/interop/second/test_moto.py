"""Our SES provider's real request, over our real wire, to moto: an emulator of AWS that others wrote and that checks
signatures against the keys of its own users. It does so for POST alone, and knows SendEmail but not GetAccount.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import Request as Plain
from urllib.request import urlopen

import boto3
import pytest

from house import eventually
from notifyctl.domain.message import Address, Message
from notifyctl.domain.outcome import Kind, Outcome, Request, Response
from notifyctl.domain.pace import PRODUCTION
from notifyctl.domain.provider import Envelope
from notifyctl.net.wire import Wire
from notifyctl.providers.ses import Ses

REGION = "eu-west-2"
MESSAGE = Message(
    id="booking-confirm/8731",
    type="booking.confirmation",
    to=Address("zoe@fans.example", "Zoë Müller"),
    subject="Your tickets: row 7 🎟",
    html=rb'"<p>Hello <b>Zo\u00eb<\/b> \"row 7\"<\/p>"',
    text='"Hello Zoë"'.encode(),
    headers=(("X-Campaign", "spring"),),
)
ENVELOPE = Envelope(Address("tickets@backroom.example", "The Backroom, Leeds"), "0123456789abcdef" * 2, "nf1-0")


@dataclass(frozen=True)
class Moto:
    """A running moto whose signature checks are on, and a key that it knows."""

    url: str
    key: str
    secret: str

    def account(self, **other: str) -> Ses:
        """Our provider with its key, or with another one."""
        given = {"access_key": self.key, "secret_key": self.secret, **other}
        return Ses(region=REGION, base_url=self.url, **given)

    def messages(self) -> list[dict[str, Any]]:
        """What it took for delivery."""
        with urlopen(f"{self.url}/moto-api/data.json", timeout=10) as answer:
            found: list[dict[str, Any]] = json.loads(answer.read()).get("ses", {}).get("Message", [])
        return found


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    line = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            url = address(process)
            key, secret = user(url)
            check_signatures(url)
            yield Moto(url, key, secret)
        finally:
            process.terminate()


def address(process: "subprocess.Popen[str]") -> str:
    """Where it listens, as it says itself."""
    assert process.stdout

    def heard() -> str | None:
        assert process.stdout
        line = process.stdout.readline()
        assert line, "moto has ended"
        return line.rpartition(" ")[2].strip() if "Running on http" in line else None

    return str(eventually(heard))


def user(url: str) -> tuple[str, str]:
    """A user who may send, and a verified sender; made while nothing is checked."""
    anybody = {"endpoint_url": url, "region_name": REGION, "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    boto3.client("sesv2", **anybody).create_email_identity(EmailIdentity=ENVELOPE.sender.email)
    iam = boto3.client("iam", **anybody)
    iam.create_user(UserName="worker")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}]}
    iam.put_user_policy(UserName="worker", PolicyName="send", PolicyDocument=json.dumps(policy))
    made = iam.create_access_key(UserName="worker")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def check_signatures(url: str) -> None:
    """Have it check every call from now on."""
    switch = Plain(f"{url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}, method="POST")
    with urlopen(switch, timeout=10) as answer:
        assert answer.status == 200


def request(account: Ses, envelope: Envelope = ENVELOPE) -> Request:
    return account.request(account.document(MESSAGE, envelope), envelope, time.time())


def send(account: Ses, call: Request) -> tuple[Response, Outcome]:
    """What came back, and what our provider makes of it."""

    async def once() -> Response:
        async with Wire(PRODUCTION) as wire:
            answer = (await wire.send(call)).answer
        assert isinstance(answer, Response), answer
        return answer

    answer = asyncio.run(once())
    return answer, account.outcome(answer)


def test_a_message_signed_with_a_known_key_is_accepted(moto):
    account = moto.account()
    _, outcome = send(account, request(account))
    assert (outcome.kind, outcome.http) == (Kind.ACCEPTED, 200)
    sent = next(item for item in moto.messages() if item["id"] == outcome.provider_id)
    assert sent["subject"] == MESSAGE.subject
    assert sent["body"] == '<p>Hello <b>Zoë</b> "row 7"</p>'
    assert "tickets@backroom.example" in sent["source"]
    assert "zoe@fans.example" in str(sent["destinations"])


@pytest.mark.parametrize(
    ("other", "code"),
    [({"secret_key": "guessed"}, "SignatureDoesNotMatch"), ({"access_key": "AKIANOBODY"}, "InvalidClientTokenId")],
)
def test_a_key_that_is_not_right_means_that_the_account_is_misconfigured(moto, other, code):
    before, account = len(moto.messages()), moto.account(**other)
    answer, outcome = send(account, request(account))
    assert (answer.status, outcome.kind, outcome.ambiguous) == (403, Kind.ACCOUNT, False)
    assert code.encode() in answer.body
    assert len(moto.messages()) == before


@pytest.mark.parametrize("part", ["body", "stamp", "path"])
def test_a_request_that_was_changed_on_its_way_is_refused(moto, part):
    before, account = len(moto.messages()), moto.account()
    call = request(account)
    later = tuple((name, "20200101T000000Z" if name == "X-Amz-Date" else value) for name, value in call.headers)
    changed = {
        "body": Request(call.method, call.url, call.headers, call.body.replace(b"row 7", b"row 1", 1)),
        "stamp": Request(call.method, call.url, later, call.body),
        "path": Request(call.method, call.url + "?x=1", call.headers, call.body),
    }[part]
    assert changed != call
    answer, outcome = send(account, changed)
    assert (answer.status, outcome.kind) == (403, Kind.ACCOUNT)
    assert b"SignatureDoesNotMatch" in answer.body
    assert len(moto.messages()) == before


def test_a_sender_that_nobody_verified_rests_and_the_account_does_not(moto):
    account = moto.account()
    elsewhere = Envelope(Address("tickets@elsewhere.example"), ENVELOPE.ref, ENVELOPE.key)
    answer, outcome = send(account, request(account, elsewhere))
    assert (answer.status, outcome.code, outcome.kind) == (400, "MessageRejected", Kind.SENDER)
