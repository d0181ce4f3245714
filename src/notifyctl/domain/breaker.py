"""The breaker of a provider: when it gets no more mail, and how it comes back.

Policy (the numbers are `Rules`):

- T1  Closed to open after 3 consecutive faults over 2 distinct messages or more, counted in the order in which their
      calls were settled. Acceptances begin the count anew; throttled, rejected and sender-wide refusals change nothing.
- T2  Closed to open when, of 20 calls or more in a minute, so many failed that at least 10 % of all would, with 95 %
      certainty (one-sided Wilson bound: 5 of 20, 10 of 60). Three in a row are blind to a provider that loses a tenth.
- T3  Closed to open at once when our account is refused (key, suspension, quota gone): no second call fares better.
- T4  Open to half-open when the window is over. The first one takes 300 s, exactly; it is the earliest time of a call.
- T5  Half-open: one probe at a time; a probe of which nothing is heard for 60 s makes room for the next.
- T6  Half-open to closed after 3 successful probes.
- T7  Half-open to open after one that failed or was throttled; the window is as long again.
- T8  A trip within 30 min of the last closing lengthens the window by 300 s, up to 1,800 s; a later one starts afresh.
- T9  A person may isolate a provider until a time, no earlier than the end of its window; then, or when it is resumed,
  it goes through half-open as well.

A generation begins with each change; what was admitted under an earlier one moves nothing. Its number is the time of
the change where that is larger, so that it stays fresh when Redis loses the last changes. While automation is paused,
T1 to T3 move nothing; the way back stays open.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

WILSON = 1.6449  # one-sided 95 %


class Phase(StrEnum):
    """What may go to a provider: all, nothing, one probe at a time, nothing until a person's time is over."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    ISOLATED = "isolated"


class Rules(NamedTuple):
    """The numbers of the policy; times in seconds. They come from the revision and its pace."""

    faults: int = 3
    messages: int = 2
    calls: int = 20
    rate: float = 0.1
    window: float = 300.0
    longest: float = 1800.0
    flap: float = 1800.0
    lease: float = 60.0
    probes: int = 3


class Breaker(NamedTuple):
    """The state of one provider. Times are epoch milliseconds of the Redis server, 0 = never.

    `faults` in a row over `messages` distinct ones (2 means two or more) are counted in this generation; `refused` is
    the code of a refusal of our account that nobody has decided on yet. `until` ends the window or the isolation;
    `since` is the time of the last change of phase, `closed_at` of the last closing, `trips` the windows in a row.
    `successes` counts probes; `probe` names the one under way, which holds its place to `probe_until`.
    """

    phase: Phase = Phase.CLOSED
    generation: int = 0
    faults: int = 0
    messages: int = 0
    refused: str = ""
    until: int = 0
    since: int = 0
    closed_at: int = 0
    trips: int = 0
    successes: int = 0
    probe: str = ""
    probe_until: int = 0
    rule: str = ""
    reason: str = ""


class Counted(NamedTuple):
    """Outcomes were counted; the breaker holds the counts."""


class Minute(NamedTuple):
    """Calls of the last minute, of this generation alone, and how many of them were faults."""

    calls: int
    faults: int


class Time(NamedTuple):
    """Some time has passed."""


class Probed(NamedTuple):
    """A probe has ended; `why` tells of one that failed."""

    probe: str
    well: bool
    why: str = ""


class Yielded(NamedTuple):
    """A probe has ended without a word on the provider, such as a message that any would refuse: the place is free."""

    probe: str


class Isolated(NamedTuple):
    """A person takes the provider out, to that time (epoch ms)."""

    until: int
    reason: str


class Resumed(NamedTuple):
    """A person ends the isolation, or shortens a window: the next step is a probe."""

    reason: str


Event = Counted | Minute | Time | Probed | Yielded | Isolated | Resumed
_AUTOMATIC = (Counted, Minute)


def decide(breaker: Breaker, event: Event, rules: Rules, now: int, automatic: bool = True) -> Breaker | None:
    """The breaker after an event, None when that changes nothing. `automatic` is False while automation is paused."""
    if isinstance(event, _AUTOMATIC) and not automatic:
        return None
    match event:
        case Counted():
            return _counted(breaker, rules, now)
        case Minute():
            return _rated(breaker, event, rules, now)
        case Time():
            return _awake(breaker, rules, now)
        case Probed():
            return _probed(breaker, event, rules, now)
        case Yielded():
            return _yielded(breaker, event, now)
        case Isolated():
            until = max(event.until, breaker.until if breaker.phase is Phase.OPEN else 0)
            return _moved(breaker, Phase.ISOLATED, now, "T9", event.reason, until=until)
        case Resumed():
            asleep = breaker.phase in (Phase.OPEN, Phase.ISOLATED)
            return _half_open(breaker, now, "T9", event.reason) if asleep else None


def restored(fields: Mapping[str, Any]) -> Breaker:
    """A breaker from what was stored of it: texts or numbers, unknown fields left out."""
    defaults = Breaker._field_defaults
    known = {name: type(defaults[name])(value) for name, value in fields.items() if name in defaults}
    return Breaker(**known)


def due(breaker: Breaker, rules: Rules) -> bool:
    """Whether the counts call for a decision: T1 or T3."""
    if breaker.phase is not Phase.CLOSED:
        return False
    return bool(breaker.refused) or (breaker.faults >= rules.faults and breaker.messages >= rules.messages)


