"""`provider`: each one's breaker, calls, limits and account."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import changing
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.options import provider_names
from notifyctl.cli.telling import breaker_data, carrier_words, detour_data, phase_words, why_words
from notifyctl.cli.words import moment, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.domain.quota import Watched
    from notifyctl.operations.provider import Carrier, Carriers

Probe = Annotated[bool, typer.Option("--probe", help="Ask the accounts, too: read-only, 5 s at most.")]


def list_(probe: Probe = False) -> Result:
    """List the providers: who gets the mail, who is out."""
    found = _look(None, probe)
    rows = [(one.name, _phase(one, found.now), _taken(one), _rate(one), _account(one)) for one in found.found]
    columns = ("provider", "breaker", "last accepted", "calls/s", "account")
    lines: list[str | Table] = [f"The mail goes to {carrier_words(found.course)}.", Table(columns, rows)]
    out = [one.detour for one in found.found if one.detour]
    return Result(_data(found), [*lines, *filter(None, [why_words(out, found.now)])])


def show(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="Which one.", autocompletion=provider_names)],
    probe: Probe = False,
) -> Result:
    """Tell everything that is known of one provider."""
    found = _look(changing.provider(provider), probe)
    one = next((each for each in found.found if each.name == provider), None)
    if one is None:
        return Result({"providers": {}}, (f"{provider} is not in the route.",))
    return Result(_data(found._replace(found=[one])), [*_story(one, found)])


def _look(name: str | None, probe: bool) -> "Carriers":
    from notifyctl import wiring
    from notifyctl.cli.given import load
    from notifyctl.cli.running import with_store
    from notifyctl.operations.provider import look

    given = load()
    accounts = wiring.providers(given) if probe else {}
    asked = {each: account for each, account in accounts.items() if name in (None, each)}
    order, keyed = given.revision.order, given.keyed
    return with_store(
        lambda store: look(store.boards, store.limits, store.attempts, store.workers, order, keyed, asked)
    )


def _story(one: "Carrier", found: "Carriers") -> "Iterator[str]":
    breaker, now = one.breaker, found.now
    phase, comma, rest = _phase(one, now).partition(", ")
    since = f" since {moment(breaker.since)}" if breaker.since else ""
    yield f"{one.name}: {phase}{since}{comma}{rest}{' left' if breaker.until > now and comma else ''}."
    if one.detour:
        yield f"{why_words([one.detour], now)}."
    if breaker.rule:
        yield f"last change by rule {breaker.rule}: {breaker.reason}"
    if breaker.trips:
        back = f"; it was back last at {moment(breaker.closed_at)}" if breaker.closed_at else ""
        yield f"windows in a row: {breaker.trips}{back}"
    if breaker.faults:
        yield f"faults in a row now: {breaker.faults}"
    yield f"last accepted: {_taken(one) or 'never'}"
    yield f"calls so far: {', '.join(f'{count:,} {name}' for name, count in sorted(one.calls.items())) or 'none'}"
    yield from _room(one, now)
    if one.sunk and one.sunk.kind:
        code = f", {one.sunk.code}" if one.sunk.code else ""
        yield f"daily message to its sink: {one.sunk.kind}{code}, at {moment(one.sunk.at)}"
    if one.account:
        yield f"account: {one.account.state}, {one.account.detail}"
    elif one.checked:
        yield f"account: {one.checked.state}, {one.checked.detail}, at {moment(one.checked.at)}"


def _room(one: "Carrier", now: int) -> "Iterator[str]":
    yield f"calls a second: {_rate(one) or 'no limit is known'}"
    if one.room.closed_until > now:
        yield f"asked us to wait until {moment(one.room.closed_until)}"
    for watched in one.room.quotas:
        quota = watched.quota
        yield f"{quota.name} quota: {quota.used:,} of {quota.limit:,} used"
    for address, until in one.senders.items():
        yield f"sender {address} is closed until {moment(until)}"


def _phase(one: "Carrier", now: int) -> str:
    return phase_words(one.breaker, now, True) or ("closed" if one.keyed else "no key")


def _taken(one: "Carrier") -> str:
    return moment(one.accepted_at) if one.accepted_at else ""


def _rate(one: "Carrier") -> str:
    rate = one.room.rate or one.room.pace
    return f"{rate:,.0f}" if rate else ""


def _account(one: "Carrier") -> str:
    told = one.account or one.checked
    return told.state if told else ""


def _data(found: "Carriers") -> dict[str, Any]:
    return {
        "carrier": found.course.carrier,
        "wanted": found.course.wanted,
        "providers": {one.name: _provider(one, found.now) for one in found.found},
    }


def _provider(one: "Carrier", now: int) -> dict[str, Any]:
    return {
        "configured": one.keyed,
        "breaker": breaker_data(one.breaker),
        "out": detour_data(one.detour) if one.detour else None,
        "calls": dict(one.calls),
        "accepted_at": stamp(one.accepted_at),
        "rate": one.room.rate,
        "pace": one.room.pace,
        "wait_until": stamp(one.room.closed_until) if one.room.closed_until > now else None,
        "quotas": [_quota(watched) for watched in one.room.quotas],
        "senders": {address: stamp(until) for address, until in one.senders.items()},
        "account": {"state": one.account.state, "detail": one.account.detail} if one.account else None,
        "account_checked": _checked(one),
        "sink": _sink(one),
    }


def _checked(one: "Carrier") -> dict[str, Any] | None:
    told = one.checked
    return {"state": told.state, "detail": told.detail, "at": stamp(told.at)} if told else None


def _sink(one: "Carrier") -> dict[str, Any] | None:
    sunk = one.sunk
    return {"at": stamp(sunk.at), "kind": sunk.kind, "code": sunk.code} if sunk and sunk.kind else None


def _quota(watched: "Watched") -> dict[str, Any]:
    quota = watched.quota
    return {"name": quota.name, "limit": quota.limit, "used": quota.used, "resets_at": stamp(quota.resets_at)}
