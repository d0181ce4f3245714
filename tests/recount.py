"""The figures of a report, counted again from raw lines of evidence: plain JSON, sorted lists, no code of ours."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

FAILED = {"dead", "expired", "unknown", "rejected"}
NOT_MEANT = {"suppressed", "no_consent", "cancelled"}


def recounted(lines: Iterable[bytes]) -> dict[str, Any]:
    """Everything that `figures` of a report says of these messages."""
    rows = [json.loads(line) for line in lines]
    wrong = [row for row in rows if row["state"] == "bounced" or row["reason"].endswith("(to.email)")]
    meant = [row for row in rows if row not in wrong and row["state"] not in NOT_MEANT]
    failed = [row for row in meant if row["state"] in FAILED]
    calls = [call for row in rows for call in row["attempts"]]
    took = [row["took_ms"] for row in rows if row["took_ms"] >= 0]
    waited = [row["accepted_at"] - row["enqueued_at"] for row in rows if row["took_ms"] >= 0]
    failure, mistyped = rate(len(failed), len(meant)), rate(len(wrong), len(wrong) + len(meant))
    return {
        "messages": len(rows), "states": dict(Counter(row["state"] for row in rows)),
        "failure": {**failure, "limit": 0.005, "judged": judged(failure, 0.005)},
        "budget": {"objective": 0.999, "allowed": round(len(meant) / 1000, 3), "used": len(failed),
                   "left": 1 - len(failed) / (len(meant) / 1000)},
        "processing": {**times(took), "mean": sum(took) / len(took)}, "time_to_accept": times(waited),
        "wrong_addresses": len(wrong), "addresses": {**mistyped, "limit": 0.1, "judged": judged(mistyped, 0.1)},
        "resends": sum(call["why"] == "resend" for call in calls),
        "accepted_twice": sum(sum(call["kind"] == "accepted" for call in row["attempts"]) > 1 for row in rows),
        "types": grouped(rows, "type"), "priorities": grouped(rows, "priority"),
        "providers": {name: provider(name, rows, calls) for name in sorted({call["provider"] for call in calls})},
        "days": [{"day": day, "failed": sum(day_of(row) == day for row in failed),
                  "of": sum(day_of(row) == day for row in meant)} for day in sorted({day_of(row) for row in meant})],
    }  # fmt: skip


def provider(name: str, rows: list[Any], every: list[Any]) -> dict[str, Any]:
    calls = [call for call in every if call["provider"] == name]
    trouble = [
        call for call in calls if call["kind"] in ("fault", "account", "sender") or call["certainty"] == "ambiguous"
    ]
    errors = [call["code"] or f"http_{call['http']}" for call in calls if call["kind"] != "accepted"]
    return {
        "calls": len(calls), "outcomes": dict(Counter(f"{call['kind']}|{call['certainty']}" for call in calls)),
        "errors": dict(Counter(errors)), "http_429": sum(call["http"] == 429 for call in calls),
        "error_rate": rate(len(trouble), len(calls)),
        "call_time": times([call["result_at"] - call["at"] for call in calls if call["kind"] == "accepted"]),
        "processing": times([row["took_ms"] for row in rows if row["took_ms"] >= 0 and row["provider"] == name]),
    }  # fmt: skip


def rate(count: int, of: int) -> dict[str, Any]:
    """Wilson's bounds as the roots of (p - x)^2 = z^2 x (1 - x) / n."""
    p, k = count / of, 1.959964**2 / of
    a, b, c = 1 + k, -(2 * p + k), p * p
    root = math.sqrt(b * b - 4 * a * c)
    return {"count": count, "of": of, "part": p, "low": (-b - root) / 2 / a, "high": (-b + root) / 2 / a}


def judged(rate: dict[str, Any], limit: float) -> str:
    if rate["count"] >= 3 and rate["low"] > limit:
        return "above"
    return "within" if rate["high"] <= limit else "too few"


def times(values: list[int]) -> dict[str, Any]:
    ranked = sorted(values)
    found = {
        name: ranked[math.ceil(part * len(ranked)) - 1] for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }
    return {"calls": len(ranked), "mean": sum(ranked) / len(ranked), **found}


def grouped(rows: list[Any], key: str) -> dict[str, dict[str, int]]:
    return {
        name: dict(Counter(row["state"] for row in rows if row[key] == name)) for name in {row[key] for row in rows}
    }


def day_of(row: Any) -> str:
    return datetime.fromtimestamp(row["ended_at"] / 1000, UTC).strftime("%Y-%m-%d")


def differences(found: Any, expected: Any, path: str = "") -> list[str]:
    """Where two documents differ: times by more than a bucket (2 %), other numbers by more than they are rounded."""
    if isinstance(expected, dict):
        names = sorted({*found, *expected})
        return [one for name in names for one in differences(found.get(name), expected.get(name), f"{path}.{name}")]
    if isinstance(expected, list):
        pairs = enumerate(zip(found, expected, strict=True))
        return [one for at, (left, right) in pairs for one in differences(left, right, f"{path}.{at}")]
    if isinstance(expected, float) or path.rpartition(".")[2] in ("p50", "p95", "p99"):
        near = path.rpartition(".")[2] in ("p50", "p95", "p99", "mean")
        slack = 0.021 * expected + 0.1 if near else 1e-4
        return [] if abs(found - expected) <= slack else [f"{path}: {found} is not {expected}"]
    return [] if found == expected else [f"{path}: {found} is not {expected}"]
