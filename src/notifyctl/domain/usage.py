"""Mails by day and provider: what was counted, and what it tells of a month."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from notifyctl.domain.cost import Forecast, Traffic, forecast
from notifyctl.domain.errors import Usage as WrongArguments

BACK = 31  # whole days that a forecast rests on at most: a month has its newsletter
DAY = 86_400_000  # ms


@lru_cache(10_000)
def _day(number: int) -> date:
    """A day by its number since the epoch; the calls of a million messages fall on a few."""
    return datetime.fromtimestamp(number * DAY / 1000, UTC).date()


@dataclass(frozen=True, slots=True)
class Usage:
    """Counted calls, by (day in UTC, provider): those that were accepted, and those of which nobody knows."""

    accepted: Counter[tuple[date, str]] = field(default_factory=Counter)
    doubtful: Counter[tuple[date, str]] = field(default_factory=Counter)

    def add(self, provider: str, at: int, sure: bool) -> None:
        """Count one call at a time in epoch ms."""
        day = _day(at // DAY)
        (self.accepted if sure else self.doubtful)[day, provider] += 1

    @property
    def first(self) -> date | None:
        """The first day of which there is anything."""
        return min((day for day, _ in self.accepted), default=None)

    def by_day(self) -> Mapping[date, int]:
        """Accepted mails of each day that had any."""
        days: Counter[date] = Counter()
        for (day, _), count in self.accepted.items():
            days[day] += count
        return days

    def of_month(self, month: date) -> Mapping[str, int]:
        """Accepted mails of a month by provider."""
        return _by_provider(self.accepted, month)

    def busiest(self, month: date) -> Mapping[str, int]:
        """Accepted mails of the busiest day of a month, of each provider that had any."""
        found: Counter[str] = Counter()
        for (day, provider), count in self.accepted.items():
            if day.replace(day=1) == month:
                found[provider] = max(found[provider], count)
        return found

    def doubtful_of(self, month: date) -> int:
        """Calls of a month of which nobody knows whether they are mails, and on the bill."""
        return sum(_by_provider(self.doubtful, month).values())


def _by_provider(counted: Mapping[tuple[date, str], int], month: date) -> Counter[str]:
    found: Counter[str] = Counter()
    for (day, provider), count in counted.items():
        if day.replace(day=1) == month:
            found[provider] += count
    return found


def parse_month(text: str) -> date:
    """The first day of `2026-10`; raises `Usage`."""
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise WrongArguments("CLI-USAGE", f"{text!r} is no month", "--period", "write 2026-10") from None


def following(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)


def expected(usage: Usage, today: date) -> Forecast:
    """Where the month of that day ends, by the whole days counted last: the day itself is not one, and neither is the
    first day of all, which may have begun in its middle."""
    month = today.replace(day=1)
    sofar = sum(count for day, count in usage.by_day().items() if day.replace(day=1) == month and day < today)
    return forecast(_whole(usage, today), sofar, (following(month) - today).days)


def _whole(usage: Usage, today: date) -> list[int]:
    """Mails of each of the last whole days."""
    first, days = usage.first, usage.by_day()
    begun = max(first + timedelta(days=1), today - timedelta(days=BACK)) if first else today
    return [days.get(begun + timedelta(days=n), 0) for n in range((today - begun).days)]


def traffic(usage: Usage, today: date) -> Traffic | None:
    """What 30 days bring, by the days counted last; None when they are too few. The busiest day is that of all."""
    told = forecast(_whole(usage, today), 0, 30)
    if told.mails is None:
        return None
    return Traffic(told.mails, told.high, max(usage.by_day().values(), default=0))
