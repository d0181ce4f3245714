"""What a report finds wrong, with who mends it and until when, followed from one report to the next.

Policy: a finding is the same one in the next report when its code and subject are the same; then it keeps the day by
which it was to be mended (critical 2 days, error 14, warning 30 after it was found) and is `open`, overdue when that
day is past. One that is no longer found is `closed`, once, when it was looked at (`looked`); else it stays open, not
seen. The first figures of a provider or a limit are judged by
their interval: what nobody can tell is no finding, and is not counted as fine either.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from notifyctl.domain.looked import ENOUGH, REFUSED, TROUBLED
from notifyctl.domain.rate import Judged, Rate, told

DAYS = {"critical": 2, "error": 14, "warning": 30}
ENGINEER, OFFICER = "on-call engineer", "data-protection officer"
SLOW = 500  # ms: mean of the success criterion, and p95 above which somebody looks
NEAR = 0.8  # part of a quota from whose use on a person is told
STOPS = "no more is taken"  # beyond the included mails, as a fact of a quota says it
OLD = 365  # days after which a key is renewed


class Remark(NamedTuple):
    """One thing that is wrong. `due` is the day by which it is mended, `since` the period in which it was first found,
    `status` new, open or closed; `seen` is false of an open one that nobody could look at this time."""

    code: str
    subject: str
    severity: str
    what: str
    hint: str = ""
    owner: str = ENGINEER
    due: str = ""
    since: str = ""
    status: str = "new"
    overdue: bool = False
    seen: bool = True

    @property
    def id(self) -> str:
        """What it is followed by."""
        return f"{self.code}/{self.subject}"


def followed(
    found: Iterable[Remark],
    before: Sequence[Mapping[str, Any]],
    looked: Callable[[str, str], bool],
    period: str,
    day: date,
) -> list[Remark]:
    """The findings with what the last report knew of them, gravest first, then those that are closed; `looked` tells by
    code and subject whether this report has looked at one that was not found again."""
    known = {f"{one['code']}/{one['subject']}": one for one in before}
    here = [_known(one, known[one.id], day) if one.id in known else _new(one, period, day) for one in found]
    names = {one.id for one in here}
    gone = [_remark(one) for name, one in known.items() if name not in names]
    here += [_known(one, known[one.id], day)._replace(seen=False) for one in gone if not looked(one.code, one.subject)]
    closed = [one._replace(status="closed", overdue=False) for one in gone if looked(one.code, one.subject)]
    return sorted(here, key=lambda one: (list(DAYS).index(one.severity), one.id)) + closed


def of_figures(figures: Mapping[str, Any]) -> Iterator[Remark]:
    """What the figures of a period say."""
    failure = figures["failure"]
    rate = Rate(failure["count"], failure["of"])
    if failure["judged"] == Judged.ABOVE:
        yield Remark(
            "RPT-FAILURES",
            "mail",
            "error",
            f"failures are above {failure['limit'] * 100:g} %: {told(rate)}",
            "notifyctl queue failed tells why; each needs a reason that is gone",
        )
    elif rate.judged(1 - figures["budget"]["objective"]) is Judged.ABOVE:
        yield Remark(
            "RPT-BUDGET",
            "mail",
            "warning",
            f"less than 99.9 % was delivered: {told(rate)}",
            "the failures of this period: notifyctl queue failed",
        )
    yield from _slow(figures["processing"])
    if figures["states"].get("unknown"):
        count = figures["states"]["unknown"]
        yield Remark(
            "RPT-UNKNOWN",
            "mail",
            "warning",
            f"{count:,} ended of which nobody knows if they are out",
            "decide on each: notifyctl incident review",
        )
    if figures["accepted_twice"]:
        yield Remark(
            "RPT-TWICE",
            "mail",
            "warning",
            f"{figures['accepted_twice']:,} were accepted more than once",
            "each is two mails in one mailbox: notifyctl message show tells why",
        )
    for name, one in figures["providers"].items():
        yield from _provider(name, one)


def of_incidents(incidents: Iterable[Mapping[str, Any]]) -> Iterator[Remark]:
    """Incidents that nobody has ended or looked back at."""
    for one in incidents:
        if one["state"] != "reviewed":
            what = f"{one['title']}: {'not reviewed' if one['state'] == 'resolved' else one['state']}"
            yield Remark("RPT-INCIDENT", one["id"], "warning", what, f"notifyctl incident review {one['id']}")


def of_checks(checks: Iterable[Mapping[str, Any]]) -> Iterator[Remark]:
    """Checks that failed or warned; one that could not look makes the report incomplete, and is no finding."""
    for one in checks:
        if one["verdict"] in ("fail", "warn") and not one["waiver"]:
            severity = "error" if one["verdict"] == "fail" else "warning"
            owner = OFFICER if one["id"].startswith(("CON-", "DOC-")) else ENGINEER
            yield Remark(one["id"], "check", severity, f"{one['title']}: {one['observed']}", one["hint"], owner)


def of_held(held: Iterable[Mapping[str, Any]]) -> Iterator[Remark]:
    """Earlier reports whose messages are not in the archive as they were signed, or went on later."""
    for one in held:
        name, hint = one["report"], f"notifyctl audit verify reports/{one['report']}"
        wrong = one["altered"] + one["missing"]
        if one["signed"] == "no":
            yield Remark("RPT-ALTERED", name, "error", "its messages are not those that were signed", hint)
        elif wrong:
            what = f"messages altered in the archive since: {one['altered']:,}, missing: {one['missing']:,}"
            yield Remark("RPT-ALTERED", name, "error", f"{what}: {one['which']}", hint)
        if one["later"]:
            what = f"messages that went on after it, and count as they ended: {one['later']:,}: {one['which later']}"
            yield Remark("RPT-LATER", name, "warning", what, "notifyctl message show tells why of each")


def of_keys(keys: Iterable[Mapping[str, Any]]) -> Iterator[Remark]:
    """Keys that are due to be renewed."""
    for one in keys:
        if one["days"] > one.get("most", OLD):
            what = f"{one['name']} has not changed for {one['days']} days"
            yield Remark("RPT-KEY-AGE", one["name"], "warning", what, "renew it, and have the old one die")


def of_quotas(quotas: Iterable[Mapping[str, Any]]) -> Iterator[Remark]:
    """Accounts that used 80 % of a month that stops, or of the most of a day: the next larger burst does not fit. The
    fullest month of a provider is told."""
    fullest: dict[str, tuple[float, str]] = {}
    for one in quotas:
        for used, most, what in _limits(one):
            if most and used >= NEAR * most:
                words = f"{used:,} of {most:,} mails {what} {one['month']}"
                fullest[one["provider"]] = max(fullest.get(one["provider"], (0.0, "")), (used / most, words))
    for name, (_, words) in sorted(fullest.items()):
        yield Remark("RPT-QUOTA", name, "warning", f"{name} took {words}: its quota is nearly used",
                     "notifyctl cost advise compares plans; a granted quota is raised by the provider")  # fmt: skip


def _limits(one: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    """What was used, the most, and of what; 0 = no limit."""
    yield one["accepted"], one["included"] if one["beyond it"] == STOPS else 0, "in"
    yield one["busiest day"], one["a day at most"] or 0, "on the busiest day of"


def _slow(processing: Mapping[str, Any]) -> Iterator[Remark]:
    if processing["calls"] >= ENOUGH and processing["mean"] > SLOW:
        yield Remark(
            "RPT-SLOW",
            "mail",
            "error",
            f"mail took {processing['mean']:g} ms on average, more than {SLOW} ms",
            "the providers' own times tell whose: see them in this report",
        )


def _provider(name: str, one: Mapping[str, Any]) -> Iterator[Remark]:
    rate = Rate(one["error_rate"]["count"], one["error_rate"]["of"])
    if rate.judged(TROUBLED) is Judged.ABOVE:
        yield Remark(
            "RPT-ERRORS",
            name,
            "warning",
            f"more than {TROUBLED * 100:g} % of its calls failed: {told(rate)}",
            "review the provider: is it still worth its place in the route?",
        )
    limited = Rate(one["http_429"], one["calls"])
    if limited.judged(REFUSED) is Judged.ABOVE:
        yield Remark(
            "RPT-LIMITED",
            name,
            "warning",
            f"{name} refused with 429: {told(limited)}",
            f"notifyctl provider show {name} tells its limit",
        )
    p95 = one["processing"]["p95"]
    if one["processing"]["calls"] >= ENOUGH and p95 > SLOW:
        yield Remark(
            "RPT-SLOW",
            name,
            "warning",
            f"a mail in twenty took more than {p95:g} ms through {name}",
            "compare its call time: the rest is spent with us",
        )


def _new(one: Remark, period: str, day: date) -> Remark:
    return one._replace(since=period, due=(day + timedelta(days=DAYS[one.severity])).isoformat())


def _known(one: Remark, before: Mapping[str, Any], day: date) -> Remark:
    overdue = before["due"] < day.isoformat()
    return one._replace(since=before["since"], due=before["due"], owner=before["owner"], status="open", overdue=overdue)


def _remark(before: Mapping[str, Any]) -> Remark:
    return Remark(**{**{name: before[name] for name in Remark._fields if name in before}, "seen": True})
