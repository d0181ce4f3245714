"""The registry of checks: one decorated function each, in the order in which they are asked."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from notifyctl.checks.readers import Readers
from notifyctl.domain.check import Check, Seen

Look = Callable[[Readers], Awaitable[Seen]]


class Registered(NamedTuple):
    """A check and the function that looks."""

    check: Check
    look: Look


REGISTRY: dict[str, Registered] = {}


def check(
    identity: str, title: str, *, expected: str, profile: str = "deploy", needs: tuple[str, ...] = ()
) -> Callable[[Look], Look]:
    """Register a function as a check; it may raise any of our errors, which then is why nothing was seen."""

    def register(look: Look) -> Look:
        REGISTRY[identity] = Registered(Check(identity, title, expected, profile, needs), look)
        return look

    return register
