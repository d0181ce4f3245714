"""Amazon SES API version 2: formats and rules of SendEmail with simple content, and of GetAccount."""

import re
import uuid
from collections.abc import Callable, Sequence

from notifyctl.emulator import addresses, iam, routing
from notifyctl.emulator.mailbox import Mail
from notifyctl.emulator.provider import NoHold, mapping, pairs, text
from notifyctl.emulator.rate import DAY, Quota, Window
from notifyctl.emulator.settings import Ses as Settings
from notifyctl.emulator.sigv4 import verify
from notifyctl.emulator.state import State
from notifyctl.emulator.wire import Reply, Request

MAX_RECIPIENTS = 50
MAX_HEADERS = 15
NO_RATE = 10_000.0  # recipients a second that an account without a limit is told to have; AWS always names one
MAX_MESSAGE = 40 * 1024 * 1024

_HEADER_NAME = re.compile(r"^[!-9;-~]{1,126}$")
_HEADER_VALUE = re.compile(r"^[ -~]{1,995}$")
_TAG = re.compile(r"^[A-Za-z0-9_-]{1,256}$")
_TYPES = {
    400: "BadRequestException",
    403: "AccessDeniedException",
    404: "NotFoundException",
    429: "TooManyRequestsException",
    503: "ServiceUnavailable",
}