def open_from(breaker: Breaker, now: int, lease: float = Rules().lease, critical: bool = False) -> int:
    """From when a call may go there, epoch ms; 0 or a time that is over = at once.

    In a half-open phase that call is a probe. The first one is the tool's own, and no critical message is risked, as
    long as that does not take longer than a `lease` (s). A probe has its place for no longer than that, either: a time
    that is further away is of a clock that was set back.
    """
    if breaker.phase is Phase.CLOSED:
        return 0
    if breaker.phase is not Phase.HALF_OPEN:
        return max(breaker.until, now + 1)
    longest = int(lease * 1000)
    taken = breaker.probe_until if breaker.probe else 0
    spared = breaker.since + longest if critical or not breaker.successes else 0
    return max(until for until in (0, taken, spared) if until <= now + longest)


def alone(breaker: Breaker, rules: Rules, now: int) -> bool:
    """Whether the tool must probe by itself: for the first time, or since no message took the place within a lease."""
    lease = rules.lease * 1000
    if breaker.phase is not Phase.HALF_OPEN or (breaker.probe and 0 < breaker.probe_until - now <= lease):
        return False
    return not breaker.successes or not 0 <= now - breaker.generation < lease


def wilson(faults: int, calls: int) -> float:
    """The least rate of faults, 0 to 1, that so many of so many calls prove with 95 % certainty."""
    if not calls:
        return 0.0
    part, square = faults / calls, WILSON**2 / calls
    root = math.sqrt(part * (1 - part) / calls + square / (4 * calls))
    return max((part + square / 2 - WILSON * root) / (1 + square), 0.0)


def _counted(breaker: Breaker, rules: Rules, now: int) -> Breaker | None:
    """T1 and T3."""
    if not due(breaker, rules):
        return None
    if breaker.refused:
        return _tripped(breaker, rules, now, "T3", f"our account is refused: {breaker.refused}")
    reason = f"{breaker.faults} faults in a row, over {breaker.messages} messages or more"
    return _tripped(breaker, rules, now, "T1", reason)


def _rated(breaker: Breaker, minute: Minute, rules: Rules, now: int) -> Breaker | None:
    """T2."""
    few = minute.calls < rules.calls or wilson(minute.faults, minute.calls) <= rules.rate
    if breaker.phase is not Phase.CLOSED or few:
        return None
    return _tripped(breaker, rules, now, "T2", f"{minute.faults} of {minute.calls} calls in a minute failed")


def _awake(breaker: Breaker, rules: Rules, now: int) -> Breaker | None:
    """T4; a window that a clock has stretched is cut to the longest one."""
    if breaker.phase not in (Phase.OPEN, Phase.ISOLATED):
        return None
    if breaker.phase is Phase.OPEN and breaker.until > now + rules.longest * 1000:
        until = now + int(rules.longest * 1000)
        return _moved(breaker, Phase.OPEN, now, "T4", "the server's clock was set back", until=until)
    if now < breaker.until:
        return None
    over = "the window" if breaker.phase is Phase.OPEN else "the isolation"
    return _half_open(breaker, now, "T4", f"{over} is over")


def _probed(breaker: Breaker, probed: Probed, rules: Rules, now: int) -> Breaker | None:
    """T6 and T7; a probe that lost its place changes nothing."""
    if breaker.phase is not Phase.HALF_OPEN or breaker.probe != probed.probe:
        return None
    if not probed.well:
        return _opened(breaker, rules, now, max(breaker.trips, 1), "T7", f"the probe failed: {probed.why}")
    if breaker.successes + 1 < rules.probes:
        again = breaker._replace(successes=breaker.successes + 1, probe="", probe_until=0)
        return again._replace(generation=_next(breaker, now), rule="T5", reason="a probe went well")
    reason = f"{rules.probes} probes went well"
    return _moved(breaker, Phase.CLOSED, now, "T6", reason, closed_at=now, trips=breaker.trips)


def _yielded(breaker: Breaker, yielded: Yielded, now: int) -> Breaker | None:
    if breaker.phase is not Phase.HALF_OPEN or breaker.probe != yielded.probe:
        return None
    again = breaker._replace(probe="", probe_until=0, generation=_next(breaker, now))
    return again._replace(rule="T5", reason="a probe told nothing")


def _tripped(breaker: Breaker, rules: Rules, now: int, rule: str, reason: str) -> Breaker:
    """T8: how long the window is."""
    flapping = breaker.closed_at and now - breaker.closed_at < rules.flap * 1000
    return _opened(breaker, rules, now, breaker.trips + 1 if flapping else 1, rule, reason)


def _opened(breaker: Breaker, rules: Rules, now: int, trips: int, rule: str, reason: str) -> Breaker:
    window = int(min(rules.window * trips, rules.longest) * 1000)
    return _moved(breaker, Phase.OPEN, now, rule, reason, until=now + window, trips=trips)


def _half_open(breaker: Breaker, now: int, rule: str, reason: str) -> Breaker:
    return _moved(breaker, Phase.HALF_OPEN, now, rule, reason)


def _moved(
    breaker: Breaker, phase: Phase, now: int, rule: str, reason: str,
    until: int = 0, closed_at: int | None = None, trips: int | None = None,
) -> Breaker:  # fmt: skip
    return Breaker(
        phase=phase,
        generation=_next(breaker, now),
        until=until,
        since=now,
        closed_at=breaker.closed_at if closed_at is None else closed_at,
        trips=breaker.trips if trips is None else trips,
        rule=rule,
        reason=reason,
    )


def _next(breaker: Breaker, now: int) -> int:
    return max(breaker.generation + 1, now)
