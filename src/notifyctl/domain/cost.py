"""What mail costs in a month under a tariff, and where a quota stands at the end of the month."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain.tariff import THOUSAND, Band, Tariff

ENOUGH = 7  # whole days: a week has its Friday
SPREAD = (
    2.447  # standard errors on each side for 95 % with 7 days (Student's t, 6 degrees of freedom); more days are surer
)


class Bill(NamedTuple):
    """A month in micro-dollars: what is due in any case, and for mails beyond the included ones."""

    fixed: int
    extra: int

    @property
    def total(self) -> int:
        """Both."""
        return self.fixed + self.extra


class Traffic(NamedTuple):
    """What a routing must carry: mails of a month as expected, at most (the upper end of a forecast), and on the
    busiest day. One mail has one recipient, which is what all three providers count."""

    mails: int
    most: int
    peak_day: int


class Forecast(NamedTuple):
    """Mails at the end of the month, with a 95 % interval; `days` whole days were counted. `mails` None = too few."""

    days: int
    mails: int | None = None
    low: int = 0
    high: int = 0


def bill(tariff: Tariff, mails: int) -> Bill | None:
    """What so many mails cost in a month; None when the tariff does not take them.

    Policy: the fixed price is due without a mail, too. Beyond the included mails each begun block is charged whole, at
    the price of the band in which it lies.
    """
    beyond = max(mails - tariff.included, 0)
    if beyond and tariff.stops:
        return None
    charged = -(-beyond // tariff.block) * tariff.block
    return Bill(tariff.fixed, _in_bands(tariff.bands, charged))


def _in_bands(bands: Sequence[Band], mails: int) -> int:
    total, below = 0, 0
    for band in bands:
        upto = mails if band.upto is None else min(mails, band.upto)
        total += max(upto - below, 0) * band.price
        below = max(upto, below)
    return -(-total // THOUSAND)


def room(tariff: Tariff) -> int | None:
    """The most mails that the tariff takes on a day with nothing sent before; None = as many as one likes."""
    limits = [limit for limit in (tariff.daily, tariff.included if tariff.stops else None) if limit is not None]
    return min(limits, default=None)


def carries(tariff: Tariff, month: int, day: int) -> bool:
    """Whether the tariff takes so many mails in a month, and so many of them on one day."""
    most = room(tariff)
    return bill(tariff, month) is not None and (most is None or day <= most)


def cheapest(tariffs: Mapping[str, Tariff], month: int, most: int, day: int) -> Tariff | None:
    """The cheapest tariff for `month` mails that would take `most`, and `day` on one day; None where none does.

    Policy: only what an account can be sure to get is considered; of equals the first of the list.
    """
    fit = [one for one in tariffs.values() if one.offered and carries(one, most, day)]
    return min(fit, key=lambda one: total(one, month), default=None)


def total(tariff: Tariff, mails: int) -> int:
    """The bill of mails that the tariff takes, in micro-dollars."""
    found = bill(tariff, mails)
    assert found is not None, f"{tariff.name} does not take {mails} mails"
    return found.total


def forecast(days: Sequence[int], sofar: int, remaining: int) -> Forecast:
    """Where the month ends: what was counted so far, and a straight line through the whole days counted last.

    Policy: with fewer than 7 whole days nothing is foretold. The remaining days go on like the mean day; the interval
    adds how much days differ to how little of them was seen. It says nothing of a burst that no day has shown yet.
    """
    count = len(days)
    if count < ENOUGH:
        return Forecast(count)
    mean, differ = statistics.fmean(days), statistics.stdev(days)
    wide = SPREAD * differ * math.sqrt(remaining + remaining**2 / count)
    middle = sofar + mean * remaining
    return Forecast(count, round(middle), max(math.floor(middle - wide), sofar), math.ceil(middle + wide))
