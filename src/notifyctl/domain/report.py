"""The report of a period: one document, made from figures and recorded facts alone, so that anybody can make it again.

Policy:

- A part without a source is named and says so; it is never counted as fine. So the verdict is `bad` when an error is
  open, else `incomplete` when a part was not seen or the failure rate cannot be told, and only then `good`.
- What somebody has attested is shown as attested, never as passed.
- Nothing here looks at a clock, a file or a server: what was seen when the report was made stands in its evidence.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from notifyctl.domain import remark
from notifyctl.domain.looked import looked
from notifyctl.domain.period import ZONE, Cycle, Period, local
from notifyctl.domain.rate import Judged

SCHEMA = "notifyctl.report/1"
BAD, INCOMPLETE, GOOD = "bad", "incomplete", "good"
SENTENCE = (
    "This report says what was measured, when and from where. It does not say that the system is isolated in a private "
    "network, that a firewall is right, that no other way leads to it, that a provider's staff have no access, that "
    "consent was given freely, or that anything complies with the GDPR. Manual controls are shown as attested, not as "
    "passed."
)
NO_SOURCE = "no source yet"
Facts = Mapping[str, Sequence[Mapping[str, Any]]]  # recorded facts by kind
_PARTS = {
    Cycle.MONTHLY: (
        ("delivery", "Volumes, outcomes and times", ""),
        ("incidents", "Incidents", ""),
        ("failovers", "Failovers, and what people moved", ""),
        ("events", "Delivered, bounced and complained, as the providers tell afterwards", NO_SOURCE),
        ("domains", "By the recipients' mail providers", NO_SOURCE),
        ("cost", "Cost per 1,000 accepted", ""),
        ("quota", "Volumes against the accounts' quotas", ""),
    ),
    Cycle.QUARTERLY: (
        ("checks", "Checks of the installation", ""),
        ("keys", "Ages of keys", ""),
        ("waivers", "Waivers", ""),
        ("access", "Who may use Redis", ""),
        ("registers", "Registers and notices", ""),
        ("consent", "Consent, a sample proven again", NO_SOURCE),
        ("suppression", "Suppression lists, ours and the providers'", NO_SOURCE),
        ("requests", "Requests and complaints in time", NO_SOURCE),
    ),
    Cycle.BIANNUAL: (
        ("versions", "Versions, and how long they are mended", ""),
        ("capacity", "Redis: persistence and room", ""),
        ("drills", "The last drills with real messages", ""),
        ("restore", "A backup restored, and timed", NO_SOURCE),
        ("load", "Load tests against the busiest day", ""),
    ),
}


def document(
    period: Period, figures: Mapping[str, Any], facts: Facts, evidence: Sequence[Mapping[str, Any]], root: str
) -> dict[str, Any]:
    """The report. `figures` as `figures.told` gives them; `evidence` are the sums of the files, `root` the hash of
    them."""
    made, last = facts["made"][0], next(iter(facts.get("last", ())), {})
    seen = partial(looked, figures=figures, facts=facts)
    found = remark.followed(_found(figures, facts), last.get("findings", ()), seen, period.name, _day(made["at"]))
    parts = _parts(period.cycle, facts, figures)
    return {
        "schema": SCHEMA,
        "cycle": period.cycle.value,
        "period": period.name,
        "from": _stamp(period.start),
        "to": _stamp(period.end),
        "local": {"zone": ZONE, "from": local(period.start), "to": local(period.end)},
        "made": {**made, "at": _stamp(made["at"])},
        "verdict": _verdict(parts, found, figures),
        "cannot_claim": SENTENCE,
        "parts": parts,
        "figures": figures,
        "failovers": sum((one["from"], one["to"]) == ("closed", "open") for one in facts.get("move", ())),
        "last": {"period": last.get("period", ""), "changes": _changes(last.get("figures", {}), flat(figures))},
        "findings": [{"id": one.id, **one._asdict()} for one in found],
        **{name: list(facts[kind]) for kind, name in _LISTS.items() if kind in facts},
        "evidence": {"root": root, "files": list(evidence)},
    }


_LISTS = {
    "cost": "costs",
    "quota": "quotas",
    "incident": "incidents",
    "move": "moves",
    "held": "held",
    "check": "checks",
    "attested": "attested",
    "key": "keys",
    "waiver": "waivers",
    "user": "access",
    "register": "registers",
    "version": "versions",
    "capacity": "capacity",
    "drill": "drills",
    "load": "loads",
}


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the next report needs of this one."""
    findings = [one for one in report["findings"] if one["status"] != "closed"]
    return {"period": report["period"], "findings": findings, "figures": flat(report["figures"])}


