"""Reports of checks as JUnit XML, which every CI system reads."""

from collections.abc import Sequence
from xml.etree import ElementTree as xml

from notifyctl.domain.check import Report, Verdict

_ELEMENTS = {Verdict.FAIL: "failure", Verdict.ERROR: "error", Verdict.SKIP: "skipped"}


def document(name: str, reports: Sequence[Report]) -> bytes:
    """One test suite; a failure that is waived counts as skipped, and says who answers for it."""
    kinds = [_element(report) for report in reports]
    counts = {"failures": kinds.count("failure"), "errors": kinds.count("error"), "skipped": kinds.count("skipped")}
    numbers = {"tests": len(reports), **counts}
    seconds = f"{sum(report.ms for report in reports) / 1000:.3f}"
    suite = xml.Element(
        "testsuite", {"name": name, **{key: str(value) for key, value in numbers.items()}, "time": seconds}
    )
    for report, kind in zip(reports, kinds, strict=True):
        _case(suite, report, kind)
    return bytes(xml.tostring(suite, "utf-8", xml_declaration=True))


def _element(report: Report) -> str:
    return "skipped" if report.waiver else _ELEMENTS.get(report.seen.verdict, "")


def _case(suite: xml.Element, report: Report, kind: str) -> None:
    check, seen = report.check, report.seen
    name = f"{check.id} {check.title}"
    case = xml.SubElement(
        suite, "testcase", {"classname": f"preflight.{check.category}", "name": name, "time": f"{report.ms / 1000:.3f}"}
    )
    if not kind:
        xml.SubElement(case, "system-out").text = seen.observed
        return
    waived = f" (waived by {report.waiver.owner} to {report.waiver.expires})" if report.waiver else ""
    what = xml.SubElement(case, kind, {"message": f"{seen.observed}{waived}"})
    what.text = f"expected: {check.expected}\nfix: {seen.hint}" if seen.hint else f"expected: {check.expected}"
