"""A run of a runbook: where it stands by its record, and what comes next.

- A step is behind us when it ended with an exit code that its book expects, or when a person skipped it.
- The next step is the first one that is not behind us: nothing is skipped, whatever the record looks like.
- A step that only looks may be repeated. One that changes something and was under way, or ended with a code after
  which something may have been changed, is in doubt: a person decides whether it is run again.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from notifyctl.domain.exits import EXITS
from notifyctl.domain.runbook import Step

_UNCHANGED = {entry.code for entry in EXITS if entry.changed in ("no", "never")}


class Kind(StrEnum):
    """What a line of a record says."""

    BEGAN = "began"
    STARTED = "started"
    ENDED = "ended"
    SKIPPED = "skipped"
    VALUES = "values"
    GIVEN_UP = "given_up"


class Event(NamedTuple):
    """A line of a record: at which epoch ms, by whom, which step (0 = none), with which exit code (None = none);
    `values` are those of placeholders that became known."""

    kind: Kind
    at: int
    actor: str
    step: int = 0
    exit: int | None = None
    values: Mapping[str, str] = {}


class Was(StrEnum):
    """What became of a step so far."""

    TO_DO = "to_do"
    UNDER_WAY = "under_way"
    FAILED = "failed"
    DONE = "done"
    SKIPPED = "skipped"


class Trace(NamedTuple):
    """What is known of one step: its last start and end in epoch ms (0 = none), and its exit code."""

    was: Was
    started_at: int = 0
    ended_at: int = 0
    exit: int | None = None

    @property
    def behind(self) -> bool:
        """True when nothing is left to do for it."""
        return self.was in (Was.DONE, Was.SKIPPED)

    @property
    def may_have_changed(self) -> bool:
        """True when its command was under way, or ended with a code that does not rule out a change."""
        return self.was is Was.UNDER_WAY or (self.was is Was.FAILED and self.exit not in _UNCHANGED)


def traces(steps: Sequence[Step], events: Sequence[Event]) -> dict[int, Trace]:
    """What became of each step, by its number."""
    found = {step.number: Trace(Was.TO_DO) for step in steps}
    exits: Mapping[int, Sequence[int]] = {step.number: step.exits for step in steps}
    for event in events:
        if event.step in found and not found[event.step].behind:
            found[event.step] = _after(found[event.step], event, exits[event.step])
    return found


def _after(trace: Trace, event: Event, exits: Sequence[int]) -> Trace:
    if event.kind is Kind.STARTED:
        return Trace(Was.UNDER_WAY, event.at)
    if event.kind is Kind.SKIPPED:
        return trace._replace(was=Was.SKIPPED, ended_at=event.at)
    if event.kind is Kind.ENDED:
        was = Was.DONE if event.exit in exits else Was.FAILED
        return Trace(was, trace.started_at, event.at, event.exit)
    return trace


def following(steps: Sequence[Step], events: Sequence[Event]) -> Step | None:
    """The step that comes next, or None when the run is over."""
    if any(event.kind is Kind.GIVEN_UP for event in events):
        return None
    known = traces(steps, events)
    return next((step for step in steps if not known[step.number].behind), None)
