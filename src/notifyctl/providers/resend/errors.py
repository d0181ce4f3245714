"""What Resend's answers mean. Envelope of a refusal: `{"statusCode", "name", "message"}`."""

import re

from notifyctl.domain.outcome import Certainty, Kind, Limits, Outcome, Response
from notifyctl.providers import answers
from notifyctl.providers.taxonomy import ANY_STATUS, Refusal, Row, classify

_BAD = (400, 422)
_AMBIGUOUS = Certainty.AMBIGUOUS
# "Invalid `from` field", "from address"; not the preposition
_NAMES_FROM = r"[`'\"]from[`'\"]|\bfrom (address|field)|invalid from\b"

ROWS = (
    # A revoked key answers 400, 401 or 403 by age of the API: only the wording is reliable.
    Row(ANY_STATUS, (), "api key is invalid", Kind.ACCOUNT),
    Row((400,), ("invalid_idempotency_key",), "", Kind.REJECTED, ours=True),
    Row(_BAD, ("validation_error",), _NAMES_FROM, Kind.SENDER),
    Row((401,), ("missing_api_key", "restricted_api_key"), "", Kind.ACCOUNT),
    Row((403,), ("invalid_api_key", "suspended_api_key", "invalid_permission"), "", Kind.ACCOUNT),
    # 403 validation_error: "only send testing emails to your own", "domain is not verified"
    Row((403,), ("validation_error",), "", Kind.SENDER),
    Row((403,), (), r"error code:? 1010", Kind.ACCOUNT),  # the CDN: no User-Agent, or blocked
    Row((404, 405), ("not_found", "method_not_allowed"), "", Kind.ACCOUNT),
    # The first call with this key still runs: its copy may go out. Same key, later.
    Row((409,), ("concurrent_idempotent_requests",), "", Kind.THROTTLED, _AMBIGUOUS),
    # The key was used with another body, so an earlier copy probably went out.
    Row((409,), ("invalid_idempotent_request",), "", Kind.THROTTLED, _AMBIGUOUS),
    Row((409,), ("resource_locked",), "", Kind.THROTTLED),
    Row((409,), (), "", Kind.THROTTLED, _AMBIGUOUS),
    Row((422,), ("invalid_from_address", "invalid_region"), "", Kind.SENDER),
    Row((422,), ("invalid_access",), "", Kind.ACCOUNT),
    Row(
        (422,),
        ("missing_required_field", "missing_required_parameter", "invalid_parameter", "invalid_attachment"),
        "",
        Kind.REJECTED,
    ),
    Row(_BAD, ("validation_error",), "", Kind.REJECTED),  # recipients at example.com and test.com too
    Row((429,), ("daily_quota_exceeded", "monthly_quota_exceeded"), "", Kind.ACCOUNT),
    Row((429,), ("rate_limit_exceeded",), "", Kind.THROTTLED),
    Row((451,), ("security_error",), "", Kind.REJECTED),
    Row((500,), ("application_error", "internal_server_error"), "", Kind.FAULT, _AMBIGUOUS),
    Row((503,), ("application_error", "service_unavailable"), "", Kind.FAULT),
)


def outcome(response: Response) -> Outcome:
    """Classify any answer to a send."""
    document = answers.parse(response)
    if 200 <= response.status < 300:
        return _receipt(response, document or {})
    if document is None:
        return classify(ROWS, Refusal(response, "", answers.text(response)), limits(response.headers))
    refusal = Refusal(response, answers.string(document, "name"), answers.string(document, "message"))
    return classify(ROWS, refusal, limits(response.headers))


def limits(headers: dict[str, str]) -> Limits | None:
    """The rate of the whole team from `ratelimit-limit`, per second unless `ratelimit-policy` gives a window."""
    if "ratelimit-limit" not in headers:
        return None
    limit = re.match(r"\s*(\d{1,9})\b", headers["ratelimit-limit"])
    window = re.search(r";\s*w=(\d{1,9})\b", headers.get("ratelimit-policy", ""))
    remaining = re.fullmatch(r"\s*(\d{1,9})\s*", headers.get("ratelimit-remaining", ""))
    if not limit or int(limit[1]) == 0:
        return None
    return Limits(int(limit[1]), max(1, int(window[1])) if window else 1, int(remaining[1]) if remaining else None)


def _receipt(response: Response, document: dict[str, object]) -> Outcome:
    return answers.accepted(response, answers.string(document, "id"), limits=limits(response.headers))
