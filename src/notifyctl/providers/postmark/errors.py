"""What Postmark's answers mean. Envelope of a refusal: `{"ErrorCode", "Message"}`, mostly on HTTP 422.

Error codes look like HTTP statuses and mean something else (406 is an inactive recipient, 413 a closed
account), so rows about codes name the statuses they ride on.
"""

from notifyctl.domain.outcome import Certainty, Kind, Outcome, Response
from notifyctl.providers import answers
from notifyctl.providers.taxonomy import ANY_STATUS, Refusal, Row, classify

_API = (422,)
_NAMES_FROM = r"'from'|\bfrom address|\bsender signature"

ROWS = (
    Row(ANY_STATUS, ("10",), "", Kind.ACCOUNT),  # token; rides on 401 and 422
    Row((401,), (), "", Kind.ACCOUNT),
    Row((404, *_API), ("12", "701"), "", Kind.ACCOUNT),  # no such resource: the URL is wrong
    Row((413,), (), "", Kind.REJECTED),
    Row((415,), (), "", Kind.REJECTED, ours=True),  # ErrorCode 409: not JSON
    Row(_API, ("406",), "", Kind.REJECTED, suppressed=True),
    Row(_API, ("300", "11"), _NAMES_FROM, Kind.SENDER),  # the same code as for a bad recipient
    Row(_API, ("300", "11", "403", "411"), "", Kind.REJECTED),
    Row(_API, ("402", "410"), "", Kind.REJECTED, ours=True),
    Row(_API, ("400", "401", "501", "503", "510"), "", Kind.SENDER),
    Row(_API, ("405", "412", "413"), "", Kind.ACCOUNT),  # out of credits, pending approval, may not send
    Row(_API, ("1226", "1235", "1236"), "", Kind.SENDER),  # message stream
    Row(_API, ("1101", "1120", "1121", "1122", "1123"), "", Kind.SENDER),  # template
    Row(_API, ("500", "600", "700", "900", "1000", "1100"), "", Kind.FAULT),  # their query failed
    Row((*_API, 503), ("100",), "", Kind.FAULT),  # maintenance
    Row((429, *_API), ("429",), "", Kind.THROTTLED),
    Row((429,), (), "", Kind.THROTTLED),
    Row((503,), (), "", Kind.FAULT),
    Row((500,), (), "", Kind.FAULT, Certainty.AMBIGUOUS),
    Row(_API, (), "", Kind.REJECTED),
)


def outcome(response: Response) -> Outcome:
    """Classify any answer to a send."""
    document = answers.parse(response)
    if 200 <= response.status < 300:
        return _receipt(response, document or {})
    if document is None:
        return classify(ROWS, Refusal(response, "", answers.text(response)))
    return classify(ROWS, Refusal(response, _code(document), _message(document)))


def _receipt(response: Response, document: dict[str, object]) -> Outcome:
    """Accepted with error code 0, or with none at all ("delivery may be delayed")."""
    if document.get("ErrorCode", 0) != 0:
        return answers.unreadable(response)
    return answers.accepted(response, answers.string(document, "MessageID"), answers.string(document, "Message"))


def _code(document: dict[str, object]) -> str:
    code = document.get("ErrorCode")
    return str(code) if isinstance(code, int) and abs(code) < 100_000 else ""


def _message(document: dict[str, object]) -> str:
    """The message, with the list of errors that code 11 adds."""
    errors = document.get("Errors")
    return f"{answers.string(document, 'Message')} {errors if isinstance(errors, list) else ''}"
