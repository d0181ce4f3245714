"""Money and routings as words and as data."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from notifyctl.domain.finding import Finding
from notifyctl.domain.money import dollars, exact

if TYPE_CHECKING:
    from notifyctl.domain.advice import Advice, Gap, Leg
    from notifyctl.domain.cost import Traffic
    from notifyctl.domain.tariff import Tariff
    from notifyctl.operations.cost import Line

UNADVISED: dict[str, Any] = {  # what `advice_data` tells, where there is nothing to advise on
    "currency": "USD", "traffic": None, "compared": 0, "present": None, "best": None, "saves": None, "change": None,
    "gaps": [],
}  # fmt: skip


def money(amount: int | None) -> str:
    """An amount for people; `?` for one that nobody can tell."""
    return "?" if amount is None else dollars(amount)


def account_words(legs: "Sequence[Leg]") -> str:
    """A routing: `ses essentials, then resend pro`."""
    return ", then ".join(f"{leg.account.provider} {leg.tariff.name}" for leg in legs)


def traffic_words(traffic: "Traffic") -> str:
    """What must be carried."""
    most = f", at most {traffic.most:,}" if traffic.most != traffic.mails else ""
    return f"{traffic.mails:,} mails a month{most}, and {traffic.peak_day:,} on the busiest day"


def taken_words(providers: "Sequence[str]") -> "Iterator[str]":
    """That the plans of these accounts are a guess."""
    if providers:
        yield f"Nothing tells the plan of {', '.join(providers)}: the cheapest that is enough is assumed."
        yield 'Name yours in the file of NOTIFYCTL_CONFIG: plan = "..." below [providers.NAME].'


def gap_finding(gap: "Gap") -> Finding:
    """Who could not take over, and why."""
    what = f"it has room for {gap.room:,} mails a {gap.span}, and the route needs {gap.needs:,}"
    return Finding("COST-RESERVE", "warning", f"provider/{gap.provider}", what, "another plan, or a higher quota")


def line_data(line: "Line") -> dict[str, Any]:
    """One provider's bill for machines."""
    bill = line.bill
    return {
        "provider": line.tariff.provider, "plan": line.tariff.name, "plan_told": line.told, "mails": line.mails,
        "fixed": exact(bill.fixed) if bill else None, "beyond": exact(bill.extra) if bill else None,
        "total": exact(bill.total) if bill else None, "tariff": tariff_data(line.tariff),
    }  # fmt: skip


def tariff_data(tariff: "Tariff") -> dict[str, Any]:
    """A tariff with where its numbers are from."""
    return {
        "fixed": exact(tariff.fixed), "included": tariff.included, "block": tariff.block, "daily": tariff.daily,
        "overage_per_1000": [{"upto": band.upto, "price": exact(band.price)} for band in tariff.bands],
        "data_per_gb": None if tariff.data is None else exact(tariff.data),
        "dedicated_ip": None if tariff.dedicated_ip is None else exact(tariff.dedicated_ip),
        "source": tariff.source, "read": tariff.read or None,
    }  # fmt: skip


def advice_data(advice: "Advice", traffic: "Traffic") -> dict[str, Any]:
    """An advice for machines."""
    return {
        "currency": "USD", "traffic": traffic._asdict(), "compared": advice.compared,
        "present": {"route": _route(advice.present), "total": _exact(advice.cost)},
        "best": {"route": _route(advice.best), "total": _exact(advice.best_cost)} if advice.best else None,
        "saves": _exact(advice.saves), "change": advice.worth,
        "gaps": [gap._asdict() for gap in advice.gaps],
    }  # fmt: skip


def _route(legs: "Sequence[Leg]") -> list[dict[str, str]]:
    return [{"provider": leg.account.provider, "plan": leg.tariff.name} for leg in legs]


def _exact(amount: int | None) -> str | None:
    return None if amount is None else exact(amount)
