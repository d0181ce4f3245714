"""Mails that wait for a person: which they are, and what a decision does to record, job and review queue.

`resend` is carried out at once, and cannot be taken back: a worker may have the mail a moment later. `delivered` and
`drop` name the end of the message, `ignore` leaves the doubt; these may be taken back for a day.
"""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from notifyctl.domain import decide as policy
from notifyctl.domain.attempt import Record, State
from notifyctl.domain.review import DUE, IN_DOUBT, Decision, Item, decided, executed, item, renewed, undone
from notifyctl.engine.sight import doubtful
from notifyctl.operations import resend, review
from notifyctl.operations.cases import Cases, Who
from notifyctl.store.decisions import Order
from notifyctl.store.health import server_time
from notifyctl.store.incidents import Incidents
from notifyctl.store.reviews import Reviews

MAIL = "unknown"  # the kind of items that are mails in doubt
ENDS = {Decision.DELIVERED: State.DELIVERED, Decision.DROP: State.CANCELLED}


class Waiting(NamedTuple):
    """A mail in doubt, and when a person should have decided, epoch ms."""

    record: Record
    due: int


class Line(NamedTuple):
    """The mails on which nobody has decided, the first due first; how many are unknown in all; the server's time."""

    rows: Sequence[Waiting]
    unknown: int
    now: int


async def look(cases: Cases, reviews: Reviews, most: int) -> Line:
    """What waits for a person. Raises `Unreachable`."""
    listed = dict(await doubtful(cases.attempts, reviews, most))
    records = await cases.attempts.read_all([*listed])
    known = {one.subject: one.due for one in await reviews.waiting(most) if one.kind == MAIL}
    rows = [Waiting(record, known.get(record.id, listed[record.id] + DUE)) for record in records]
    unknown = (await cases.attempts.totals())[0].get(State.UNKNOWN, 0)
    return Line(sorted(rows, key=lambda row: row.due), unknown, await server_time(cases.queue.link))


async def decide(
    cases: Cases, reviews: Reviews, incidents: Incidents, name: str, decision: Decision, who: Who
) -> Record:
    """Decide on a message; the record as it is then. Raises `Bad` for an unknown id, `Refused`, `Unreachable`."""
    now, since = await incidents.now(), await cases.attempts.unknown_since(name)
    new = item(MAIL, name, IN_DOUBT, since or now)

    def step(one: Item) -> Item:
        made = decided(renewed(one, since), decision, who.reason, who.actor, now)
        return executed(made, now) if decision is Decision.RESEND else made

    step(await reviews.get(new.id) or new)  # what is refused is refused before anything is written
    record = await _write(cases, name, decision, who)
    await reviews.save(new)  # one that is there stays as it is
    await review.write(reviews, new.id, step)
    return record


async def answer(
    cases: Cases, reviews: Reviews, incidents: Incidents, identity: str, decision: Decision, who: Who
) -> Item:
    """Decide on any item of the queue: what is decided about a mail is carried out, anything else is written down.

    Raises `Bad` for one that is not there, and as `decide`.
    """
    found = await review.get(reviews, identity)
    if found.kind != MAIL:
        return await review.decide(reviews, incidents, identity, decision, who.reason, who.actor)
    await decide(cases, reviews, incidents, found.subject, decision, who)
    return await review.get(reviews, identity)


async def take_back(cases: Cases, reviews: Reviews, incidents: Incidents, identity: str, who: Who) -> Item:
    """Take the decision on any item back. Raises as `answer`."""
    found = await review.get(reviews, identity)
    if found.kind != MAIL:
        return await review.undo(reviews, incidents, identity)
    await undo(cases, reviews, incidents, found.subject, who)
    return await review.get(reviews, identity)


async def _write(cases: Cases, name: str, decision: Decision, who: Who) -> Record:
    if decision is Decision.RESEND:
        return await resend.send(cases, await resend.look(cases, name), who)
    _, case = await resend.known(cases, name)
    record = case.record
    if record.state is ENDS.get(decision) and record.decisions and record.decisions[-1].verb == decision:
        return record  # the reply was lost
    resend.demand(policy.close(record, decision))
    if decision is Decision.IGNORE:
        return record
    words = f"{decision}, as {who.actor} decided: {who.reason}"
    return await resend.write(cases, _order(record, decision.value, ENDS[decision], words, who))


async def undo(cases: Cases, reviews: Reviews, incidents: Incidents, name: str, who: Who) -> Record:
    """Take a decision back. Raises `Refused` when it was carried out for good, `Bad` when there is none."""
    identity, now = f"{MAIL}/{name}", await incidents.now()
    undone(await review.get(reviews, identity), now)  # what is refused is refused before anything is written
    record = await cases.attempts.read(name)
    last = record.decisions[-1] if record.decisions else None
    if last and last.verb in (policy.DELIVERED, policy.DROP) and record.state in ENDS.values():
        record = await resend.write(cases, _order(record, "undo", last.state, f"{last.verb} was taken back", who))
    await review.write(reviews, identity, lambda one: undone(one, now))
    return record


def _order(record: Record, verb: str, state: State, words: str, who: Who) -> Order:
    return Order(
        id=uuid.uuid4().hex, lane=0, job="", message=record.id, version=record.version, verb=verb, by=who.actor,
        reason=who.reason, was=record.state, state=state, words=words, spent=record.spent,
    )  # fmt: skip
