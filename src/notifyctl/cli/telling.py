"""The board in words: breakers, pauses and pins, where the mail goes and why. Shared by the commands that show it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from notifyctl.cli.words import hour, instant, many, moment, span, stamp
from notifyctl.domain.route import Override, Pin, Route

if TYPE_CHECKING:
    from notifyctl.domain.breaker import Breaker
    from notifyctl.domain.course import Course, Detour
    from notifyctl.domain.transition import Entry, Move
    from notifyctl.operations.history import Decision

_TAKEN = {"pin": "no pin", "hold": "queue goes on", "manual": "automation is on"}
_LAID = {"hold": "queue is paused", "manual": "automation is paused"}


def override_words(name: str, part: Pin | Override | None) -> str:
    """What a part of the route says: `no pin`, `postmark first until ...`, `queue is paused until ...`."""
    if part is None:
        return _TAKEN[name]
    provider = getattr(part, "provider", "")
    forced = ", whatever its breaker says" if getattr(part, "mode", "") == "force" else ""
    return f"{f'{provider} first{forced}' if provider else _LAID[name]} until {moment(part.until)}"


def override_data(part: Pin | Override | None) -> dict[str, Any] | None:
    """The same for machines."""
    return None if part is None else {**part._asdict(), "until": stamp(part.until)}


def breaker_words(breaker: "Breaker") -> str:
    """The phase, and until when it lasts where that is known."""
    return f"{breaker.phase.value} until {moment(breaker.until)}" if breaker.until else breaker.phase.value


def breaker_data(breaker: "Breaker") -> dict[str, Any]:
    """The same for machines, with all that was counted."""
    times = {name: stamp(getattr(breaker, name)) for name in ("until", "since", "closed_at")}
    names = ("generation", "faults", "messages", "refused", "trips", "successes", "rule", "reason")
    return {"phase": breaker.phase.value, **times, **{name: getattr(breaker, name) for name in names}}


def phase_words(breaker: "Breaker", now: int, live: bool) -> str:
    """The phase in a cell: `open, 4 min 58 s`, `half-open, 1 of 3`, '' while it is closed.

    What is left of a window is a countdown where it is `live`, else the time of its end.
    """
    phase = breaker.phase.value
    if phase == "closed":
        return ""
    if phase == "half-open":
        return f"{phase}, {many(breaker.successes, 'probe')} ok"
    left = span(breaker.until - now) if breaker.until > now else "over"
    return f"{phase}, {left if live else hour(breaker.until, now)}"


def carrier_words(course: "Course") -> str:
    """Who gets the mail."""
    going = course.carrier or "nobody, it is held"
    return f"{going}, when the queue goes on" if course.route.hold else going


def why_words(detours: "Sequence[Detour]", now: int) -> str:
    """Why providers get no mail: `resend was taken out at 02:14:03Z after 3 faults in a row`; '' without any."""
    return "; ".join(_why(one, now) for one in detours)


def _why(detour: "Detour", now: int) -> str:
    who = f" by {detour.by}" if detour.rule == "T9" and detour.by else ""
    back = ", and is being probed" if detour.probed else ""
    return f"{detour.provider} was taken out at {hour(detour.since, now)}{who}: {detour.reason}{back}"


def detour_data(detour: "Detour") -> dict[str, Any]:
    """The same for machines."""
    return {**detour._asdict(), "since": stamp(detour.since)}


def entry_words(entry: "Entry") -> tuple[str, str]:
    """What an entry of the log changed, and why."""
    if entry.move:
        move = entry.move
        what = f"{move.provider}: {move.before.phase.value} -> {breaker_words(move.after)}"
        return what, f"{move.after.rule}: {move.after.reason}"
    parts = zip(Route._fields, entry.before or Route(), entry.after or Route(), strict=True)
    changes = [override_words(name, after) for name, before, after in parts if before != after]
    return ": ".join((entry.verb, *filter(None, ["; ".join(changes)]))), entry.reason


def entry_data(entry: "Entry") -> dict[str, Any]:
    """The same for machines: what a decision was asked and what it said, so that it can be made again."""
    move = entry.move
    return {
        "id": entry.id,
        "at": stamp(entry.at),
        "by": entry.by,
        "automatic": not entry.by or entry.by.startswith("worker "),
        "verb": entry.verb,
        "reason": entry.reason,
        "move": None if move is None else move_data(move),
        "before": None if entry.before is None else route_data(entry.before),
        "after": None if entry.after is None else route_data(entry.after),
    }


def move_data(move: "Move") -> dict[str, Any]:
    """A decision with all of its inputs."""
    return {
        "provider": move.provider,
        "rule": move.after.rule,
        "at": stamp(move.at),
        "event": {"kind": type(move.event).__name__.lower(), **move.event._asdict()},
        "rules": move.rules._asdict(),
        "automatic": move.automatic,
        "before": breaker_data(move.before),
        "after": breaker_data(move.after),
    }


def route_data(route: Route) -> dict[str, Any]:
    """A route with its pin, hold and paused automation."""
    return {name: override_data(part) for name, part in route._asdict().items()}


def decision_words(decision: "Decision") -> list[str]:
    """A decision with its numbers, and whether it comes out the same once more."""
    move, before = decision.move, decision.move.before
    who = decision.entry.by or "notifyctl"
    return [
        f"{move.provider} was taken out at {instant(move.at)} by rule {move.after.rule}: {move.after.reason}.",
        f"  decided by     {who}, written at {instant(decision.entry.at)}",
        f"  it saw         {_seen(move)}",
        f"  generation     {before.generation}, closed since {moment(before.since) if before.since else 'ever'}",
        f"  the rules      {_limits(move)}",
        f"  so             {breaker_words(move.after)}, window {move.after.trips} in a row",
        "Decided again from these inputs: " + ("the same." if decision.same else "another answer!"),
    ]


def _seen(move: "Move") -> str:
    before, event = move.before, move.event
    if move.after.rule == "T2":
        return ", ".join(f"{name} {value}" for name, value in event._asdict().items()) + " in the last minute"
    refused = f"; our account was refused: {before.refused}" if before.refused else ""
    return f"{before.faults} faults in a row over {before.messages} messages{refused}"


def _limits(move: "Move") -> str:
    rules = move.rules
    return {
        "T1": f"{rules.faults} faults in a row over {rules.messages} messages or more",
        "T2": f"surely more than {rules.rate:.0%} of {rules.calls} calls or more in a minute",
        "T3": "one refusal of our account",
    }[move.after.rule] + f"; the first window is {rules.window:g} s"


def decision_data(decision: "Decision") -> dict[str, Any]:
    """The same for machines."""
    again = None if decision.again is None else breaker_data(decision.again)
    return {"entry": entry_data(decision.entry), "again": again, "same": decision.same}
