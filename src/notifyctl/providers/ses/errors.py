"""What Amazon SES's answers mean. The name is in `x-amzn-ErrorType`, the message in `message` or `Message`.

The same condition comes under several names, so limits are told apart by their wording.
"""

from notifyctl.domain.outcome import Certainty, Kind, Outcome, Response
from notifyctl.providers import answers
from notifyctl.providers.taxonomy import ANY_STATUS, Refusal, Row, classify

_AMBIGUOUS = Certainty.AMBIGUOUS
_THROTTLES = ("TooManyRequestsException", "ThrottlingException", "Throttling")
_LIMITS = (*_THROTTLES, "LimitExceededException")
_CREDENTIALS = (
    "AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidClientTokenId",
    "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "IncompleteSignatureException",
    "MissingAuthenticationTokenException", "MissingAuthenticationToken", "ExpiredTokenException", "ExpiredToken",
    "RequestExpired", "OptInRequired", "NotAuthorized",
)  # fmt: skip

ROWS = (
    Row((400, 429), _LIMITS, "daily message quota exceeded", Kind.ACCOUNT),
    Row((400, 429), _LIMITS, "maximum sending rate exceeded", Kind.THROTTLED),
    Row((400, 429), _THROTTLES, "", Kind.THROTTLED),
    Row((400,), ("LimitExceededException",), "", Kind.FAULT),
    Row((400,), ("SendingPausedException",), "configuration set", Kind.SENDER),
    Row((400,), ("AccountSuspendedException", "SendingPausedException"), "", Kind.ACCOUNT),
    Row((400,), ("MailFromDomainNotVerifiedException",), "", Kind.SENDER),
    # Unverified From, wrong region, or a recipient while in the sandbox: nothing is wrong with the message.
    Row((400,), ("MessageRejected",), r"not verified|failed the check", Kind.SENDER),
    Row((400,), ("MessageRejected",), "", Kind.REJECTED),
    Row((404,), ("NotFoundException",), "", Kind.SENDER),  # configuration set, contact list, tenant
    Row((400, 404), ("UnknownOperationException",), "", Kind.ACCOUNT),
    Row((404,), (), "", Kind.ACCOUNT),  # no such path: the URL is wrong
    # It does not say which address is meant; From passed our own check when it was configured.
    Row((400,), ("BadRequestException",), "", Kind.REJECTED),
    Row(ANY_STATUS, _CREDENTIALS, "", Kind.ACCOUNT),
    Row((413,), (), "", Kind.REJECTED),
    Row((408,), (), "", Kind.THROTTLED),  # the request never arrived whole
    Row((409, 500), ("ConflictException", "ConcurrentModificationException"), "", Kind.THROTTLED),
    Row((500,), ("InternalFailure", "InternalServiceErrorException"), "", Kind.FAULT, _AMBIGUOUS),
    Row((503,), ("ServiceUnavailable", "ServiceUnavailableException"), "", Kind.FAULT),
)


def outcome(response: Response) -> Outcome:
    """Classify any answer to a send."""
    document = answers.parse(response)
    if 200 <= response.status < 300:
        return answers.accepted(response, answers.string(document or {}, "MessageId"))
    message = answers.text(response) if document is None else answers.string(document, "message", "Message")
    return classify(ROWS, Refusal(response, name_of(response, document or {}), message))


def name_of(response: Response, document: dict[str, object]) -> str:
    """The error's name without namespace and link: `ns#Name:http://...` is `Name`."""
    raw = response.headers.get("x-amzn-errortype") or answers.string(document, "__type", "code")
    return raw.partition(":")[0].rpartition("#")[2].strip()
