"""Retry: give failed messages another chance, many at once; each only where what is on record lets it be sent.

A plan is made from one look; each batch is looked at again before it is written, and a record that moved on is left
alone. What was done stays done: an interrupted run is continued by the same command.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from notifyctl.domain.decide import Case, Verdict, retry
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.progress import Listener, Step, silent
from notifyctl.operations.cases import Cases, Who, chance
from notifyctl.store.decisions import decide
from notifyctl.store.failed import Place

BATCH = 100
SHOWN = 1000  # lines of a plan that are kept


class Line(NamedTuple):
    """One message of a plan, and what would become of it."""

    id: str
    place: Place | None
    state: str
    verdict: Verdict


@dataclass(slots=True)
class Plan:
    """What a retry would do: the jobs to give back, refusals by code, and the first thousand lines."""

    jobs: list[Place] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)

    def add(self, place: Place | None, case: Case) -> None:
        """Judge one message."""
        verdict = retry(case)
        if verdict.verb and place:
            self.jobs.append(place)
        else:
            self.refused[verdict.code] += 1
        if len(self.lines) < SHOWN:
            self.lines.append(Line(case.record.id, place, case.record.state.value, verdict))


@dataclass(slots=True)
class Done:
    """What a retry did: messages given back, by id (the first thousand), and those that were not, by why."""

    given_back: int = 0
    ids: list[str] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


async def plan(cases: Cases, places: Sequence[Place], listener: Listener = silent) -> Plan:
    """The plan for these jobs. Raises `Unreachable`."""
    made = Plan()
    for first in range(0, len(places), BATCH):
        for place, case in await cases.of_jobs(places[first : first + BATCH]):
            made.add(place, case)
        listener(Step("plan", min(first + BATCH, len(places)), len(places)))
    return made


async def plan_messages(cases: Cases, names: Sequence[str]) -> Plan:
    """The plan for messages by id. Raises `Unreachable`."""
    made = Plan()
    for place, case in await cases.of_messages(names):
        made.add(place, case)
    return made


async def apply(cases: Cases, made: Plan, who: Who, listener: Listener = silent) -> Done:
    """Do what was planned, as far as it still holds. Raises `Unreachable`; the same again goes on with the rest."""
    done = Done()
    for first in range(0, len(made.jobs), BATCH):
        try:
            await _batch(cases, made.jobs[first : first + BATCH], who, done)
        except Unreachable as error:
            what = f"{error.what}; {done.given_back:,} were given back before"
            fix = f"{error.fix}. Then run the same command again: it goes on with the rest"
            raise Unreachable(error.code, what, error.where, fix) from error
        listener(Step("retry", min(first + BATCH, len(made.jobs)), len(made.jobs), f"{sum(done.left.values())} left"))
    return done


async def _batch(cases: Cases, places: Sequence[Place], who: Who, done: Done) -> None:
    orders = []
    for place, case in await cases.of_jobs(places):
        verdict = retry(case)
        if place and verdict.verb:
            orders.append(chance(place, case, verdict.verb, who))
        else:
            done.left[verdict.code] += 1
    answers = await decide(cases.queue, orders)
    for order, answer in zip(orders, answers, strict=True):
        if answer.code != "ok":
            done.left[answer.code] += 1
            continue
        done.given_back += 1
        if len(done.ids) < SHOWN:
            done.ids.append(order.message)


async def states(cases: Cases, names: Sequence[str]) -> Counter[str]:
    """How many of the messages are in each state now. Raises `Unreachable`."""
    return Counter(record.state.value for record in await cases.attempts.read_all(names))
