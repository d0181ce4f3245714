"""A report for people: Markdown, one HTML file, and CSV, all made from its JSON, which is the source."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from notifyctl.domain.rate import Rate, told
from notifyctl.telemetry import charts, recorded

Report = Mapping[str, Any]
TITLES = {
    "monthly": "Monthly provider review", "quarterly": "Quarterly compliance audit",
    "biannual": "Half-yearly infrastructure assessment",
}  # fmt: skip
KINDS = ("accepted", "fault", "throttled", "rejected", "account", "sender")
SLOW = 500  # ms


def pages(report: Report) -> dict[str, bytes]:
    """Every form of it by the name of its file."""
    forms = {"report.md": _filled("report.md.j2", report), "report.html": _filled("report.html.j2", report)}
    return {**{name: text.encode() for name, text in forms.items()}, "report.csv": _csv(report).encode()}


def verdict(report: Report) -> str:
    """The verdict as a sentence."""
    seen = report["verdict"]
    if seen["word"] == "bad":
        count = len(seen["errors"])
        return f"Not well: {count} {'error is' if count == 1 else 'errors are'} open."
    if seen["word"] == "good":
        return "Well: everything was looked at, and no error is open."
    count = len(seen["not_seen"])
    why = [f"{count} {'part was' if count == 1 else 'parts were'} not seen"] if count else []
    why += ["there is too little mail to tell the failure rate"] if seen["too_few_mails"] else []
    return f"Incomplete: no error is open, but {' and '.join(why)}."


def _filled(name: str, report: Report) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    kept = Environment(
        loader=PackageLoader("notifyctl", "telemetry/templates"), autoescape=lambda one: str(one).endswith("html.j2"),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    kept.filters |= {
        "rate": _rate, "cell": _cell, "number": recorded.number, "percent": _percent, "outcomes": outcomes,
        "row": recorded.row, "answer": recorded.answer,
    }  # fmt: skip
    drawn = _charts(report) if name == "report.html.j2" else {}
    return kept.get_template(name).render(
        report=report, title=TITLES[report["cycle"]], verdict=verdict(report), charts=drawn, lists=_lists
    )


def _charts(report: Report) -> dict[str, Any]:
    from markupsafe import Markup

    ids, figures = charts.Ids(), report["figures"]
    providers, limit = figures["providers"], figures["failure"]["limit"] * 100
    points = [charts.Point(day["day"][5:], 100 * day["failed"] / day["of"]) for day in figures["days"]]
    calls = {name: outcomes(one) for name, one in providers.items()}
    times = {name: _points(one["processing"]) for name, one in providers.items()}
    drawn = {
        "days": charts.days(ids, "Failed, per cent by day", points, limit, "%") if points else "",
        "calls": charts.stacked(ids, "Calls by outcome", calls, KINDS) if calls else "",
        "times": charts.spans(ids, "Processing latency", times, SLOW, "ms") if times else "",
    }
    return {name: Markup(text) for name, text in drawn.items()}


LISTS = {
    "costs": "Cost, by list prices and what is configured",
    "quotas": "Volumes against the accounts' quotas",
    "incidents": "Incidents", "moves": "Failovers and moves",
    "held": "Earlier reports, held against the archive", "checks": "Checks", "keys": "Keys", "waivers": "Waivers",
    "access": "Who may use Redis", "registers": "Registers", "attested": "Attested, not measured",
    "versions": "Versions", "capacity": "Redis", "drills": "Drills",
    "loads": "Load tests",
}  # fmt: skip


def _lists(report: Report) -> list[tuple[str, Sequence[Mapping[str, Any]]]]:
    """What was recorded beside the figures, what there is of it, with its heading."""
    return [(title, report[name]) for name, title in LISTS.items() if report.get(name)]


def _points(times: Mapping[str, float | None]) -> list[charts.Point]:
    return [charts.Point(name, times[name]) for name in ("p50", "p95", "p99")]


def outcomes(one: Mapping[str, Any]) -> dict[str, int]:
    """The calls of a provider by kind, ambiguous ones of each among them."""
    found: dict[str, int] = {}
    for name, count in one["outcomes"].items():
        kind = name.partition("|")[0].replace("none", "fault")
        found[kind] = found.get(kind, 0) + count
    return found


def _rate(counted: Mapping[str, Any]) -> str:
    return told(Rate(counted["count"], counted["of"]))


def _cell(text: object) -> str:
    """A text that may stand in a cell of a Markdown table."""
    return str(text).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{part * 100:.2f} %"


def _csv(report: Report) -> str:
    """One figure a line: its path, its value. What a spreadsheet could take for a formula is none of a number's."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("period", "figure", "value"))
    for path, value in leaves(report["figures"]):
        writer.writerow((report["period"], path, _plain(value)))
    return text.getvalue()


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" else value


def leaves(value: object, path: str = "") -> list[tuple[str, object]]:
    """Every value of a document with its path, `providers.resend.calls`."""
    if isinstance(value, Mapping):
        return [leaf for name, one in value.items() for leaf in leaves(one, f"{path}.{name}" if path else str(name))]
    if isinstance(value, list):
        return [leaf for at, one in enumerate(value) for leaf in leaves(one, f"{path}.{at}")]
    return [(path, value)]
