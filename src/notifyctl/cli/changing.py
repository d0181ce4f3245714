"""How a command changes the route: flags first, then look, plan, ask, write, read back.

--dry-run        prints the plan and stops; it needs neither a reason nor a yes
nothing to do    is exit 0, and asks nothing
a question       is asked once, with the plan above it; going back to safe asks none, not even for a reason
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from notifyctl.cli import ask, why
from notifyctl.cli.envelope import Result, actor
from notifyctl.cli.screen import Screen
from notifyctl.cli.telling import breaker_words, carrier_words, detour_data, override_words, route_data, why_words
from notifyctl.cli.words import instant, stamp
from notifyctl.domain import exits
from notifyctl.domain.errors import Usage
from notifyctl.domain.readiness import ISOLATED
from notifyctl.domain.revision import PROVIDERS
from notifyctl.domain.route import DEFAULT_FOR, LONGEST_FOR

if TYPE_CHECKING:
    from notifyctl.operations.route import Done, Plan
    from notifyctl.wiring import Store

_Seen = TypeVar("_Seen")


class Asked(NamedTuple):
    """The flags of a change. `question` is '' for one that asks nothing; `span` in seconds; `back` is the reason of one
    that goes back to safe, where a person at a terminal gives none."""

    screen: Screen
    reason: str | None
    dry_run: bool = False
    yes: bool = False
    question: str = ""
    span: int = DEFAULT_FOR
    back: str = ""

    @property
    def by(self) -> str:
        """Who asks."""
        return actor(os.environ)


def asked(
    screen: Screen, reason: str | None, dry_run: bool, yes: bool = True, question: str = "", span: int | None = None
) -> Asked:
    """The flags, checked before anything is opened: where nobody can answer, a missing one is refused (exit 4)."""
    if span is not None and not 0 < span <= LONGEST_FOR:
        raise Usage("CLI-USAGE", "an override lasts 1 s to 7 days", "--for", "write 30m, 2h or 7d")
    if not dry_run and (reason or not screen.can_ask()):
        reason = why.reason(screen, reason)
    if not dry_run and question and not screen.can_ask():
        ask.agree(screen, question, yes)
    return Asked(screen, reason, dry_run, yes, question, DEFAULT_FOR if span is None else span)


def provider(name: str) -> str:
    """The name of a provider; raises `Usage` for any other word."""
    if name not in PROVIDERS:
        raise Usage("CLI-USAGE", f"{name!r} is no provider", "PROVIDER", f"use {', '.join(PROVIDERS)}")
    return name


def change(
    asked: Asked,
    order: Sequence[str],
    see: "Callable[[Store], Awaitable[_Seen]]",
    plan: "Callable[[_Seen, str], Plan]",
    prove: "Callable[[Plan], Awaitable[Plan]] | None" = None,
) -> Result:
    """Carry a change out; `plan` makes it from what was seen and a reason. `prove` has the last word before it is
    written, after the question: it may act, and forbid the plan."""
    from notifyctl.cli.running import steps
    from notifyctl.operations.route import apply

    with steps(start=not asked.dry_run) as step:
        seen = step(see)
        draft = plan(seen, asked.reason or "")
        if draft.idle or draft.against or asked.dry_run:
            return _unchanged(draft, order)
        lines = [*_changes(draft, order)]
        ask.agree(asked.screen, asked.question, asked.yes or not asked.question, lines)
        given = asked.reason or step(lambda store: why.of_incident(asked.screen, store)) or asked.back
        made = plan(seen, ask.reason(asked.screen, given))
        proven = step(lambda _: prove(made)) if prove else made
        if proven.against:
            return _unchanged(proven, order)
        return _done(step(lambda store: apply(store.boards, proven)), order)


def _unchanged(plan: "Plan", order: Sequence[str]) -> Result:
    """Nothing to do, forbidden, or only planned."""
    data = _data(plan, order)
    if plan.idle:
        why = why_words(plan.detours, plan.look.now)
        return Result(data, (f"Nothing to do: {plan.idle}{why and f': {why}'}.",), outcome="nothing to do")
    changes = [*_changes(plan, order)]
    if not plan.against:
        return Result(data, ("Planned, not done:", *changes), outcome="planned", findings=[*plan.remarks])
    first = f"Refused, nothing was changed; {_overriding(plan)}."
    return Result(data, (first, *changes), exits.REFUSED, findings=[*plan.against, *plan.remarks])


def _overriding(plan: "Plan") -> str:
    """How the refusal is passed over, where it can be."""
    if any(one.code == ISOLATED for one in plan.against):
        return "what a person took out is put back first"
    return f"to do it all the same: {' '.join(dict.fromkeys(f'--force {one.code}' for one in plan.against))}"


def _done(done: "Done", order: Sequence[str]) -> Result:
    plan = done.plan
    data = {**_data(plan, order), "written_at": stamp(done.at), "read_back": done.holds}
    seen = "read back" if done.holds else "and changed again by somebody since: see notifyctl history"
    lines = [f"Done at {instant(done.at)}, {seen}.", *_changes(plan, order)]
    back = () if plan.verb.startswith("res") else (_way_back(plan),)
    return Result(data, lines, outcome="done", findings=[*plan.remarks], next=("notifyctl status", *back))


def _way_back(plan: "Plan") -> str:
    return f"notifyctl {plan.verb.replace('pause', 'resume') if plan.verb.startswith('pause') else 'restore'}"


def _changes(plan: "Plan", order: Sequence[str]) -> Iterable[str]:
    """What is different after it, one line each."""
    for name, old, new in zip(plan.before._fields, plan.before, plan.after, strict=True):
        if old != new:
            yield f"  {override_words(name, old)} -> {override_words(name, new)}"
    for move in plan.moves:
        yield f"  {move.provider}: {breaker_words(move.before)} -> {breaker_words(move.after)}"
    before, after = map(carrier_words, plan.courses(tuple(order)))
    yield f"  mail: {before} -> {after}" if before != after else f"  mail: {before}, as before"


def _data(plan: "Plan", order: Sequence[str]) -> dict[str, Any]:
    before, after = plan.courses(tuple(order))
    return {
        "detours": [detour_data(one) for one in plan.detours],
        "verb": plan.verb,
        "version": plan.look.board.version,
        "planned_at": stamp(plan.look.now),
        "until": stamp(plan.until),
        "reason": plan.reason,
        "mail": {"before": before.carrier, "after": after.carrier},
        "before": route_data(plan.before),
        "after": route_data(plan.after),
        "breakers": {move.provider: {"before": move.before.phase, "after": move.after.phase} for move in plan.moves},
    }
