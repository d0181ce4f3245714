"""Keys at Resend: made, listed and revoked with a key of full access, which no worker needs."""

from notifyctl.domain.keymaking import KeyInfo, MadeKey
from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.secret import Secret
from notifyctl.providers import answers
from notifyctl.providers.rendering import JSON_HEADERS, render
from notifyctl.providers.resend.account import Account


class Keys:
    """The `KeyMaker` of an account whose key has full access."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def create_request(self, name: str, now: float) -> Request:
        """A key that may only send."""
        return self._call("POST", "/api-keys", render({"name": name, "permission": "sending_access"}))

    def created(self, response: Response) -> MadeKey | None:
        """The answer tells the token, this once."""
        document = answers.parse(response) or {}
        identity, token = answers.string(document, "id"), answers.string(document, "token")
        return MadeKey(identity, (Secret(token),)) if response.status in (200, 201) and identity and token else None

    def list_request(self, now: float) -> Request:
        """The first hundred keys of the team."""
        return self._call("GET", "/api-keys?limit=100")

    def listed(self, response: Response) -> tuple[KeyInfo, ...] | None:
        """Names and times; a time that cannot be read is 0."""
        data = (answers.parse(response) or {}).get("data")
        if response.status != 200 or not isinstance(data, list):
            return None
        return tuple(_info(item) for item in data if isinstance(item, dict))

    def more_request(self, response: Response, now: float) -> Request | None:
        """The hundred after the last one that was told."""
        keys = self.listed(response)
        if not keys or not keys[-1].id or (answers.parse(response) or {}).get("has_more") is not True:
            return None
        return self._call("GET", f"/api-keys?limit=100&after={keys[-1].id}")

    def use_request(self, identity: str, now: float) -> Request | None:
        """None: the list tells."""
        return None

    def used(self, response: Response) -> int | None:
        """None, as nothing is asked."""
        return None

    def revoke_request(self, identity: str, now: float) -> Request:
        """Delete it."""
        return self._call("DELETE", f"/api-keys/{identity}")

    def revoked(self, response: Response) -> bool:
        """Gone, now or before."""
        return response.status in (200, 204, 404)

    def _call(self, method: str, path: str, body: bytes = b"") -> Request:
        headers = (("Authorization", f"Bearer {self._account.api_key}"), *JSON_HEADERS)
        return Request(method, self._account.url(path), headers, body)


def _info(item: dict[str, object]) -> KeyInfo:
    created, used = (
        answers.epoch_ms(_iso(answers.string(item, key))) // 1000 for key in ("created_at", "last_used_at")
    )
    return KeyInfo(answers.string(item, "id"), answers.string(item, "name"), created, used)


def _iso(text: str) -> str:
    """Resend also writes times as `2026-04-08 00:11:13.110779+00`."""
    return f"{text}:00" if text.endswith(("+00", "-00")) else text
