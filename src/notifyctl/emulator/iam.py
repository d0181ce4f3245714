"""AWS IAM on the port of SES, as far as access keys go: a form in, XML out, and two keys a user at most."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from notifyctl.emulator.sigv4 import verify
from notifyctl.emulator.state import State
from notifyctl.emulator.wire import Reply, Request

PATH = "/"
MAX_KEYS = 2

Words = dict[str, str]


class Iam:
    """The access keys of one user. The settings say which ones work; times are kept here."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._created: dict[str, float] = {}
        self._used: dict[str, float] = {}
        self._actions: dict[str, Callable[[Words], Reply]] = {
            "CreateAccessKey": self._create,
            "ListAccessKeys": self._list,
            "GetAccessKeyLastUsed": self._last_used,
            "DeleteAccessKey": self._delete,
        }

    def use(self, key: str) -> None:
        """A key signed a call."""
        self._used[key] = time.time()

    def answer(self, request: Request) -> Reply:
        """Signature first, then the action; only keys of an administrator may do any of it."""
        settings = self._state.settings.ses
        refusal = verify(request, {**settings.keys, **settings.admin_keys}, service="iam")
        if refusal is not None:
            return _error(403, refusal.type, refusal.message)
        if not any(f"Credential={key}/" in request.headers["authorization"] for key in settings.admin_keys):
            return _error(403, "AccessDenied", "The user is not authorized to perform this.")
        words = dict(parse_qsl(request.body.decode("latin-1")))
        act = self._actions.get(words.get("Action", ""))
        return act(words) if act else _error(400, "InvalidAction", "No such action.")

    def _create(self, _: Words) -> Reply:
        keys = self._state.settings.ses.keys
        if len(keys) >= MAX_KEYS:
            return _error(409, "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {MAX_KEYS}")
        key, secret = f"AKIA{uuid.uuid4().hex[:16].upper()}", uuid.uuid4().hex
        self._created[key] = time.time()
        self._keep({**keys, key: secret})
        return _xml(
            f"<AccessKey><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey></AccessKey>"
        )

    def _list(self, _: Words) -> Reply:
        keys = {key: _stamp(self._created.get(key, 0)) for key in self._state.settings.ses.keys}
        rows = (f"<AccessKeyId>{key}</AccessKeyId><CreateDate>{made}</CreateDate>" for key, made in keys.items())
        return _xml(f"<AccessKeyMetadata>{''.join(f'<member>{row}</member>' for row in rows)}</AccessKeyMetadata>")

    def _last_used(self, words: Words) -> Reply:
        used = self._used.get(words.get("AccessKeyId", ""))
        date = f"<LastUsedDate>{_stamp(used)}</LastUsedDate>" if used else ""
        return _xml(f"<AccessKeyLastUsed>{date}</AccessKeyLastUsed><UserName>worker</UserName>")

    def _delete(self, words: Words) -> Reply:
        keys = dict(self._state.settings.ses.keys)
        if keys.pop(words.get("AccessKeyId", ""), None) is None:
            return _error(404, "NoSuchEntity", "The Access Key cannot be found.")
        self._keep(keys)
        return _xml("")

    def _keep(self, keys: Words) -> None:
        self._state.settings = self._state.settings.changed({"ses": {"keys": keys}})


def _xml(result: str, status: int = 200) -> Reply:
    return Reply(status, f"<Response><Result>{result}</Result></Response>".encode(), {"Content-Type": "text/xml"})


def _error(status: int, code: str, message: str) -> Reply:
    return _xml(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>", status)


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
