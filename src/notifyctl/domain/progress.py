"""How long work tells how far it is, without knowing who listens.

An operation takes a `Listener` and calls it as often as it likes; the command line draws a bar or
prints a line now and then, a test appends to a list, and `silent` is the default.
"""

from collections.abc import Callable
from typing import NamedTuple


class Step(NamedTuple):
    """`done` of `total` units of `what` are through; `total` None = unknown. `note` is one short remark."""

    what: str
    done: int
    total: int | None = None
    note: str = ""


Listener = Callable[[Step], None]


def silent(step: Step) -> None:
    """The listener of those who do not want to know."""
