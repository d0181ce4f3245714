"""Resend: formats and rules of its HTTP API."""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from notifyctl.emulator import addresses, resend_documents, routing
from notifyctl.emulator.mailbox import Mail
from notifyctl.emulator.provider import mapping, pairs, strings, text
from notifyctl.emulator.rate import DAY, MONTH, Quota, Window
from notifyctl.emulator.resend_keys import Keys
from notifyctl.emulator.settings import Resend as Settings
from notifyctl.emulator.state import State
from notifyctl.emulator.wire import Reply, Request

KEY_LIFE_S = 24 * 3600
MAX_RECIPIENTS = 50
MAX_BATCH = 100

_SENDING = ("POST /emails", "POST /emails/batch", "GET /usage")  # what any key may

_TAG = re.compile(r"^[A-Za-z0-9_-]{1,256}$")
_NAMES = {404: "not_found", 405: "method_not_allowed", 429: "rate_limit_exceeded", 503: "service_unavailable"}


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an idempotency key stands for."""

    at: float
    payload: bytes
    reply: Reply


class Resend:
    """The provider on its port."""

    name = "resend"

    def __init__(self, state: State) -> None:
        self._state = state
        self._window = Window()
        self._quotas = {"daily": Quota(DAY), "monthly": Quota(MONTH)}
        self._remembered: dict[str, Remembered] = {}
        self._held: Counter[str] = Counter()
        self._keys = Keys(state)
        self.routes: dict[str, Callable[..., Reply]] = {
            **self._keys.routes,
            "POST /emails": self._send,
            "POST /emails/batch": self._batch,
            "GET /emails/{id}": self._email,
            "GET /domains": self._domains,
            "GET /usage": self._usage,
        }

    @property
    def _settings(self) -> Settings:
        return self._state.settings.resend

    def mails(self, request: Request) -> Sequence[Mail]:
        """The e-mails of a send or a batch."""
        document = request.document
        return [_mail(mapping(item)) for item in (document if isinstance(document, list) else [document]) if item]

    def hold(self, request: Request) -> None:
        """A second request with this key meets 409 until `release`."""
        self._held[_key(request)] += 1

    def release(self, request: Request) -> None:
        """The first request with this key is done."""
        self._held[_key(request)] -= 1

    def failure(self, status: int) -> Reply:
        """The usual words for a status."""
        return error(status, _NAMES.get(status, "internal_server_error"), "Scripted by a fault.")

    def answer(self, request: Request) -> Reply:
        """Limits and key first, then the route."""
        limit = self._settings.rate
        allowed = self._window.take(limit)
        refusal = self._refusal(request) if allowed else error(429, "rate_limit_exceeded", "Too many requests.")
        reply = refusal or self._route(request)
        headers = {} if allowed else {"retry-after": "1"}
        if limit is not None:
            remaining = str(self._window.remaining(limit))
            headers |= {"ratelimit-limit": str(limit), "ratelimit-remaining": remaining, "ratelimit-reset": "1"}
        used = {f"x-resend-{name}-quota": str(quota.used) for name, quota in self._limited()}
        return Reply(reply.status, reply.body, {**reply.headers, **headers, **used})

    def _limited(self) -> list[tuple[str, Quota]]:
        """The quotas that have a limit."""
        return [(name, quota) for name, quota in self._quotas.items() if self._most(name) is not None]

    def _most(self, name: str) -> int | None:
        return {"daily": self._settings.daily_quota, "monthly": self._settings.monthly_quota}[name]

    def _refusal(self, request: Request) -> Reply | None:
        if not request.headers.get("user-agent"):
            return Reply.text(403, "error code: 1010")
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            return error(401, "missing_api_key", "Missing API key in the authorization header.")
        if key not in self._settings.keys | self._settings.admin_keys:
            return error(401, "validation_error", "API key is invalid")
        self._keys.use(key)
        return None

    def _route(self, request: Request) -> Reply:
        found = routing.find(self.routes, request)
        if found is None:
            known = routing.knows_path(self.routes, request.path)
            return self.failure(405 if known else 404)
        full = bearer(request) in self._settings.admin_keys or not self._settings.sending_only
        if found.pattern not in _SENDING and not full:
            return error(401, "restricted_api_key", "This API key is restricted to only send emails")
        return self.routes[found.pattern](request, *found.words)

    def _send(self, request: Request) -> Reply:
        return self._once(request, self._send_now)

    def _batch(self, request: Request) -> Reply:
        return self._once(request, self._batch_now)

    def _once(self, request: Request, run: Callable[[Request], Reply]) -> Reply:
        """Idempotency: the same key and payload give the original answer for 24 hours."""
        key = _key(request)
        if "idempotency-key" not in request.headers:
            return run(request)
        if not 1 <= len(key) <= 256:
            return error(400, "invalid_idempotency_key", "The idempotency key must have 1 to 256 characters.")
        payload = sha256(request.path.encode() + b"\n" + request.body).digest()
        before = self._remembered.get(key)
        if before and time.time() - before.at < KEY_LIFE_S and before.payload != payload:
            return error(409, "invalid_idempotent_request", "This idempotency key was used with another payload.")
        if self._held[key]:
            return error(409, "concurrent_idempotent_requests", "The first request with this key is in progress.")
        if before and time.time() - before.at < KEY_LIFE_S:
            return before.reply
        reply = run(request)
        if reply.status == 200:
            self._remembered[key] = Remembered(time.time(), payload, reply)
        return reply

    def _send_now(self, request: Request) -> Reply:
        fault = self._fault_of(request.document) or self._over_quota(1)
        return fault or Reply.json(200, {"id": self._accept(request.document, request)})

    def _batch_now(self, request: Request) -> Reply:
        items = request.document
        if not isinstance(items, list) or not 1 <= len(items) <= MAX_BATCH:
            return error(422, "validation_error", f"A batch is an array of 1 to {MAX_BATCH} emails.")
        faults = [self._fault_of(item) or _not_in_batch(mapping(item)) for item in items]
        wrong = [(index, fault) for index, fault in enumerate(faults) if fault]
        permissive = request.headers.get("x-batch-validation", "strict") == "permissive"
        if wrong and not permissive:
            return wrong[0][1]
        right = [item for item, fault in zip(items, faults, strict=True) if fault is None]
        if over := self._over_quota(len(right)):
            return over
        answer: dict[str, object] = {"data": [{"id": self._accept(item, request)} for item in right]}
        if permissive:
            answer["errors"] = [{"index": index, "message": message_of(fault)} for index, fault in wrong]
        return Reply.json(200, answer)

    def _accept(self, item: object, request: Request) -> str:
        mail = _mail(mapping(item))
        for quota in self._quotas.values():
            quota.count(len(mail.recipients))
        return self._state.mailbox.accept(self.name, mail, self._settings.suppressed, _key(request))

    def _over_quota(self, mails: int) -> Reply | None:
        for name, quota in self._limited():
            if quota.exceeded(self._most(name), mails):
                return error(429, f"{name}_quota_exceeded", f"You have reached your {name} email sending quota.")
        return None

    def _fault_of(self, item: object) -> Reply | None:
        if not isinstance(item, dict):
            return error(400, "validation_error", "The request body is not a JSON object.")
        return _missing(item) or _bad_addresses(item) or _bad_extras(item) or self._unverified(item)

    def _unverified(self, item: dict[str, object]) -> Reply | None:
        sender = addresses.bare(item["from"]) or ""
        if addresses.covers(self._settings.verified, sender):
            return None
        message = f"The {addresses.domain(sender)} domain is not verified."
        return error(403, "validation_error", message)

    def _email(self, _: Request, id: str) -> Reply:
        copy = self._state.mailbox.by_id(id)
        if copy is None or copy.provider != self.name:
            return error(404, "not_found", "Email not found")
        return Reply.json(200, resend_documents.email(copy))

    def _domains(self, _: Request) -> Reply:
        return Reply.json(200, resend_documents.domains(sorted(self._settings.verified or ())))

    def _usage(self, _: Request) -> Reply:
        emails = {name: (quota.used, self._most(name)) for name, quota in self._quotas.items()}
        return Reply.json(200, resend_documents.usage(emails, self._settings.rate, time.time()))


def bearer(request: Request) -> str:
    """The key of a request."""
    return request.headers.get("authorization", "").partition(" ")[2]


def error(status: int, name: str, message: str) -> Reply:
    """An error in Resend's envelope."""
    return Reply.json(status, {"statusCode": status, "name": name, "message": message})


