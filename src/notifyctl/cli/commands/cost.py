"""`cost`: what the mail costs, and what it could cost."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from notifyctl.cli import progress, screen
from notifyctl.cli.envelope import Result, Table, Verbatim
from notifyctl.cli.pricing import (
    UNADVISED,
    account_words,
    advice_data,
    gap_finding,
    line_data,
    money,
    taken_words,
    traffic_words,
)
from notifyctl.cli.words import many
from notifyctl.domain import exits
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.domain.advice import Advice
    from notifyctl.domain.cost import Forecast, Traffic
    from notifyctl.domain.usage import Usage
    from notifyctl.operations.cost import Line
    from notifyctl.settings import Settings
    from notifyctl.wiring import Store

Volume = Annotated[
    int | None, typer.Option("--volume", metavar="N", min=0, help="Mails a month, instead of what was counted.")
]
Peak = Annotated[
    int | None, typer.Option("--peak", metavar="N", min=0, help="Mails on the busiest day; default: all on one day.")
]
YEAR = 12  # months back in which the busiest day is sought: a festival comes once in them
_UNTOLD = "What was delivered has no source yet, so it is the cost of a mail that a provider accepted."
_UNPRICED: dict[str, Any] = {  # what `report` always tells, as far as nothing is known
    "period": None, "currency": "USD", "mails": 0, "total": None, "per_accepted": None, "per_delivered": None,
    "providers": [], "counted_from": None, "doubtful": None, "forecast": None,
}  # fmt: skip


class _Seen(NamedTuple):
    usage: "Usage"
    granted: Mapping[str, int]


def report(
    ctx: typer.Context,
    period: Annotated[
        str | None, typer.Option("--period", metavar="YYYY-MM", help="The month, in UTC; default: this one.")
    ] = None,
    volume: Volume = None,
) -> Result:
    """Tell what the mail of a month costs, by provider.

    Mails are counted in the attempts on record; with --volume nothing is counted, and no Redis is needed. Prices are
    list prices, each with its source in -o json, and what the configuration file says of your own.
    """
    from notifyctl.cli.given import load
    from notifyctl.domain.cost import Traffic
    from notifyctl.domain.usage import expected, parse_month

    given = load()
    today = datetime.now(UTC).date()
    month = parse_month(period) if period else today.replace(day=1)
    if volume is not None:
        return _priced(given, Traffic(volume, volume, volume), {_order(given)[0]: volume}, month)
    seen = _look(ctx, given, min(month, _before(today, 1)))
    mails, told = seen.usage.of_month(month), expected(seen.usage, today)
    count = sum(mails.values())
    if not count:
        what = f"no accepted mail of {month:%Y-%m} is on record"
        nothing = Finding("COST-NOTHING", "warning", f"{month:%Y-%m}", what, "give the number yourself: --volume")
        data = {**_UNPRICED, "period": f"{month:%Y-%m}"}
        return Result(data, (f"{what[0].upper()}{what[1:]}.",), exits.DEGRADED, findings=[nothing])
    busy = max(seen.usage.by_day().values())
    done = _priced(given, Traffic(count, count, busy), mails, month)
    return _counted(done, seen.usage, month, told if month == today.replace(day=1) else None)


def advise(ctx: typer.Context, volume: Volume = None, peak: Peak = None) -> Result:
    """Compare routes and plans; print what to change.

    Each order of your providers on each plan is priced under your own traffic. A routing counts only when every
    provider in it could carry the busiest day: that is the reserve which failover needs. What is advised is printed as
    a difference of the configuration file, alone on stdout and ready for `patch`. Nothing is changed.
    """
    from notifyctl.cli.given import load
    from notifyctl.domain.advice import advise as compare
    from notifyctl.domain.cost import Traffic
    from notifyctl.domain.usage import expected, traffic
    from notifyctl.operations.cost import accounts

    given = load()
    today = datetime.now(UTC).date()
    seen = _look(ctx, given, _before(today, YEAR)) if volume is None else None
    found = traffic(seen.usage, today) if seen else None
    days = expected(seen.usage, today).days if seen else None
    if volume is not None:
        found = Traffic(volume, volume, volume if peak is None else peak)
    if found is None:
        return _too_few(days or 0)._replace(aside=True)
    found = found if peak is None else found._replace(peak_day=peak)
    advice = compare(accounts(given.revision, _order(given), found, seen.granted if seen else {}), found)
    done = _advised(given, advice, found, seen)
    return done._replace(data={**done.data, "days": days}, aside=True)


def _order(given: "Settings") -> Sequence[str]:
    """The accounts of the route; where no key is set, as on a laptop, all of the route."""
    return given.keyed or given.revision.order


def _before(today: date, months: int) -> date:
    """The first day of the month so many months before."""
    years, month = divmod(today.month - 1 - months, 12)
    return date(today.year + years, month + 1, 1)


def _look(ctx: typer.Context, given: "Settings", since: date) -> _Seen:
    from notifyctl.cli.running import with_store
    from notifyctl.operations.cost import count, granted

    async def look(listen: Any, store: "Store") -> _Seen:
        return _Seen(
            await count(store.queue, given.evidence, f"{since:%Y-%m}", listen),
            await granted(store.limits, _order(given)),
        )

    with progress.shown(screen.of(ctx)) as listen:
        return with_store(partial(look, listen))


def _priced(given: "Settings", traffic: "Traffic", mails: Mapping[str, int], month: date) -> Result:
    from notifyctl.domain.money import exact, share
    from notifyctl.operations.cost import accounts, lines

    order = [*_order(given), *(name for name in mails if name not in _order(given))]
    found = lines(accounts(given.revision, order, traffic, {}), mails)
    bills = [line.bill.total for line in found if line.bill]
    total = sum(bills) if len(bills) == len(found) else None  # a bill that nobody knows leaves no sum
    each = share(total, traffic.mails) if traffic.mails and total is not None else None
    data = {
        **_UNPRICED, "period": f"{month:%Y-%m}", "mails": traffic.mails,
        "total": None if total is None else exact(total), "per_accepted": None if each is None else exact(each),
        "providers": [line_data(line) for line in found],
    }  # fmt: skip
    share_words = f", {money(each)} each" if traffic.mails else ""
    first = f"{month:%Y-%m}: {money(total)} for {many(traffic.mails, 'mail')}{share_words}."
    columns = ("provider", "plan", "mails", "fixed", "beyond", "total")
    texts: list[str | Table] = [first, Table(columns, [_row(line) for line in found]), *_notes(found)]
    stops = [_stops(line) for line in found if line.bill is None]
    return Result(data, texts, exits.DEGRADED if stops else exits.OK, findings=stops)


def _row(line: "Line") -> tuple[str, ...]:
    amounts = (money(line.bill.fixed), money(line.bill.extra), money(line.bill.total)) if line.bill else ("", "", "?")
    plan = f"{line.tariff.name}{'' if line.told else ' (assumed)'}"
    return (line.tariff.provider, plan, f"{line.mails:,}", *amounts)


def _notes(found: "Sequence[Line]") -> Iterator[str]:
    yield _UNTOLD
    yield from taken_words([line.tariff.provider for line in found if not line.told])
    yield "Prices are list prices in US dollars without tax; -o json has the source of each."


def _stops(line: "Line") -> Finding:
    what = f"the plan {line.tariff.name} takes {line.tariff.included:,} mails a month, and {line.mails:,} were counted"
    return Finding("COST-STOPS", "error", f"provider/{line.tariff.provider}", what, "compare: notifyctl cost advise")


def _counted(done: Result, usage: "Usage", month: date, told: "Forecast | None") -> Result:
    """The bill with what is known of the counting."""
    doubt, first = usage.doubtful_of(month), usage.first
    texts = [f"Counted in the attempts on record, which go back to {first}."]
    if doubt:
        texts.append(f"Of {many(doubt, 'call')} more nobody knows whether a mail is on the bill.")
    if told:
        texts.append(_foretold(told))
    data = {"counted_from": str(first), "doubtful": doubt, "forecast": told and told._asdict()}
    return done._replace(data={**done.data, **data}, lines=[*done.lines, *texts])


def _foretold(told: "Forecast") -> str:
    from notifyctl.domain.cost import ENOUGH

    if told.mails is None:
        return f"Too few whole days to foretell the month: {told.days} of {ENOUGH}."
    return (
        f"At the end of the month: {told.mails:,} mails, {told.low:,} to {told.high:,} with 95 %, "
        f"from the last {told.days} whole days."
    )


def _too_few(days: int) -> Result:
    from notifyctl.domain.cost import ENOUGH

    what = f"{many(days, 'whole day')} counted, and {ENOUGH} are needed"
    few = Finding("COST-TOO-FEW", "warning", "traffic", what, "give what you expect: --volume 5300 --peak 2000")
    data = {**UNADVISED, "diff": None, "counted": True, "days": days}
    return Result(data, ("Too few days were counted to advise anything.",), exits.DEGRADED, findings=[few])


def _advised(given: "Settings", advice: "Advice", traffic: "Traffic", seen: _Seen | None) -> Result:
    from notifyctl.domain.advice import gaps

    difference = _difference(given, advice) if advice.worth else ""
    lacks = [gap_finding(gap) for gap in advice.gaps]
    data = {**advice_data(advice, traffic), "diff": difference or None, "counted": seen is not None}
    if advice.best is None:
        texts: list[str | Table] = ["No plan of these providers keeps the reserve; nothing is advised."]
        return Result(data, [*texts, *_rests(advice, traffic, seen)], exits.BAD, findings=lacks)
    assert not gaps(advice.best, traffic)
    rows = [("now", account_words(advice.present), money(advice.cost)), _best_row(advice)]
    texts = [_verdict(advice), Table(("", "route and plans", "a month"), rows), *_rests(advice, traffic, seen)]
    return Result(data, [*texts, *filter(None, [Verbatim(difference.rstrip("\n"))])], findings=lacks)


def _best_row(advice: "Advice") -> tuple[str, str, str]:
    return ("best", account_words(advice.best or ()), money(advice.best_cost))


def _verdict(advice: "Advice") -> str:
    if not advice.worth:
        return f"Nothing to gain: {money(advice.cost)} a month is the least that keeps the reserve."
    if not advice.gaps:
        return f"{money(advice.saves)} a month can be saved: {money(advice.best_cost)} instead of {money(advice.cost)}."
    more = f" ({money(abs(advice.saves))} {'less' if advice.saves > 0 else 'more'} than now)" if advice.saves else ""
    return f"The present route does not keep the reserve; the cheapest that does costs {money(advice.best_cost)}{more}."


def _rests(advice: "Advice", traffic: "Traffic", seen: _Seen | None) -> Iterator[str]:
    source = f"counted since {seen.usage.first}" if seen else "as given"
    yield f"Rests on {traffic_words(traffic)}, {source}; {many(advice.compared, 'routing')} compared."
    yield "Each provider of the route keeps room for the busiest day. Only money is weighed: see docs/cost.md."
    yield from taken_words([leg.account.provider for leg in advice.present if not leg.account.told])
    if not seen:
        yield "Quotas that accounts were granted were not looked at."


def _difference(given: "Settings", advice: "Advice") -> str:
    """The unified diff of the configuration file."""
    from difflib import unified_diff

    from notifyctl.domain.tomledit import edited

    legs = advice.best or ()
    order = tuple(leg.account.provider for leg in legs)
    values: dict[tuple[str, ...], str | tuple[str, ...]] = {
        ("providers", leg.account.provider, "plan"): leg.tariff.name for leg in legs if leg.changed
    }
    if order != tuple(leg.account.provider for leg in advice.present):
        rest = tuple(name for name in given.revision.order if name not in order)
        values = {("route", "order"): (*order, *rest), **values}
    name = str(given.config or "notifyctl.toml")
    old = given.config.read_text("utf-8") if given.config else ""
    new = edited(old, values, name)
    parts = unified_diff(old.splitlines(True), new.splitlines(True), name if old else "/dev/null", name)
    return "".join(parts)
