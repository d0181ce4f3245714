"""`status`: is mail flowing?"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.options import Every, Watch
from notifyctl.cli.words import many, moment, stamp
from notifyctl.domain import exits

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from notifyctl.operations.status import ProviderLook, Status
    from notifyctl.store.lanes import Lane
    from notifyctl.wiring import Store

_KINDS = ("accepted", "rejected", "throttled", "fault", "account", "sender")


def status(watch: Watch = False, every: Every = 2.0) -> Iterable[Result] | Result:
    """Tell whether mail is flowing, and what is in its way.

    Exit code 0: fine, or nothing to do; 3: something needs a person; 6: Redis does not answer. With --watch it looks
    again until nothing is left to do.
    """
    from notifyctl.cli.running import with_store

    return _watched(_look(), every) if watch else _told(with_store(_look()))


def _look() -> "Callable[[Store], Awaitable[Status]]":
    from notifyctl import settings
    from notifyctl.operations.status import look

    given = settings.load()
    order, keyed = given.revision.order, given.keyed
    return lambda store: look(store.queue, store.attempts, store.workers, store.limits, order, keyed)


def _watched(look: "Callable[[Store], Awaitable[Status]]", every: float) -> Iterator[Result]:
    from notifyctl.cli.running import looks

    for found in looks(look, every):
        yield _told(found)
        if found.idle:
            return


def _told(status: "Status") -> Result:
    from notifyctl.operations.status import findings

    found = findings(status)
    lines: list[str | Table] = [
        _flow(status),
        _lanes(status.lanes),
        _workers(status),
        *_ended(status),
        _providers(status),
        *_closures(status),
    ]
    code = exits.DEGRADED if found else exits.OK
    following = ("notifyctl worker",) if status.open and not status.working else ()
    return Result(_data(status), lines, code, findings=found, next=following)


def _flow(status: "Status") -> str:
    """The answer in one line. Times instead of ages, so that a watch in a pipe prints only what changed.

    Only a mail that a provider took within the last minute is proof that mail flows; a living worker is none.
    """
    working = status.working
    if not working:
        if not status.open:
            return "Nothing to do, and nobody works."
        since = f" since {moment(status.oldest)}" if status.oldest else ""
        return f"Nobody works: {many(status.open, 'message')} to do{since}."
    since = moment(working[0].started_at)
    if status.idle:
        return f"Nothing is left to do. Somebody works since {since}."
    left = f"{status.ready:,} waiting, {status.delayed:,} delayed, {status.in_flight:,} in flight"
    if status.stuck:
        return f"No mail gets out{_since(status.accepted_at)}: {left}."
    if status.flowing:
        return f"Mail is flowing: {left}."
    return f"No mail was accepted in the last minute: {left}."


def _since(at: int) -> str:
    return f" since {moment(at)}" if at else ""


def _ended(status: "Status") -> list[str]:
    """How messages ended so far, the most frequent end first: what is not accepted is not out."""
    counts = sorted(((count, state) for state, count in status.states.items() if count > 0), reverse=True)
    return [f"ended so far: {', '.join(f'{count:,} {state}' for count, state in counts)}"] if counts else []


def _lanes(lanes: "Iterable[Lane]") -> Table:
    columns = ("queue", "waiting", "active", "delayed", "failed", "")
    rows = [
        (
            *(lane.queue, f"{lane.ready:,}", f"{lane.active:,}", f"{lane.delayed:,}", f"{lane.failed:,}"),
            "paused" if lane.paused else "",
        )
        for lane in lanes
    ]
    return Table(columns, rows)


def _workers(status: "Status") -> str:
    draining = len(status.beats) - len(status.working)
    since = f", the first since {moment(status.working[0].started_at)}" if status.working else ""
    told = f"workers: {len(status.working)}{since}"
    return f"{told}; {draining} draining" if draining else told


def _providers(status: "Status") -> Table:
    rows = [(look.name, *_calls(look), _state(look)) for look in status.providers]
    return Table(("provider", "accepted", "rejected", "throttled", "faults", "in doubt", ""), rows)


def _calls(look: "ProviderLook") -> tuple[str, ...]:
    """Definite outcomes by kind, what concerns account or sender among the faults; then what is ambiguous."""
    accepted, rejected, throttled, *faults = (look.calls.get(f"{kind}.definite", 0) for kind in _KINDS)
    doubt = sum(count for name, count in look.calls.items() if name.endswith(".ambiguous"))
    return tuple(f"{count:,}" for count in (accepted, rejected, throttled, sum(faults), doubt))


def _state(look: "ProviderLook") -> str:
    if not look.configured:
        return "no key"
    return "closed" if look.closed else ""


def _closures(status: "Status") -> list[str]:
    """Closed providers, and until when: they asked us to wait."""
    return [f"{look.name} is closed until {moment(look.closed_until)}." for look in status.providers if look.closed]


def _data(status: "Status") -> dict[str, Any]:
    return {
        "flowing": status.flowing,
        "since": stamp(status.working[0].started_at) if status.working else None,
        "idle": status.idle,
        "waiting": status.ready,
        "oldest_at": stamp(status.oldest),
        "lanes": [_lane(lane) for lane in status.lanes],
        "workers": {"working": len(status.working), "draining": len(status.beats) - len(status.working)},
        "providers": {look.name: _provider(look) for look in status.providers},
        "messages": dict(status.states),
        "in_flight": status.in_flight,
        "accepted_at": stamp(status.accepted_at),
        "failed_at": stamp(status.failed_at),
        "unknown": status.unknown,
        "eviction": status.eviction,
    }


def _lane(lane: "Lane") -> dict[str, Any]:
    names = ("queue", "active", "delayed", "completed", "failed", "paused")
    return {"waiting": lane.ready, **{name: getattr(lane, name) for name in names}}


def _provider(look: "ProviderLook") -> dict[str, Any]:
    until = stamp(look.closed_until) if look.closed else None
    return {"configured": look.configured, "calls": dict(look.calls), "closed_until": until}
