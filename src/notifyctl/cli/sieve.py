"""The options that say which failed jobs are meant."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.domain.errors import Usage

if TYPE_CHECKING:
    from notifyctl.operations.failed import Filter
    from notifyctl.store.queue import Queue


class FailedState(StrEnum):
    """What a failed job may be; other = failed by somebody else than a worker of ours."""

    DEAD = "dead"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    OTHER = "other"


Lane = Annotated[
    list[str] | None,
    typer.Option("--lane", metavar="QUEUE", help="Only of this queue; repeatable.", show_default=False),
]
States = Annotated[
    list[FailedState] | None,
    typer.Option("--state", metavar="STATE", help="Only dead, rejected, expired, unknown or other; repeatable."),
]
Contains = Annotated[
    str | None,
    typer.Option("--reason-contains", metavar="TEXT", help="Only with this in the reason.", show_default=False),
]
Type = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="Only messages of this type.", show_default=False)
]


def wanted(
    queue: "Queue",
    lanes: Sequence[str] | None,
    states: Sequence[str] | None,
    contains: str | None,
    since: int | None,
    kind: str | None,
) -> "Filter":
    """The filter that the options make. Raises `Usage` for a queue that is none of ours."""
    from notifyctl.operations.failed import Filter, lane_numbers

    strange = [name for name in lanes or () if name not in queue.names]
    if strange:
        what = f"{strange[0]!r} is none of the queues"
        raise Usage("CLI-USAGE", what, "--lane", f"use one of {', '.join(queue.names)}")
    return Filter(lane_numbers(queue, lanes or ()), states or (), contains or "", since or 0, kind or "")
