"""What persons decide about messages that have ended: one script writes it, and gives the jobs back to their lanes."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from notifyctl.domain.attempt import Decision, State
from notifyctl.store.pipe import Argument
from notifyctl.store.queue import Queue


class Order(msgspec.Struct, frozen=True):
    """A decision to be written. `version` is the record's on which it rests; `lane` 0 leaves the job where it is.

    `deadline` in epoch ms, 0 = as it was; `allowed` is the number of ambiguous resends up to which the person takes the
    risk, 0 = none is ordered; `id` tells the decision from all others.
    """

    id: str
    lane: int
    job: str
    message: str
    version: int
    verb: str
    by: str
    reason: str
    was: State
    state: State
    words: str = ""
    spent: int = 0
    deadline: int = 0
    allowed: int = 0


class Ordered(msgspec.Struct, frozen=True):
    """The answer: `ok`, `stale` (the record moved on), `gone` (no such failed job), or `broken`, as the server says."""

    code: str
    version: int = 0
    trouble: str = ""


async def decide(queue: Queue, orders: Sequence[Order]) -> list[Ordered]:
    """Write the decisions. Raises `Unreachable`; the same call again is then safe."""
    rows = [_row(order) for order in orders]
    args: list[Argument] = [queue.scripts.now, msgspec.msgpack.encode(rows)]
    _, answers = await queue.scripts.run("decide", (queue.own, *queue.bases), args)
    return [_ordered(answer[0].decode(), *answer[1:]) for answer in answers]


def _row(order: Order) -> tuple[Argument, ...]:
    told = (order.id, order.verb, order.by, order.reason, order.was.value)
    return (
        *(order.lane, order.job, order.message, order.version, order.state.value, order.words, order.spent),
        *(str(order.deadline or ""), str(order.allowed or ""), order.by, order.id, msgspec.json.encode(told).decode()),
    )


def decided(fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a `Record` that persons wrote, from its texts; nearly always there are none."""
    if "decisions" not in fields:
        return {}
    numbers = {name: int(fields.get(name, 0)) for name in ("spent", "deadline", "allowed")}
    lines = fields["decisions"].split("\n")
    return {**numbers, "decisions": tuple(msgspec.json.decode(line, type=Decision) for line in lines)}


def _ordered(code: str, value: int | bytes = 0) -> Ordered:
    if isinstance(value, bytes):
        return Ordered(code, trouble=value.decode("utf-8", "replace"))
    return Ordered(code, value)
