"""Postmark: formats and rules of its HTTP API. API errors ride on HTTP 422 with their own numbers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from notifyctl.emulator import addresses, routing
from notifyctl.emulator.mailbox import REF, Copy, Mail
from notifyctl.emulator.provider import NoHold, mapping, pairs, strings, text
from notifyctl.emulator.rate import Window
from notifyctl.emulator.settings import Postmark as Settings
from notifyctl.emulator.state import State
from notifyctl.emulator.wire import Reply, Request

TEST_TOKEN = "POSTMARK_API_TEST"
MAX_RECIPIENTS = 50
MAX_BATCH = 500
MAX_BODY = 5 * 1024 * 1024
MAX_MESSAGE = 10 * 1024 * 1024
MAX_BATCH_BYTES = 50 * 1024 * 1024

_CODES = {401: 10, 404: 701, 415: 409, 503: 100}

Failure = tuple[int, str]


class Postmark(NoHold):
    """The provider on its port."""

    name = "postmark"

    def __init__(self, state: State) -> None:
        self._state = state
        self._window = Window()
        self.routes: dict[str, Callable[[Request], Reply]] = {
            "POST /email": self._send,
            "POST /email/batch": self._batch,
            "GET /messages/outbound": self._search,
            "GET /deliverystats": self._stats,
            "GET /server": self._server,
        }

    @property
    def _settings(self) -> Settings:
        return self._state.settings.postmark

    def mails(self, request: Request) -> Sequence[Mail]:
        """The e-mails of a send or a batch."""
        document = request.document
        return [_mail(mapping(item)) for item in (document if isinstance(document, list) else [document]) if item]

    def failure(self, status: int) -> Reply:
        """The usual words for a status."""
        return error(status, _CODES.get(status, status), "Scripted by a fault.")

    def answer(self, request: Request) -> Reply:
        """JSON headers, token and rate first, then the route."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if not self._window.take(self._settings.rate):
            return error(429, 429, "Rate limit exceeded.")
        found = routing.find(self.routes, replace(request, path=request.path.lower()))  # one of its SDKs uses capitals
        return self.routes[found.pattern](request) if found else error(404, 701, "No such resource.")

    def _refusal(self, request: Request) -> Reply | None:
        wants = ("accept", "content-type") if request.method == "POST" else ("accept",)
        if any("application/json" not in request.headers.get(name, "").lower() for name in wants):
            return error(415, 409, "The 'Accept' and 'Content-Type' headers must be 'application/json'.")
        token = request.headers.get("x-postmark-server-token", "").lower()
        if token not in {key.lower() for key in (*self._settings.keys, TEST_TOKEN)}:
            return error(401, 10, "Bad or missing Server API token.")
        return None

    def _send(self, request: Request) -> Reply:
        if len(request.body) > MAX_MESSAGE:
            return error(413, 413, "The message is larger than 10 MB.")
        status, answer = self._item(request.document, request)
        return Reply.json(status, answer)

    def _batch(self, request: Request) -> Reply:
        items = request.document
        if len(request.body) > MAX_BATCH_BYTES:
            return error(413, 413, "The batch is larger than 50 MB.")
        if not isinstance(items, list):
            return error(422, 402, "Invalid JSON.")
        if len(items) > MAX_BATCH:
            return error(422, 410, f"A batch takes {MAX_BATCH} messages at most.")
        return Reply.json(200, [self._item(item, request)[1] for item in items])

    def _item(self, item: object, request: Request) -> tuple[int, dict[str, object]]:
        if not isinstance(item, dict):
            return 422, {"ErrorCode": 402, "Message": "Invalid JSON."}
        mail = _mail(item)
        inactive = [address for address in mail.recipients if address.lower() in self._settings.suppressed]
        failure = _bad_recipients(item) or _bad_content(item) or self._bad_sender(item, mail)
        if failure is None and inactive and len(inactive) == len(mail.recipients):
            failure = (406, _inactive(inactive))
        if failure is not None:
            return 422, {"ErrorCode": failure[0], "Message": failure[1]}
        return 200, self._accept(item, mail, inactive, request)

    def _bad_sender(self, item: dict[str, object], mail: Mail) -> Failure | None:
        sender = addresses.bare(mail.sender)
        if sender is None:
            return 300, f"Invalid 'From' address: '{mail.sender}'."
        if not addresses.covers(self._settings.verified, sender):
            return 400, f"The 'From' address you supplied ({sender}) is not a Sender Signature on your account."
        if mail.stream not in self._settings.streams:
            return 1235, f"The stream '{mail.stream}' does not exist on this server."
        return None

    def _accept(self, item: dict[str, object], mail: Mail, inactive: list[str], request: Request) -> dict[str, object]:
        answer: dict[str, object] = {"To": item["To"], "SubmittedAt": _at(time.time())}
        if request.headers["x-postmark-server-token"] == TEST_TOKEN:
            return {**answer, "MessageID": "", "ErrorCode": 0, "Message": "Test job accepted"}
        answer["MessageID"] = self._state.mailbox.accept(self.name, mail, self._settings.suppressed)
        if self._settings.delayed:
            return {**answer, "Message": "Message accepted, but delivery may be delayed."}
        message = "OK"
        if inactive:
            message = f"Message OK, but will not deliver to these inactive addresses: {', '.join(inactive).lower()}"
        return {**answer, "ErrorCode": 0, "Message": message}

    def _search(self, request: Request) -> Reply:
        count, offset = request.query.get("count", ""), request.query.get("offset", "")
        if not (count.isdigit() and offset.isdigit() and int(count) <= 500 and int(count) + int(offset) <= 10_000):
            return error(422, 700, "'count' (500 at most) and 'offset' are needed, 10,000 together at most.")
        found = self._matching(request.query)
        page = found[int(offset) : int(offset) + int(count)]
        return Reply.json(200, {"TotalCount": len(found), "Messages": [_message(copy) for copy in page]})

    def _matching(self, query: dict[str, str]) -> list[Copy]:
        """The copies that a search wants, the newest first; its parameters may be written in capitals."""
        metadata = {name.partition("_")[2]: value for name, value in query.items() if name.startswith("metadata_")}
        asked = {name.lower(): value for name, value in query.items()}
        copies = self._state.mailbox.find(asked.get("recipient", ""), self.name, metadata.get(REF, ""))
        indexed = time.time() - self._settings.lag_s
        wanted = {"tag": asked.get("tag"), "stream": asked.get("messagestream")}
        return [
            copy
            for copy in reversed(copies)
            if copy.time <= indexed
            and all(copy.tags.get(name) == value for name, value in metadata.items())
            and all(value in (None, getattr(copy, name)) for name, value in wanted.items())
        ]

    def _stats(self, _: Request) -> Reply:
        return Reply.json(
            200, {"InactiveMails": len(self._settings.suppressed), "Bounces": [{"Name": "All", "Count": 0}]}
        )

    def _server(self, request: Request) -> Reply:
        tokens = [request.headers["x-postmark-server-token"]]
        return Reply.json(200, {"ID": 1, "Name": "Emulator", "ApiTokens": tokens, **_SERVER})


