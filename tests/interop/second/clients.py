"""Each official SDK under one face: what it returns, or `Refused` with what it made of the answer."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import boto3
import postmark.sync
import resend
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from postmark.exceptions import PostmarkException
from postmarker.core import PostmarkClient
from postmarker.exceptions import ClientError as PostmarkerError

HERE = Path(__file__).parent
KEYS: dict[str, Any] = {
    "resend": "re_emulator",
    "postmark": "postmark-emulator",
    "ses": ("AKIAEMULATOR", "emulator-secret"),
}


@dataclass
class Refused(Exception):
    """A call that failed. `kind` is the type or name under which the SDK raises it."""

    kind: str
    status: int
    code: object
    message: str
    recipients: list[str] | None = None


class Node:
    """The SDKs for Node, in one process."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}
        command = ["node", str(HERE / "sdk.mjs")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, sdk: str, call: str, *args: object, key: object = None, **options: object) -> Any:
        """One call of one SDK; `options` are those of its client."""
        assert self._process.stdin and self._process.stdout
        told = {"sdk": sdk, "url": self.urls[sdk], "key": key or KEYS[sdk]}
        self._process.stdin.write(json.dumps({**told, "options": options, "call": call, "args": args}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise Refused(**answer["refused"])
        return answer["ok"]

    def stop(self) -> None:
        """End the process, by closing what it reads."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(30) == 0


class ResendPython:
    """PyPI `resend`; its settings are global."""

    def __init__(self, url: str, key: str = "re_emulator", timeout: int = 30) -> None:
        resend.api_url, resend.api_key = url, key
        resend.default_http_client = resend.RequestsClient(timeout=timeout)

    def send(self, mail: dict[str, Any], **options: str) -> Any:
        return self._call(lambda: resend.Emails.send(mail, options))

    def batch(self, mails: list[dict[str, Any]], **options: str) -> Any:
        return self._call(lambda: resend.Batch.send(mails, options))

    def email(self, name: str) -> Any:
        return self._call(lambda: resend.Emails.get(name))

    def domains(self) -> Any:
        return self._call(resend.Domains.list)

    def usage(self) -> Any:
        return self._call(resend.Usage.get)

    def _call(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except resend.exceptions.ResendError as error:
            raise Refused(type(error).__name__, int(error.code), error.error_type, error.message) from error


class ResendNode:
    """npm `resend`."""

    def __init__(self, node: Node, key: str = "re_emulator") -> None:
        self._call = lambda call, *args: node.call("resend", call, *args, key=key)

    def send(self, mail: dict[str, Any], **options: str) -> Any:
        return self._call("emails.send", mail, _camel(options))

    def batch(self, mails: list[dict[str, Any]], **options: str) -> Any:
        return self._call("batch.send", mails, _camel(options))

    def email(self, name: str) -> Any:
        return self._call("emails.get", name)

    def domains(self) -> Any:
        return self._call("domains.list")

    def usage(self) -> Any:
        return self._call("usage.get")


class PostmarkPython:
    """PyPI `postmark-python`, the official one."""

    def __init__(self, url: str, token: str = "postmark-emulator", **options: Any) -> None:
        self._client = postmark.sync.ServerClient(token, base_url=url, **{"retries": 0, **options})

    def send(self, mail: dict[str, Any]) -> Any:
        return _plain(self._call(self._client.outbound.send, mail))

    def batch(self, mails: list[dict[str, Any]]) -> Any:
        return [_plain(item) for item in self._call(self._client.outbound.send_batch, mails)]

    def search(self, **query: Any) -> list[dict[str, Any]]:
        return [_plain(item) for item in self._call(self._client.outbound.list, **query).items]

    def server(self) -> Any:
        return _plain(self._call(self._client.server.get))

    def stats(self) -> Any:
        return _plain(self._call(self._client.bounces.get_delivery_stats))

    def close(self) -> None:
        self._client.close()

    def _call(self, call: Callable[..., Any], *args: object, **named: object) -> Any:
        try:
            return call(*args, **named)
        except PostmarkException as error:
            status = error.http_status or 0
            inactive = getattr(error, "inactive_recipients", None)
            raise Refused(type(error).__name__, status, error.error_code, str(error), inactive) from error


class Postmarker:
    """PyPI `postmarker`."""

    def __init__(self, url: str, token: str = "postmark-emulator", timeout: float | None = None) -> None:
        self._client = PostmarkClient(server_token=token, root_api_url=url + "/", timeout=timeout)

    def send(self, mail: dict[str, Any]) -> Any:
        return self._call(lambda: self._client.emails.send(**_with_header_map(mail)))

    def batch(self, mails: list[dict[str, Any]]) -> Any:
        return self._call(lambda: self._client.emails.send_batch(*map(_with_header_map, mails)))

    def search(self, **query: Any) -> list[dict[str, Any]]:
        found = self._call(lambda: self._client.messages.outbound.all(count=500, **query))
        return [message.as_dict() for message in found]

    def ask(self, path: str, **query: Any) -> Any:
        """A call for which postmarker has no method."""
        return self._call(lambda: self._client.call("GET", path, **query))

    def server(self) -> Any:
        return self._call(self._client.server.get).as_dict()

    def stats(self) -> Any:
        return self._call(lambda: self._client.bounces.deliverystats)

    def close(self) -> None:
        self._client.session.close()

    def _call(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except PostmarkerError as error:
            status = error.__cause__.response.status_code  # type: ignore[union-attr] # the cause is an HTTPError
            raise Refused(type(error).__name__, status, error.error_code, str(error)) from error


class PostmarkNode:
    """npm `postmark`."""

    def __init__(self, node: Node, token: str = "postmark-emulator", **options: object) -> None:
        self._call = lambda call, *args: node.call("postmark", call, *args, key=token, **options)

    def send(self, mail: dict[str, Any]) -> Any:
        return self._call("sendEmail", mail)

    def batch(self, mails: list[dict[str, Any]]) -> Any:
        return self._call("sendEmailBatch", mails)

    def search(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("getOutboundMessages", {"count": 500, "offset": 0, **query})[
            "Messages"
        ]
        return found

    def server(self) -> Any:
        return self._call("getServer")

    def stats(self) -> Any:
        return self._call("getDeliveryStatistics")

    def close(self) -> None:
        """Nothing to close."""


class SesPython:
    """PyPI `boto3`."""

    def __init__(self, url: str, keys: tuple[str, str] = KEYS["ses"], **config: Any) -> None:
        key, secret = keys
        self._client = boto3.client(
            "sesv2", endpoint_url=url, region_name="eu-west-2", aws_access_key_id=key, aws_secret_access_key=secret,
            config=Config(**config),
        )  # fmt: skip

    def send(self, mail: dict[str, Any]) -> Any:
        return self._call(self._client.send_email, **mail)

    def account(self) -> Any:
        return self._call(self._client.get_account)

    def close(self) -> None:
        self._client.close()

    def _call(self, call: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except ClientError as error:
            _refuse(error)
        except BotoCoreError as error:
            raise Refused(type(error).__name__, 0, "", str(error)) from error


class SesNode:
    """npm `@aws-sdk/client-sesv2`."""

    def __init__(self, node: Node, keys: tuple[str, str] = KEYS["ses"], **options: Any) -> None:
        self._call = lambda call, *args: node.call("ses", call, *args, key=keys, **options)

    def send(self, mail: dict[str, Any]) -> Any:
        return self._call("send", mail)

    def account(self) -> Any:
        return self._call("account", {})

    def close(self) -> None:
        """Nothing to close."""


def _refuse(error: ClientError) -> NoReturn:
    told = error.response
    status, code = told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]
    raise Refused(type(error).__name__, status, code, told["Error"]["Message"]) from error


def _plain(model: Any) -> dict[str, Any]:
    """The wire's own names of a model's fields."""
    found: dict[str, Any] = model.model_dump(by_alias=True, mode="json")
    return found


def _with_header_map(mail: dict[str, Any]) -> dict[str, Any]:
    """The mail with its headers as postmarker takes them."""
    return {**mail, "Headers": {header["Name"]: header["Value"] for header in mail["Headers"]}}


def _camel(options: dict[str, str]) -> dict[str, str]:
    """`idempotency_key` as Node spells it: `idempotencyKey`."""
    return {
        "".join([name.split("_")[0], *map(str.title, name.split("_")[1:])]): value for name, value in options.items()
    }