def message_of(reply: Reply) -> str:
    """The message of an error, for the list of a permissive batch."""
    document = Request("", "", "", {}, body=reply.body).document
    return text(mapping(document).get("message"))


def _key(request: Request) -> str:
    return request.headers.get("idempotency-key", "")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []


def _mail(item: dict[str, object]) -> Mail:
    everybody = [entry for field in ("to", "cc", "bcc") for entry in _listed(item.get(field))]
    return Mail(
        sender=text(item.get("from")),
        recipients=tuple(address for entry in everybody if (address := addresses.bare(entry))),
        subject=text(item.get("subject")),
        html=text(item.get("html")),
        text=text(item.get("text")),
        headers=strings(item.get("headers")),
        tags=pairs(item.get("tags"), "name", "value"),
    )


def _missing(item: dict[str, object]) -> Reply | None:
    for field in ("from", "to", "subject"):
        if not item.get(field):
            return error(422, "missing_required_field", f"Missing `{field}` field.")
    if not item.get("html") and not item.get("text"):
        return error(422, "validation_error", "Missing `html` or `text` field.")
    if any(not isinstance(item.get(field, ""), str) for field in ("from", "subject", "html", "text")):
        return error(422, "validation_error", "A field has the wrong type.")
    return None


def _bad_addresses(item: dict[str, object]) -> Reply | None:
    fields = ("from", "to", "cc", "bcc", "reply_to")
    everybody = [(field, entry) for field in fields for entry in _listed(item.get(field))]
    for field, entry in everybody:
        address = addresses.bare(entry)
        if address is None or not address.rpartition("@")[0].isascii():
            return error(422, "validation_error", f"Invalid `{field}` field.")
        if field in ("to", "cc", "bcc") and addresses.domain(address) in ("example.com", "test.com"):
            return error(422, "validation_error", f"Invalid `{field}` field. This domain is for testing only.")
    if len(_listed(item["to"])) > MAX_RECIPIENTS:
        return error(422, "validation_error", "The `to` field takes 50 addresses at most.")
    return None


def _bad_extras(item: dict[str, object]) -> Reply | None:
    headers = mapping(item.get("headers"))
    if any(not isinstance(value, str) or "\n" in value or "\r" in value for value in headers.values()):
        return error(422, "validation_error", "Invalid `headers` field. Values must be strings of one line.")
    if any(character in text(item["subject"]) for character in "\r\n"):
        return error(422, "validation_error", "The `\\n` is not allowed in the `subject` field.")
    for name, value in pairs(item.get("tags"), "name", "value").items():
        if not _TAG.match(name) or not _TAG.match(value):
            return error(422, "validation_error", "Tags take ASCII letters, numbers, underscores and dashes only.")
    return None


def _not_in_batch(item: dict[str, object]) -> Reply | None:
    for field in ("attachments", "scheduled_at"):
        if field in item:
            return error(422, "validation_error", f"The `{field}` field is not supported in a batch.")
    return None
