"""`status`: is mail flowing?"""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import typer

from notifyctl.cli import screen
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.options import Every, Watch
from notifyctl.cli.telling import breaker_data, detour_data, override_words, phase_words, route_data, why_words
from notifyctl.cli.words import hour, many, moment, span, stamp
from notifyctl.domain import exits

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from notifyctl.domain.incident import Incident
    from notifyctl.operations.status import ProviderLook, Status
    from notifyctl.store.lanes import Lane
    from notifyctl.wiring import Store

_KINDS = ("accepted", "rejected", "throttled", "fault", "account", "sender")
_LATELY = 12 * 3_600_000  # ms for which it is told that a provider was out


def status(ctx: typer.Context, watch: Watch = False, every: Every = 2.0) -> Iterable[Result] | Result:
    """Tell whether mail is flowing, and what is in its way.

    The first line says since when, and what the tool did by itself; then come the incidents that are open. Exit code
    0: fine, or nothing to do; 3: it works, but not as it should, or something needs a person; 6: Redis does not answer.
    With --watch it looks again until nothing is left to do.
    """
    from notifyctl.cli.running import with_store

    live = screen.of(ctx).terminal(sys.stdout) or not watch
    return _watched(_look(), every, live) if watch else _told(with_store(_look()), live)


def _look() -> "Callable[[Store], Awaitable[Status]]":
    from notifyctl import settings
    from notifyctl.operations.status import Places, look

    given = settings.load()
    order, keyed = given.revision.order, given.keyed
    return lambda store: look(
        Places(store.queue, store.attempts, store.workers, store.limits, store.boards, store.incidents), order, keyed
    )


def _watched(look: "Callable[[Store], Awaitable[Status]]", every: float, live: bool) -> Iterator[Result]:
    from notifyctl.cli.running import looks

    for found in looks(look, every):
        yield _told(found, live)
        if found.idle:
            return


def _told(status: "Status", live: bool) -> Result:
    """The whole screen. Ages and countdowns only where it is `live`: a watch in a pipe prints only what changed."""
    from notifyctl.operations.status import findings

    found = findings(status)
    lines: list[str | Table] = [
        "\n".join((_first(status), *_incidents(status))),
        *_lately(status),
        _lanes(status, live),
        _workers(status),
        *_ended(status),
        _providers(status, live),
        *_elsewhere(status),
        *_overrides(status, live),
    ]
    code = exits.DEGRADED if found else exits.OK
    return Result(_data(status), lines, code, findings=found, next=_following(status))


def _following(status: "Status") -> list[str]:
    start = ["notifyctl worker"] if status.open and not status.working else []
    return start + [f"notifyctl incident show {one.id}" for one in status.incidents[:1]]


def _first(status: "Status") -> str:
    """The answer in one line: is mail flowing, through whom and since when, and what the tool did by itself.

    Only a mail that a provider took within the last minute is proof that mail flows; a living worker is none.
    """
    working = status.working
    if not working:
        if not status.open:
            return "Nothing to do, and nobody works."
        since = f" since {moment(status.oldest)}" if status.oldest else ""
        return f"Nobody works: {many(status.open, 'message')} to do{since}."
    left = f"{status.ready:,} waiting, {status.delayed:,} delayed, {status.in_flight:,} in flight"
    if hold := status.course.route.hold:
        return f"The queue is paused by {hold.by} until {hour(hold.until, status.now)}: {hold.reason}; {left}."
    if status.course.carrier is None and status.course.wanted:
        return f"No provider gets the mail: {why_words(status.out, status.now)}. It is held: {left}."
    if status.idle:
        return f"Nothing is left to do. Somebody works since {moment(working[0].started_at)}{_by_itself(status)}."
    if status.stuck:
        return f"No mail gets out{_since(status.accepted_at)}: {left}{_by_itself(status)}."
    if status.flowing:
        return f"Mail is flowing, {_through(status)}. {left}."
    return f"No mail was accepted in the last minute: {left}{_by_itself(status)}."


def _incidents(status: "Status") -> Iterator[str]:
    """What is open, since when, whether mail still suffers, and who has it; also in the short answer."""
    for one in status.incidents:
        who = f"{one.acked_by} has it" if one.acked_by else "nobody has it yet"
        mitigated = f", mitigated since {hour(one.mitigated_at, status.now)}" if one.mitigated_at else ""
        since = f"is open since {hour(one.started_at, status.now)}{mitigated}"
        yield f"{one.id} ({one.key}) {since}, {who}: {one.title}."


def _through(status: "Status") -> str:
    """Through whom mail flows, and since when; where the tool moved it, why, and that this is safe."""
    since = f"through {status.course.carrier} since {hour(status.since, status.now)}"
    if status.course.moved:
        return f"{since}: {why_words(status.out, status.now)}; nothing to do"
    if pin := status.course.route.pin:
        return f"{since} as {pin.by} wants, until {hour(pin.until, status.now)}"
    return since


def _by_itself(status: "Status") -> str:
    """What the tool did, where mail does not flow at the moment."""
    if not status.course.moved:
        return ""
    return f"; mail goes to {status.course.carrier}, because {why_words(status.out, status.now)}"


def _since(at: int) -> str:
    return f" since {moment(at)}" if at else ""