def flat(figures: Mapping[str, Any]) -> dict[str, float | None]:
    """The figures that are compared from report to report, by name."""
    found = {
        "messages": figures["messages"], "failure rate": figures["failure"]["part"],
        "processing, mean ms": figures["processing"]["mean"], "processing, p95 ms": figures["processing"]["p95"],
    }  # fmt: skip
    for name, one in figures["providers"].items():
        found |= {f"{name}: calls": one["calls"], f"{name}: error rate": one["error_rate"]["part"],
                  f"{name}: p95 ms": one["processing"]["p95"], f"{name}: 429": one["http_429"]}  # fmt: skip
    return found


def _found(figures: Mapping[str, Any], facts: Facts) -> list[remark.Remark]:
    return [
        *remark.of_figures(figures), *remark.of_incidents(facts.get("incident", ())),
        *remark.of_checks(facts.get("check", ())), *remark.of_keys(facts.get("key", ())),
        *remark.of_held(facts.get("held", ())), *remark.of_quotas(facts.get("quota", ())),
    ]  # fmt: skip


def _parts(cycle: Cycle, facts: Facts, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of an audit: a quarterly one has those of a monthly one, too, and a half-yearly one all."""
    empty = {} if figures["messages"] else {"delivery": "no message ended, or its evidence is elsewhere"}
    unseen = {**empty, **_small(facts, figures), **{one["part"]: one["why"] for one in facts.get("unseen", ())}}
    rows = [row for each, rows in _PARTS.items() if each.months <= cycle.months for row in rows]
    return [
        {"part": part, "title": title, "seen": not (note or part in unseen), "note": unseen.get(part, note)}
        for part, title, note in rows
    ]


def _small(facts: Facts, figures: Mapping[str, Any]) -> dict[str, str]:
    """A load test proves nothing of a day that was larger, and nothing at all when it failed."""
    most = max((one["accepted"] for one in facts.get("load", ()) if one["is"] != "bad"), default=0)
    peak = max((one["of"] for one in figures["days"]), default=0)
    return {"load": f"the largest that passed had {most:,} mails, and the busiest day {peak:,}"} if most < peak else {}


def _verdict(
    parts: Sequence[Mapping[str, Any]], found: Sequence[remark.Remark], figures: Mapping[str, Any]
) -> dict[str, Any]:
    errors = [one.id for one in found if one.severity != "warning" and one.status != "closed"]
    unseen = [one["part"] for one in parts if not one["seen"]]
    few = figures["failure"]["judged"] == Judged.TOO_FEW
    word = BAD if errors else INCOMPLETE if unseen or few else GOOD
    return {"word": word, "errors": errors, "not_seen": unseen, "too_few_mails": few}


def _changes(before: Mapping[str, float | None], now: Mapping[str, float | None]) -> list[dict[str, Any]]:
    """What is different from the last report; nothing where one of them had no figure."""
    pairs = ((name, before.get(name), now.get(name)) for name in sorted({*before, *now})) if before else ()
    return [
        {
            "figure": name,
            "before": old,
            "now": new,
            "change": None if old is None or new is None else round(new - old, 6),
        }
        for name, old, new in pairs
    ]


def _day(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()


def _stamp(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
