"""What is worth telling about things that people laid over the route, and about providers that are out.

Policy: a pause of the queue or of automation is told as long as it lasts; any of them when it ends within 15 minutes,
since then the revision's order and the breakers decide again. A provider that its breaker took out is told although
nobody needs to do anything: fewer are left. When our account was refused, somebody must.
"""

from collections.abc import Iterator

from notifyctl.domain.course import Course, Detour
from notifyctl.domain.finding import Finding

SOON = 15 * 60_000  # ms
_NAMES = {"pin": "the pin on {}", "hold": "the pause of the queue", "manual": "the pause of automation"}
_LASTING = {
    "hold": ("RTE-HELD", "queue", "paused by {by}: {reason}", "go on: notifyctl resume queue"),
    "manual": ("RTE-MANUAL", "automation", "paused by {by}: {reason}", "go on: notifyctl resume automation"),
}


def findings(course: Course, now: int) -> Iterator[Finding]:
    """What people laid over the route and must not forget; `now` in epoch ms."""
    for name, part in course.route._asdict().items():
        if part and name in _LASTING:
            code, subject, what, hint = _LASTING[name]
            yield Finding(code, "warning", subject, what.format(by=part.by, reason=part.reason), hint)
        if part and part.until - now <= SOON:
            thing = _NAMES[name].format(getattr(part, "provider", ""))
            what = f"{thing} by {part.by} ends within 15 minutes: {part.reason}"
            yield Finding("RTE-ENDS", "warning", "route", what, "nothing, or lay it over again with --for")


def out(detour: Detour) -> Finding:
    """A provider that its breaker took out."""
    if detour.rule == "T3":
        return Finding(
            "BRK-OPEN", "error", f"provider/{detour.provider}", detour.reason, "check the key and the account there"
        )
    hint = "nothing to do: it is probed, and comes back by itself"
    return Finding("BRK-OPEN", "warning", f"provider/{detour.provider}", f"out: {detour.reason}", hint)
