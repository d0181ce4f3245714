"""One message that a person sends again, or decides to leave: looked at, written with compare-and-set, read back."""

from typing import NamedTuple

from notifyctl.domain import decide as policy
from notifyctl.domain.attempt import Record
from notifyctl.domain.decide import Case, Verdict
from notifyctl.domain.errors import Bad, Refused
from notifyctl.operations.cases import Cases, Who, chance
from notifyctl.store.decisions import Order, decide
from notifyctl.store.failed import Place


class Look(NamedTuple):
    """A message, the place of its job, and what may be done."""

    place: Place | None
    case: Case
    verdict: Verdict


async def look(cases: Cases, name: str) -> Look:
    """What a resend of the message would be. Raises `Bad` when nothing is known of it, `Unreachable`."""
    place, case = await known(cases, name)
    return Look(place, case, policy.resend(case))


async def known(cases: Cases, name: str) -> tuple[Place | None, Case]:
    """The message and the place of its job; raises `Bad` when there is neither."""
    ((place, case),) = await cases.of_messages([name])
    if not place and not case.record.version:
        raise Bad("MSG-NOT-FOUND", f"nothing is known of {name!r}", "", "check the id, NOTIFYCTL_QUEUES and the prefix")
    return place, case


def demand(verdict: Verdict) -> None:
    """Raise `Refused` with what stands against it."""
    if not verdict.verb:
        raise Refused(verdict.code, f"{verdict.reason}; nothing was changed", "", verdict.fix)


async def send(cases: Cases, found: Look, who: Who) -> Record:
    """Give the message back as it was looked at; the record as it is then. Raises `Refused` when it moved on."""
    demand(found.verdict)
    assert found.place  # a message without a job is refused
    return await write(cases, chance(found.place, found.case, found.verdict.verb, who))


async def write(cases: Cases, order: Order) -> Record:
    """Write one decision and read the record back. Raises `Refused` when the record is not as it was looked at."""
    (answer,) = await decide(cases.queue, [order])
    if answer.code != "ok":
        what = answer.trouble or "the message, or its job, moved on since it was looked at"
        raise Refused("RTY-MOVED", f"{what}; nothing was changed", order.message, "look again, and decide again")
    return await cases.attempts.read(order.message)
