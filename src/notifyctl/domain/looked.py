"""Whether a report has looked at what an earlier one found: only then is a finding that is no longer there closed.

Policy: closing takes a positive look. A rate must be within its limit, and too few is no look; times need 20
measurements; a check must have passed, warned or been attested, and one that failed is there still though somebody
waives it; an incident must be reviewed, a key young, and a report's messages in the archive as they were signed. That
messages went on after a report is said once. What nobody looked at stays open.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from notifyctl.domain.rate import Judged, Rate

ENOUGH = 20  # measurements below which no time is judged
TROUBLED = 0.05  # error rate of a provider above which its review says so
REFUSED = 0.01  # part of calls answered with 429 above which our limit is wrong
_Facts = Mapping[str, Sequence[Mapping[str, Any]]]


def looked(code: str, subject: str, figures: Mapping[str, Any], facts: _Facts) -> bool:
    """Whether it was looked at, given that it was not found again."""
    if subject == "check":
        return _checked(code, facts)
    if code == "RPT-QUOTA":
        return any(one["provider"] == subject and (one["included"] or one["a day at most"])
                   for one in facts.get("quota", ()))  # fmt: skip
    if code in ("RPT-INCIDENT", "RPT-KEY-AGE", "RPT-ALTERED"):
        kind, name = {
            "RPT-INCIDENT": ("incident", "id"), "RPT-KEY-AGE": ("key", "name"), "RPT-ALTERED": ("held", "report"),
        }[code]  # fmt: skip
        return any(one[name] == subject for one in facts.get(kind, ()))
    if subject == "mail":
        return _mail(code, figures)
    return code == "RPT-LATER" or _provider(code, figures["providers"].get(subject))


def _checked(code: str, facts: _Facts) -> bool:
    passed = any(one["id"] == code and one["verdict"] in ("pass", "warn") for one in facts.get("check", ()))
    return passed or any(one["id"] == code for one in facts.get("attested", ()))


def _mail(code: str, figures: Mapping[str, Any]) -> bool:
    failure = figures["failure"]
    limits = {"RPT-FAILURES": failure["limit"], "RPT-BUDGET": 1 - figures["budget"]["objective"]}
    if code in limits:
        return Rate(failure["count"], failure["of"]).judged(limits[code]) is Judged.WITHIN
    if code == "RPT-SLOW":
        return bool(figures["processing"]["calls"] >= ENOUGH)
    return code in ("RPT-UNKNOWN", "RPT-TWICE") and figures["messages"] > 0


def _provider(code: str, one: Mapping[str, Any] | None) -> bool:
    if one is None:
        return False
    if code == "RPT-ERRORS":
        return Rate(one["error_rate"]["count"], one["error_rate"]["of"]).judged(TROUBLED) is Judged.WITHIN
    if code == "RPT-LIMITED":
        return Rate(one["http_429"], one["calls"]).judged(REFUSED) is Judged.WITHIN
    return code == "RPT-SLOW" and one["processing"]["calls"] >= ENOUGH
