"""Reports as they are made, with everything in them that makes a page wide: long names, long words, many rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from notifyctl.checks import REGISTRY
from notifyctl.domain.figures import fold, told
from notifyctl.domain.period import Cycle, Period, parse
from notifyctl.domain.report import document, summary
from notifyctl.telemetry.pages import pages
from quarters import traffic

LONG = "notifyctl-worker-of-the-night@mail-sender-03.internal.backroom.example"
WORD = "a-word-without-any-place-to-break-it-" * 4
PERIODS = {"monthly": "2026-09", "quarterly": "2026-Q3", "biannual": "2026-H2"}
BEFORE = {"monthly": "2026-08", "quarterly": "2026-Q2", "biannual": "2026-H1"}
SHA = "0123456789abcdef" * 4


def report(cycle: Cycle) -> dict[str, Any]:
    """A report with a last one before it."""
    period, before = parse(cycle, PERIODS[cycle]), parse(cycle, BEFORE[cycle])
    last = _read(document(before, told(fold(traffic(before.months[-1], 300))), facts(before), [], SHA))
    rows = (row for month in period.months[:3] for row in traffic(month, 700))
    files = [{"name": f"messages/{month}.jsonl", "size": 123_456_789, "lines": 1_234_567, "sha256": SHA}
             for month in period.months]  # fmt: skip
    known = {**facts(period), "last": [{"kind": "last", **summary(last)}]}
    return _read(document(period, told(fold(rows)), known, files, SHA))


def facts(period: Period) -> dict[str, list[dict[str, Any]]]:
    """What was recorded; a monthly report has less of it."""
    day = "2026-09-10T04:05:06Z"
    found: dict[str, list[dict[str, Any]]] = {
        "made": [{"at": period.end, "by": f"cron of {LONG}", "host": WORD, "version": "1.0.0"}],
        "incident": [
            {"id": f"INC-2026-09-1{number}", "severity": "critical", "title": title, "state": "resolved",
             "opened_at": day, "detected_after_s": 12.5, "mitigated_after_s": 340.0, "resolved_at": day, "root": root}
            for number, (title, root) in enumerate(((f"resend is out: {WORD}", "their certificate ended"), (LONG, "")))
        ],
        "move": [{"at": day, "by": LONG, "what": "resend", "from": "closed", "to": "open", "rule": "faults in a row",
                  "reason": WORD}],
        "cost": [{"month": "2026-09", "provider": name, "tariff": "pro, assumed", "accepted": 5300, "dollars": "20.00",
                  "dollars for 1,000": "3.77"} for name in ("resend", "postmark", "ses")],
        "held": [{"report": "monthly 2026-08", "messages": 12_345, "signed": "yes", "altered": 1, "missing": 2,
                  "which": f"booking-confirm/{WORD}, b, c", "later": 0, "which later": ""}],
        "unseen": [{"part": "cost", "why": f"no tariff is told: {WORD}"}],
    }  # fmt: skip
    return found | (_longer() if period.cycle is not Cycle.MONTHLY else {})


def write(folder: Path, change: Callable[[str], str] = lambda text: text) -> dict[str, Path]:
    """The pages of all three, by cycle."""
    found = {}
    for cycle in Cycle:
        found[cycle.value] = folder / f"{cycle}.html"
        found[cycle.value].write_text(change(pages(report(cycle))["report.html"].decode()), "utf-8")
    return found


def _longer() -> dict[str, list[dict[str, Any]]]:
    checks = [one.check for one in REGISTRY.values()]
    verdicts = ("pass", "warn", "fail", "skip", "error")
    return {
        "check": [
            {"id": one.id, "title": one.title, "verdict": verdicts[number % 5], "observed": f"{one.expected} {LONG}",
             "hint": "see to it", "waiver": "J. Smith" if number % 7 == 2 else ""}
            for number, one in enumerate(checks)
        ],
        "attested": [{"id": "NET-003", "title": "A firewall", "attested": f"by J. Smith, 2026-09-01: {WORD}"}],
        "key": [{"name": "BULLMQ_REDIS_PASSWORD", "days": 400, "most": 180}, {"name": WORD, "days": 3, "most": 90}],
        "waiver": [{"check": "RDS-007", "owner": LONG, "until": "2026-10-01", "it": "holds", "reason": WORD}],
        "user": [{"we are": "notifyctl-audit", "without a password": "may not speak"}],
        "register": [{"name": "processors.toml", "entries": 3, "sha256": SHA}],
        "version": [{"notifyctl": "1.0.0", "Python": "3.11"}, {"server_name": "valkey", "redis_version": "7.2.4"}],
        "capacity": [{"used_memory": 123_456_789, "maxmemory": 0, "maxmemory_policy": "noeviction"}],
        "drill": [{"at": "2026-09-10T04:05:06Z", "by": LONG, "resend": "accepted", "ses": "accepted"}],
    }  # fmt: skip


def _read(made: dict[str, Any]) -> dict[str, Any]:
    """As it is read from the disk."""
    read: dict[str, Any] = json.loads(json.dumps(made))
    return read