class Ses(NoHold):
    """The provider on its port."""

    name = "ses"

    def __init__(self, state: State) -> None:
        self._state = state
        self._window = Window()
        self._day = Quota(DAY)
        self._iam = iam.Iam(state)
        self.routes: dict[str, Callable[[Request], Reply]] = {
            "POST /v2/email/outbound-emails": self._send,
            "GET /v2/email/account": self._account,
        }

    @property
    def _settings(self) -> Settings:
        return self._state.settings.ses

    def mails(self, request: Request) -> Sequence[Mail]:
        """The e-mail of a send."""
        return [_mail(request.document)] if isinstance(request.document, dict) else []

    def failure(self, status: int) -> Reply:
        """The usual words for a status."""
        return error(status, _TYPES.get(status, "InternalServiceErrorException"), "Scripted by a fault.")

    def answer(self, request: Request) -> Reply:
        """Signature first, then the route."""
        if request.path == iam.PATH and request.method == "POST":
            return self._iam.answer(request)
        refusal = verify(request, self._settings.keys, self._settings.region)
        if refusal is not None:
            return error(403, refusal.type, refusal.message)
        self._iam.use(request.headers["authorization"].partition("Credential=")[2].partition("/")[0])
        found = routing.find(self.routes, request)
        if found is None:
            return error(404, "UnknownOperationException", "No such operation.")
        reply = self.routes[found.pattern](request)
        return Reply(reply.status, reply.body, {"x-amzn-RequestId": str(uuid.uuid4()), **reply.headers})

    def _send(self, request: Request) -> Reply:
        document = request.document
        if len(request.body) > MAX_MESSAGE:
            return error(413, "RequestEntityTooLargeException", "The message is larger than 40 MB.")
        if not isinstance(document, dict):
            return error(400, "SerializationException", "The body is not JSON.")
        bad = _bad_envelope(document) or _bad_simple(document) or _bad_tags(document)
        if bad is not None:
            return error(400, "BadRequestException", bad)
        mail = _mail(document)
        return self._unknown_parts(document, mail) or self._accept(mail)

    def _unknown_parts(self, document: dict[str, object], mail: Mail) -> Reply | None:
        sender = addresses.bare(mail.sender) or ""
        if not addresses.covers(self._settings.verified, sender):
            region = (self._settings.region or "eu-west-2").upper()
            what = "Email address is not verified. The following identities failed the check in region"
            return error(400, "MessageRejected", f"{what} {region}: {sender}")
        name = text(document.get("ConfigurationSetName"))
        known = self._settings.configuration_sets
        if name and known is not None and name not in known:
            return error(404, "NotFoundException", f"Configuration set <{name}> does not exist.")
        return None

    def _accept(self, mail: Mail) -> Reply:
        if not self._window.take(self._settings.rate, len(mail.recipients)):
            return error(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
        if self._day.exceeded(self._settings.daily_quota, len(mail.recipients)):
            return error(400, "LimitExceededException", "Daily message quota exceeded.")
        self._day.count(len(mail.recipients))
        id = f"0102{uuid.uuid4().hex[:12]}-{uuid.uuid4()}-000000"
        self._state.mailbox.accept(self.name, mail, self._settings.suppressed, id=id)
        return Reply.json(200, {"MessageId": id})

    def _account(self, _: Request) -> Reply:
        if self._settings.sending_only:
            return error(403, "AccessDeniedException", "The user is not authorized to perform: ses:GetAccount")
        settings = self._settings
        quota = {
            "Max24HourSend": -1.0 if settings.daily_quota is None else float(settings.daily_quota),
            "MaxSendRate": NO_RATE if settings.rate is None else float(settings.rate),
            "SentLast24Hours": float(self._day.used),
        }
        return Reply.json(
            200,
            {
                "DedicatedIpAutoWarmupEnabled": False,
                "EnforcementStatus": "HEALTHY",
                "ProductionAccessEnabled": not settings.sandbox,
                "SendQuota": quota,
                "SendingEnabled": True,
                "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
                "PricingAttributes": {"CurrentPlan": "ESSENTIALS"},
            },
        )


def error(status: int, type: str, message: str) -> Reply:
    """An error as AWS writes it: the type in a header, the message in the body."""
    return Reply.json(status, {"message": message}, {"x-amzn-ErrorType": type})


def _simple(document: dict[str, object]) -> dict[str, object]:
    return mapping(mapping(document.get("Content")).get("Simple"))


def _data(part: object) -> str:
    return text(mapping(part).get("Data"))


def _recipients(document: dict[str, object]) -> list[str]:
    destination = mapping(document.get("Destination"))
    fields = [destination.get(field) or [] for field in ("ToAddresses", "CcAddresses", "BccAddresses")]
    return [text(entry) for field in fields if isinstance(field, list) for entry in field]


def _mail(document: object) -> Mail:
    whole = mapping(document)
    simple = _simple(whole)
    body = mapping(simple.get("Body"))
    return Mail(
        sender=text(whole.get("FromEmailAddress")),
        recipients=tuple(address for entry in _recipients(whole) if (address := addresses.bare(entry))),
        subject=_data(simple.get("Subject")),
        html=_data(body.get("Html")),
        text=_data(body.get("Text")),
        headers=pairs(simple.get("Headers"), "Name", "Value"),
        tags=pairs(whole.get("EmailTags"), "Name", "Value"),
    )


def _bad_envelope(document: dict[str, object]) -> str | None:
    recipients = _recipients(document)
    if not recipients:
        return "The destination has no recipients."
    if len(recipients) > MAX_RECIPIENTS:
        return f"Recipient count exceeds {MAX_RECIPIENTS}."
    everybody = [text(document.get("FromEmailAddress")), *recipients]
    return "Missing final '@domain'" if any(addresses.bare(entry) is None for entry in everybody) else None


def _bad_simple(document: dict[str, object]) -> str | None:
    simple = _simple(document)
    if not simple:
        return "The emulator takes Content.Simple only."
    body = mapping(simple.get("Body"))
    if not _data(simple.get("Subject")) or not (_data(body.get("Html")) or _data(body.get("Text"))):
        return "Subject and a body are needed."
    if any(character in _data(simple.get("Subject")) for character in "\r\n"):
        return "The subject must be one line."
    headers = simple.get("Headers") or []
    if not isinstance(headers, list) or len(headers) > MAX_HEADERS:
        return f"Headers takes {MAX_HEADERS} entries at most."
    for header in map(mapping, headers):
        if not _HEADER_NAME.match(text(header.get("Name"))) or not _HEADER_VALUE.match(text(header.get("Value"))):
            return "A header needs a name of 1 to 126 and a value of 1 to 995 printable ASCII characters."
    return None


def _bad_tags(document: dict[str, object]) -> str | None:
    for name, value in pairs(document.get("EmailTags"), "Name", "Value").items():
        if not _TAG.match(name) or not _TAG.match(value):
            return "Tags take ASCII letters, numbers, underscores and dashes only, 256 at most."
    return None
