"""Resend's keys: made, listed and deleted by one of full access. A deleted key is refused from then on."""

import time
import uuid
from collections.abc import Callable
from hashlib import sha256

from notifyctl.emulator.provider import mapping, text
from notifyctl.emulator.resend_documents import stamp
from notifyctl.emulator.state import State
from notifyctl.emulator.wire import Reply, Request

MAX_NAME = 50


class Keys:
    """The keys of one account. The settings say which ones work; names and times are kept here."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._made: dict[str, tuple[str, float]] = {}
        self._used: dict[str, float] = {}
        self.routes: dict[str, Callable[..., Reply]] = {
            "POST /api-keys": self._create,
            "GET /api-keys": self._list,
            "DELETE /api-keys/{id}": self._delete,
        }

    def use(self, token: str) -> None:
        """A key was used."""
        self._used[token] = time.time()

    def _tokens(self) -> dict[str, str]:
        """The keys by id, without those of full access."""
        return {identity(token): token for token in sorted(self._state.settings.resend.keys)}

    def _create(self, request: Request) -> Reply:
        name = text(mapping(request.document).get("name"))
        if not 0 < len(name) <= MAX_NAME:
            return _error(422, "missing_required_field", f"Missing `name` field, or longer than {MAX_NAME} characters.")
        token = f"re_{uuid.uuid4().hex}"
        self._made[token] = (name, time.time())
        self._keep({*self._state.settings.resend.keys, token})
        return Reply.json(201, {"id": identity(token), "token": token})

    def _list(self, _: Request) -> Reply:
        data = [self._document(known, token) for known, token in self._tokens().items()]
        return Reply.json(200, {"object": "list", "has_more": False, "data": data})

    def _document(self, known: str, token: str) -> dict[str, object]:
        name, created = self._made.get(token, ("first", 0.0))
        used = self._used.get(token)
        return {"id": known, "name": name, "created_at": stamp(created), "last_used_at": used and stamp(used)}

    def _delete(self, _: Request, known: str) -> Reply:
        token = self._tokens().get(known)
        if token is None:
            return _error(404, "not_found", "API key not found")
        self._keep(self._state.settings.resend.keys - {token})
        return Reply.json(200, {"object": "api_key", "id": known, "deleted": True})

    def _keep(self, tokens: "set[str] | frozenset[str]") -> None:
        self._state.settings = self._state.settings.changed({"resend": {"keys": sorted(tokens)}})


def identity(token: str) -> str:
    """The id of a key, which tells nothing of it."""
    return str(uuid.UUID(bytes=sha256(token.encode()).digest()[:16]))


def _error(status: int, name: str, message: str) -> Reply:
    return Reply.json(status, {"statusCode": status, "name": name, "message": message})
