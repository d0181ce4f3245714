"""Which Redis is this, is it still the one that we knew, and when may a worker claim from one that is not?

Policy:

1. A server is known by its run id, which is new at each start, and its replication id, which is new whenever it
   begins a history of its own: at a start, and at its promotion. When either differs, writes that were acknowledged
   may be gone: those of the last second or two after a crash with `appendfsync everysec`, and after a failover those
   that had not reached the replica.
   A server that does not tell who it is cannot be seen to change.
2. A primary without replicas takes a new replication id after an hour, and keeps no second one: that is no change.
3. A server that is no primary takes no writes, so nothing is claimed there.
4. After a change each worker first asserts again what it knows to be under way or lately done, and says so. Nobody
   claims before everybody has: what one worker's lost intent covered would be sent by another. Who lives is told by
   heartbeats, which may be lost, too; so a worker that knew the server before waits until everyone alive had time to
   beat again, and until all of them have checked.
5. A worker that has just started knows nothing that could be lost. It waits in the same way, but only while workers
   that were here before have not checked.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

_NONE = "0" * 40  # Redis has no second replication id


class Change(StrEnum):
    """What became of a server."""

    RESTARTED = "restarted"
    FAILED_OVER = "failed over to another server"
    DEMOTED = "was demoted"
    PROMOTED = "was demoted and promoted again"


@dataclass(frozen=True, slots=True)
class Identity:
    """A server as it tells of itself: `run` is its run id, `history` its replication id, `before` the one it had as a
    replica. A server that does not tell, since the user may not ask, has an empty `run`."""

    run: str = ""
    role: str = "master"
    history: str = ""
    before: str = ""

    @property
    def primary(self) -> bool:
        """True when it takes writes."""
        return self.role == "master"

    @property
    def name(self) -> str:
        """The name under which workers agree that they have checked."""
        return f"{self.run}.{self.history}"

    @property
    def brief(self) -> str:
        """As much of the name as a person needs to tell it from others."""
        return f"{self.run[:12]}.{self.history[:12]}"

    @classmethod
    def named(cls, name: str) -> "Identity":
        """The primary of that name."""
        run, _, history = name.partition(".")
        return cls(run=run, history=history)


def change(known: Identity, met: Identity) -> Change | None:
    """What became of the server that was known; None when nothing that could have lost a write."""
    if not met.primary:
        return Change.DEMOTED
    if known.name == met.name or not (known.run and met.run):
        return None
    if known.run != met.run:
        return Change.FAILED_OVER if met.before == known.history else Change.RESTARTED
    return None if met.before in ("", _NONE) else Change.PROMOTED


def may_claim(unchecked: Set[str], living: Set[str], knew: bool, waited: float, ttl: float) -> bool:
    """Whether a worker that has checked may go on; rules 4 and 5.

    `unchecked` are workers who were here before and have not checked this server, `living` those with a heartbeat on
    it; `knew` says that this worker worked before the change, `waited` for how many seconds it has reached the server,
    `ttl` how long a heartbeat lasts.
    """
    if not knew and not unchecked:
        return True
    return waited >= ttl and not unchecked & living
