"""The manual review: what a person must decide, and looking back at incidents that are over."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from notifyctl.domain.errors import Bad, OutcomeUnknown
from notifyctl.domain.incident import Incident
from notifyctl.domain.review import Decision, Item, decided, undone
from notifyctl.store.incidents import Incidents
from notifyctl.store.reviews import Reviews

TRIES = 8  # to write beside others
MOST = 200  # of the latest incidents among which those to look back at are sought


class Queue(NamedTuple):
    """What waits for a person: items without a decision, how many there are in all, those whose decision can still be
    taken back, and incidents to look back at. `now` is the server's time, epoch ms."""

    waiting: Sequence[Item]
    total: int
    decided: Sequence[Item]
    incidents: Sequence[Incident]
    now: int


async def look(reviews: Reviews, incidents: Incidents, most: int = 100) -> Queue:
    """The queue, the first due first; writes nothing. Raises `Unreachable`."""
    now = await incidents.now()
    over = [one for one in await incidents.latest(MOST) if one.resolved_at and not one.reviewed_at]
    open_again = [one for one in await reviews.decided(most) if not one.final(now)]
    told = [one for one in reversed(over) if one.severity != "info" and not one.merged]
    return Queue(await reviews.waiting(most), await reviews.count(), open_again, told, now)


async def decide(
    reviews: Reviews, incidents: Incidents, identity: str, decision: Decision, reason: str, by: str
) -> Item:
    """Decide on an item, or anew. Raises `Bad` for one that is not there, and as `review.decided`."""
    now = await incidents.now()
    return await write(reviews, identity, lambda one: decided(one, decision, reason, by, now))


async def undo(reviews: Reviews, incidents: Incidents, identity: str) -> Item:
    """Take a decision back. Raises as `decide`."""
    now = await incidents.now()
    return await write(reviews, identity, lambda one: undone(one, now))


async def write(reviews: Reviews, identity: str, step: Callable[[Item], Item]) -> Item:
    """Take a step with an item, beside others who write. Raises `Bad` for one that is not there, and as the step."""
    for _ in range(TRIES):
        new = step(await get(reviews, identity))
        if await reviews.save(new):
            return new
    raise OutcomeUnknown("INC-BUSY", "others write to this item all the time", identity, "look, then try again")


async def get(reviews: Reviews, identity: str) -> Item:
    """An item; raises `Bad` when there is none."""
    found = await reviews.get(identity)
    if found is None:
        fix = "see what waits: notifyctl incident review"
        raise Bad("REV-NOT-FOUND", f"nothing waits for review under {identity!r}", identity, fix)
    return found
