"""The reason of a change: what was given, else the one incident that is open, else what a person answers.

A reason that is taken from an incident is said on stderr. Where that cannot be looked up, nothing was given: what is
missing is refused before anything else goes wrong.
"""

from typing import TYPE_CHECKING

from notifyctl.cli import ask
from notifyctl.cli.screen import Screen
from notifyctl.domain.errors import NotifyctlError

if TYPE_CHECKING:
    from notifyctl.wiring import Store


def reason(screen: Screen, given: str | None) -> str:
    """The reason, 1 to 500 characters; raises `Refused` where there is none and nobody can be asked."""
    return ask.reason(screen, given or by_incident(screen))


def by_incident(screen: Screen) -> str | None:
    """The incident that is open, when it is exactly one; None without one, and where Redis does not answer."""
    from notifyctl.cli.running import with_store

    try:
        return with_store(lambda store: of_incident(screen, store))
    except NotifyctlError:
        return None


async def of_incident(screen: Screen, store: "Store") -> str | None:
    """The same over a connection that is there."""
    from notifyctl.operations.incident import default_reason

    found = await default_reason(store.incidents, None)
    if found:
        screen.talk(f"reason: {found}")
    return found
