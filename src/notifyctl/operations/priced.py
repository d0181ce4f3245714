"""What the mail of a period cost and used of the accounts' quotas, as a report records it: counted from the calls on
record, by month and provider."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from notifyctl.domain.cost import Traffic
from notifyctl.domain.money import exact, share
from notifyctl.domain.period import Period
from notifyctl.domain.remark import STOPS
from notifyctl.domain.revision import Revision
from notifyctl.domain.usage import Usage, parse_month
from notifyctl.operations.cost import Line, accounts, count, lines
from notifyctl.operations.recorded import Fact, unseen
from notifyctl.store.queue import Queue


async def costs(
    queue: Queue,
    home: Path,
    revision: Revision,
    order: Sequence[str],
    period: Period,
    granted: Mapping[str, int],
) -> AsyncIterator[Fact]:
    """Two facts for each month and provider, its cost and its quotas; a tariff that is not told is assumed, and says
    so. `granted` are the mails a day that accounts are granted today apart from their tariff. Raises as `count`."""
    usage = await count(queue, home, period.months[0])
    found = [fact for name in period.months for fact in _month(usage, revision, order, parse_month(name), granted)]
    for fact in found:
        yield fact
    assumed = sorted({fact["provider"] for fact in found if fact["tariff"].endswith("assumed")})
    if assumed or not found:
        why = f"no tariff is told: {', '.join(assumed)}" if assumed else "no accepted mail is on record"
        yield unseen("cost", why)
        yield unseen("quota", why)


def _month(
    usage: Usage, revision: Revision, order: Sequence[str], month: date, granted: Mapping[str, int]
) -> list[Fact]:
    mails = usage.of_month(month)
    total = sum(mails.values())
    if not total:
        return []
    busiest = max(of for day, of in usage.by_day().items() if day.replace(day=1) == month)
    every = [*order, *(name for name in mails if name not in order)]
    found = lines(accounts(revision, every, Traffic(total, total, busiest), {}), mails)
    peaks, name = usage.busiest(month), f"{month:%Y-%m}"
    used = [_quota(one, name, peaks.get(one.tariff.provider, 0), granted.get(one.tariff.provider)) for one in found]
    return [*(_line(one, name) for one in found), *used]


def _quota(one: Line, month: str, peak: int, granted: int | None) -> Fact:
    """What was used of what the account takes; '' where no such limit is known: one of an assumed tariff is none."""
    month_most = one.tariff.included or "" if one.told else ""
    days = (one.tariff.daily if one.told else None, granted)
    day_most = min((limit for limit in days if limit is not None), default="")
    return {
        "kind": "quota", "month": month, "provider": one.tariff.provider, "tariff": _name(one), "accepted": one.mails,
        "included": month_most, "used": _part(one.mails, month_most),
        "beyond it": (STOPS if one.tariff.stops else "each more is billed") if month_most else "",
        "busiest day": peak, "a day at most": day_most, "used on it": _part(peak, day_most),
    }  # fmt: skip


def _part(used: int, most: int | str) -> str:
    return f"{100 * used / most:.1f} %" if isinstance(most, int) and most else ""


def _name(one: Line) -> str:
    return f"{one.tariff.name}{'' if one.told else ', assumed'}"


def _line(one: Line, month: str) -> Fact:
    each = exact(share(one.bill.total * 1000, one.mails)) if one.bill and one.mails else ""
    return {
        "kind": "cost", "month": month, "provider": one.tariff.provider, "tariff": _name(one),
        "accepted": one.mails, "dollars": exact(one.bill.total) if one.bill else "more than it takes",
        "dollars for 1,000": each,
    }  # fmt: skip
