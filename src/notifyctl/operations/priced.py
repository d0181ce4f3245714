"""What the mail of a period cost, as a report records it: counted from the calls on record, by month and provider."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

from notifyctl.domain.cost import Traffic
from notifyctl.domain.money import exact, share
from notifyctl.domain.period import Period
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
) -> AsyncIterator[Fact]:
    """One fact for each month and provider; a tariff that is not told is assumed, and says so. Raises as `count`."""
    usage = await count(queue, home, period.months[0])
    found = [fact for name in period.months for fact in _month(usage, revision, order, parse_month(name))]
    for fact in found:
        yield fact
    assumed = sorted({fact["provider"] for fact in found if fact["tariff"].endswith("assumed")})
    if assumed or not found:
        why = f"no tariff is told: {', '.join(assumed)}" if assumed else "no accepted mail is on record"
        yield unseen("cost", why)


def _month(usage: Usage, revision: Revision, order: Sequence[str], month: date) -> list[Fact]:
    mails = usage.of_month(month)
    total = sum(mails.values())
    if not total:
        return []
    busiest = max(of for day, of in usage.by_day().items() if day.replace(day=1) == month)
    every = [*order, *(name for name in mails if name not in order)]
    found = lines(accounts(revision, every, Traffic(total, total, busiest), {}), mails)
    return [_line(one, f"{month:%Y-%m}") for one in found]


def _line(one: Line, month: str) -> Fact:
    told = "" if one.told else ", assumed"
    each = exact(share(one.bill.total * 1000, one.mails)) if one.bill and one.mails else ""
    return {
        "kind": "cost", "month": month, "provider": one.tariff.provider, "tariff": f"{one.tariff.name}{told}",
        "accepted": one.mails, "dollars": exact(one.bill.total) if one.bill else "more than it takes",
        "dollars for 1,000": each,
    }  # fmt: skip