_SERVER: dict[str, object] = {
    "Color": "green",
    "SmtpApiActivated": True,
    "RawEmailEnabled": False,
    "DeliveryType": "Live",
    "ServerLink": "",
    "InboundAddress": "",
    "PostFirstOpenOnly": False,
    "InboundHash": "",
    "InboundSpamThreshold": 0,
    "TrackOpens": False,
    "TrackLinks": "None",
    "IncludeBounceContentInHook": False,
    "EnableSmtpApiErrorHooks": False,
}


def error(status: int, code: int, message: str) -> Reply:
    """An error in Postmark's envelope."""
    return Reply.json(status, {"ErrorCode": code, "Message": message})


def _inactive(recipients: list[str]) -> str:
    return (
        "You tried to send to recipients that have been marked as inactive. "
        f"Found inactive addresses: {', '.join(recipients).lower()}. "
        "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression."
    )


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _mail(item: dict[str, object]) -> Mail:
    everybody = [entry for field in ("To", "Cc", "Bcc") for entry in addresses.split(text(item.get(field)))]
    return Mail(
        sender=text(item.get("From")),
        recipients=tuple(address for entry in everybody if (address := addresses.bare(entry))),
        subject=text(item.get("Subject")),
        html=text(item.get("HtmlBody")),
        text=text(item.get("TextBody")),
        headers=pairs(item.get("Headers"), "Name", "Value"),
        tags=strings(item.get("Metadata")),
        tag=text(item.get("Tag")),
        stream=text(item.get("MessageStream")) or "outbound",
    )


def _bad_recipients(item: dict[str, object]) -> Failure | None:
    if not item.get("To"):
        return 300, "Zero recipients specified"
    count = 0
    for field in ("To", "Cc", "Bcc"):
        value = item.get(field) or ""
        entries = addresses.split(text(value))
        if not isinstance(value, str) or any(addresses.bare(entry) is None for entry in entries):
            return 300, f"Invalid '{field}' address: '{value}'."
        count += len(entries)
    return (300, f"{MAX_RECIPIENTS} recipients at most.") if count > MAX_RECIPIENTS else None


def _bad_content(item: dict[str, object]) -> Failure | None:
    bodies = [item.get(field) or "" for field in ("HtmlBody", "TextBody")]
    if not any(bodies):
        return 300, "Provide either email TextBody or HtmlBody or both."
    if any(not isinstance(value, str) for value in (*bodies, item.get("Subject") or "")):
        return 403, "A field has the wrong type."
    if any(len(text(body).encode()) > MAX_BODY for body in bodies):
        return 300, "A body is larger than 5 MB."
    if any(character in text(item.get("Subject")) for character in "\r\n"):
        return 300, "Invalid 'Subject'."
    return _bad_metadata(item)


def _bad_metadata(item: dict[str, object]) -> Failure | None:
    metadata = mapping(item.get("Metadata"))
    if any(not isinstance(value, str) for value in metadata.values()):
        return 403, "Metadata values must be strings."
    if any(len(name) > 20 for name in metadata):
        return 300, "Invalid metadata content. A field name has 20 characters at most."
    if len(text(item.get("Tag"))) > 1000:
        return 300, "Invalid 'Tag' value, 1000 characters at most."
    headers = item.get("Headers") or []
    if not isinstance(headers, list) or any("Name" not in mapping(header) for header in headers):
        return 403, "Headers must be an array of objects with Name and Value."
    values = pairs(headers, "Name", "Value").values()
    return (300, "Invalid header value.") if any("\n" in value or "\r" in value for value in values) else None


def _message(copy: Copy) -> dict[str, object]:
    return {
        "Tag": copy.tag,
        "MessageID": copy.id,
        "MessageStream": copy.stream,
        "To": [{"Email": copy.recipient, "Name": None}],
        "Cc": [],
        "Bcc": [],
        "Recipients": [copy.recipient],
        "ReceivedAt": _at(copy.time),
        "From": copy.sender,
        "Subject": copy.subject,
        "Attachments": [],
        "Status": "Sent",
        "TrackOpens": False,
        "TrackLinks": "None",
        "Metadata": copy.tags,
        "Sandboxed": False,
    }
