"""Access keys at AWS IAM: made, listed and revoked through its Query interface, which answers in XML.

A user has two access keys at most, and a key has no name. With a key of its own (`user` '') a user may rotate its own
keys; an administrator names the user.
"""

import re
from urllib.parse import urlencode

from notifyctl.domain.keymaking import KeyInfo, MadeKey
from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.secret import Secret
from notifyctl.net.sigv4 import Signer, sign
from notifyctl.providers import answers
from notifyctl.providers.rendering import USER_AGENT

URL = "https://iam.amazonaws.com"
REGION = "us-east-1"  # IAM is global, and signs there
FORM = "application/x-www-form-urlencoded; charset=utf-8"
_VERSION = "2010-05-08"


class Keys:
    """The `KeyMaker` of one IAM user."""

    def __init__(self, access_key: str, secret_key: str, user: str = "", base_url: str = URL) -> None:
        self._signer = Signer(access_key, secret_key, REGION, "iam")
        self._user = user
        self._url = base_url.rstrip("/") + "/"

    def create_request(self, name: str, now: float) -> Request:
        """A second key beside the one that is used; `name` cannot be given."""
        return self._call(now, "CreateAccessKey")

    def created(self, response: Response) -> MadeKey | None:
        """The answer tells the secret, this once."""
        identity, secret = _text(response, "AccessKeyId"), _text(response, "SecretAccessKey")
        made = response.status == 200 and identity and secret
        return MadeKey(identity, (Secret(identity), Secret(secret))) if made else None

    def list_request(self, now: float) -> Request:
        """Both keys of the user."""
        return self._call(now, "ListAccessKeys")

    def listed(self, response: Response) -> tuple[KeyInfo, ...] | None:
        """Ids and days of creation; when a key was used last is another call."""
        if response.status != 200:
            return None
        members = re.findall(r"<member>(.*?)</member>", response.body.decode("utf-8", "replace"), re.DOTALL)
        return tuple(KeyInfo(_tag(one, "AccessKeyId"), "", _seconds(_tag(one, "CreateDate"))) for one in members)

    def more_request(self, response: Response, now: float) -> Request | None:
        """None: a user has two at most."""
        return None

    def use_request(self, identity: str, now: float) -> Request | None:
        """When a key was used last; it also names its user."""
        return self._call(now, "GetAccessKeyLastUsed", user="", AccessKeyId=identity)

    def used(self, response: Response) -> int | None:
        """Epoch seconds; a key that was never used has no date. One that cannot be read is no answer."""
        date = _text(response, "LastUsedDate")
        return None if response.status != 200 or (date and not _seconds(date)) else _seconds(date)

    def user(self, response: Response) -> str:
        """The user of the key that `use_request` asked about."""
        return _text(response, "UserName") if response.status == 200 else ""

    def revoke_request(self, identity: str, now: float) -> Request:
        """Delete it; from then on the signature of that key is refused."""
        return self._call(now, "DeleteAccessKey", AccessKeyId=identity)

    def revoked(self, response: Response) -> bool:
        """Gone, now or before."""
        return response.status == 200 or b"NoSuchEntity" in response.body

    def _call(self, now: float, action: str, user: str | None = None, **words: str) -> Request:
        who = self._user if user is None else user
        named = {"UserName": who} if who else {}
        body = urlencode({"Action": action, "Version": _VERSION, **words, **named}).encode()
        signature = sign(self._signer, "POST", self._url, body, now, FORM)
        return Request("POST", self._url, (*signature, ("User-Agent", USER_AGENT)), body)


def _text(response: Response, tag: str) -> str:
    return _tag(response.body.decode("utf-8", "replace"), tag)


def _tag(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>([^<]*)</{tag}>", text)
    return found[1].strip() if found else ""


def _seconds(text: str) -> int:
    return answers.epoch_ms(text) // 1000
