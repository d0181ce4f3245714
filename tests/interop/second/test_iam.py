"""Our calls to IAM, to moto, which checks their signatures: a key is made, sends, is revoked, and sends no more."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator

import boto3
import pytest

from interop.second.test_moto import ENVELOPE, REGION, Moto, address, check_signatures, request, send
from notifyctl.domain.errors import Bad
from notifyctl.domain.keymaking import MadeKey
from notifyctl.domain.outcome import Kind
from notifyctl.operations.keymaking import Smith
from notifyctl.providers.ses.keys import Keys

ACTIONS = ("CreateAccessKey", "ListAccessKeys", "GetAccessKeyLastUsed", "DeleteAccessKey")
LEAST = [{"Effect": "Allow", "Action": [f"iam:{name}" for name in ACTIONS], "Resource": "*"}]
SENDS = [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}]


@pytest.fixture
def moto() -> Iterator[tuple[Moto, Smith]]:
    """One with a worker who may send, and an administrator who may do what docs/secrets.md names, and no more."""
    line = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            url = address(process)
            anybody = {
                "endpoint_url": url,
                "region_name": REGION,
                "aws_access_key_id": "x",
                "aws_secret_access_key": "x",
            }
            boto3.client("sesv2", **anybody).create_email_identity(EmailIdentity=ENVELOPE.sender.email)
            worker, administrator = (user(anybody, name, may) for name, may in (("worker", SENDS), ("boss", LEAST)))
            check_signatures(url)
            yield Moto(url, *worker), Smith("ses", Keys(*administrator, user="worker", base_url=url))
        finally:
            process.terminate()


def user(anybody: dict[str, str], name: str, may: list[dict[str, object]]) -> tuple[str, str]:
    iam = boto3.client("iam", **anybody)
    iam.create_user(UserName=name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": may})
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def sends(moto: Moto, key: MadeKey) -> Kind:
    """What comes of a message that is signed with a key."""
    access, secret = (value.reveal() for value in key.values)
    account = moto.account(access_key=access, secret_key=secret)
    return send(account, request(account))[1].kind


def test_a_key_is_made_used_and_revoked(moto: tuple[Moto, Smith]) -> None:
    running, smith = moto
    made = asyncio.run(smith.make("notifyctl 1"))
    keys = {key.id: key for key in asyncio.run(smith.keys())}
    assert keys.keys() == {running.key, made.id}
    assert abs(keys[made.id].created - time.time()) < 3600
    assert sends(running, made) is Kind.ACCEPTED
    asyncio.run(smith.revoke(running.key))
    assert [key.id for key in asyncio.run(smith.keys())] == [made.id]
    old = running.account()
    answer, outcome = send(old, request(old))
    assert (answer.status, outcome.kind) == (403, Kind.ACCOUNT)
    asyncio.run(smith.revoke(running.key))  # the same again is no error: a rotation that was killed asks twice


def test_there_is_room_for_two_keys_and_the_third_is_refused(moto: tuple[Moto, Smith]) -> None:
    _, smith = moto
    asyncio.run(smith.make("notifyctl 1"))
    with pytest.raises(Bad, match="KEY-MAKER"):
        asyncio.run(smith.make("notifyctl 2"))


def test_the_last_use_is_told(moto: tuple[Moto, Smith]) -> None:
    running, smith = moto
    assert asyncio.run(smith.last_use(running.key)) >= 0


def test_a_worker_may_make_no_keys(moto: tuple[Moto, Smith]) -> None:
    running, _ = moto
    worker = Smith("ses", Keys(running.key, running.secret, user="worker", base_url=running.url))
    with pytest.raises(Bad, match="KEY-MAKER"):
        asyncio.run(worker.keys())