def _lately(status: "Status") -> list[str]:
    """Who was out within the last hours and is back, the latest first."""
    from notifyctl.domain.course import returns

    now, found = status.now, returns(status.entries, status.now - _LATELY)[:3]
    return [
        f"{one.provider} is back since {hour(one.back, now)}; it was out from {hour(one.out.since, now)}: "
        f"{one.out.reason}."
        for one in found
    ]


def _ended(status: "Status") -> list[str]:
    """How messages ended so far, the most frequent end first: what is not accepted is not out."""
    counts = sorted(((count, state) for state, count in status.states.items() if count > 0), reverse=True)
    return [f"ended so far: {', '.join(f'{count:,} {state}' for count, state in counts)}"] if counts else []


def _lanes(status: "Status", live: bool) -> Table:
    columns = ("queue", "waiting", "oldest", "active", "delayed", "failed", "")
    return Table(columns, [_lane_row(lane, status, live) for lane in status.lanes])


def _lane_row(lane: "Lane", status: "Status", live: bool) -> tuple[str, ...]:
    since = (span(max(status.now - lane.oldest, 0)) if live else moment(lane.oldest)) if lane.oldest else ""
    idle = "nobody takes from it" if lane.open and not status.working else ""
    counts = (f"{lane.active:,}", f"{lane.delayed:,}", f"{lane.failed:,}")
    return (lane.queue, f"{lane.ready:,}", since, *counts, "paused" if lane.paused else idle)


def _workers(status: "Status") -> str:
    draining = len(status.beats) - len(status.working)
    since = f", the first since {moment(status.working[0].started_at)}" if status.working else ""
    told = f"workers: {len(status.working)}{since}"
    return f"{told}; {draining} draining" if draining else told


def _providers(status: "Status", live: bool) -> Table:
    rows = [(look.name, _state(look, status, live), *_calls(look)) for look in status.providers]
    return Table(("provider", "", "accepted", "rejected", "throttled", "faults", "doubt"), rows)


def _calls(look: "ProviderLook") -> tuple[str, ...]:
    """Definite outcomes by kind, what concerns account or sender among the faults; then what is ambiguous."""
    accepted, rejected, throttled, *faults = (look.calls.get(f"{kind}.definite", 0) for kind in _KINDS)
    doubt = sum(count for name, count in look.calls.items() if name.endswith(".ambiguous"))
    return tuple(f"{count:,}" for count in (accepted, rejected, throttled, sum(faults), doubt))


def _state(look: "ProviderLook", status: "Status", live: bool) -> str:
    if told := phase_words(look.breaker, status.now, live):
        return told
    if not look.configured:
        return "no key"
    mark = "gets the mail" if look.name == status.course.carrier else ""
    return "waits" if look.closed else mark


def _elsewhere(status: "Status") -> Iterator[str]:
    """Providers that are out and would not get the mail anyway; and those that asked us to wait, until when."""
    others = [look.detour for look in status.providers if look.detour and look.detour not in status.out]
    if others:
        yield f"{why_words(others, status.now)}."
    for look in status.providers:
        if look.closed:
            yield f"{look.name} asked us to wait until {moment(look.closed_until)}."


def _overrides(status: "Status", live: bool) -> Iterator[str]:
    """What people laid over the route: until when, who and why."""
    for name, part in status.course.route._asdict().items():
        if part:
            left = f" ({span(part.until - status.now)} left)" if live else ""
            yield f"{override_words(name, part)}{left}, by {part.by}: {part.reason}"


def _data(status: "Status") -> dict[str, Any]:
    return {
        "flowing": status.flowing,
        "since": stamp(status.since),
        "idle": status.idle,
        "waiting": status.ready,
        "oldest_at": stamp(status.oldest),
        "carrier": status.course.carrier,
        "moved": status.course.moved,
        "out": [detour_data(one) for one in status.out],
        "route": route_data(status.course.route),
        "lanes": [_lane(lane) for lane in status.lanes],
        "workers": {"working": len(status.working), "draining": len(status.beats) - len(status.working)},
        "providers": {look.name: _provider(look) for look in status.providers},
        "messages": dict(status.states),
        "in_flight": status.in_flight,
        "accepted_at": stamp(status.accepted_at),
        "failed_at": stamp(status.failed_at),
        "unknown": status.unknown,
        "eviction": status.eviction,
        "incidents": [_incident(one) for one in status.incidents],
    }


def _incident(one: "Incident") -> dict[str, Any]:
    times = {"since": stamp(one.started_at), "opened_at": stamp(one.opened_at), "acked_at": stamp(one.acked_at)}
    names = ("id", "key", "severity", "title", "acked_by")
    return {**{name: getattr(one, name) for name in names}, "state": one.state.value, **times}


def _lane(lane: "Lane") -> dict[str, Any]:
    names = ("queue", "active", "delayed", "completed", "failed", "paused")
    oldest = stamp(lane.oldest)
    return {"waiting": lane.ready, "oldest_at": oldest, **{name: getattr(lane, name) for name in names}}


def _provider(look: "ProviderLook") -> dict[str, Any]:
    until = stamp(look.closed_until) if look.closed else None
    breaker = breaker_data(look.breaker)
    return {"configured": look.configured, "calls": dict(look.calls), "closed_until": until, "breaker": breaker}
