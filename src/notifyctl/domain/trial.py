"""A drill with real messages to the sink addresses of the providers: what came of it, and whether it still counts."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

FRESH, STALE = 24 * 3_600_000, 7 * 24 * 3_600_000  # ms: as of today, and not worth anything any more
ENOUGH = 20  # calls, below which no mean is said
SLOW, SLOWING = 500.0, 400.0  # ms of the mean


class Trial(NamedTuple):
    """One provider: the domain of our sender there, the kind of the last outcome, its code, and ms of each call."""

    provider: str
    domain: str
    kind: str
    code: str
    ms: tuple[float, ...]

    @property
    def accepted(self) -> bool:
        """Whether every message was taken."""
        return self.kind == "accepted"


class Run(NamedTuple):
    """A drill, `at` epoch ms, by a version of notifyctl with a set-up."""

    at: int
    by: str
    version: str
    setup: str
    trials: tuple[Trial, ...]


def setup(senders: Mapping[str, str], urls: Mapping[str, str]) -> str:
    """A fingerprint of what a drill proves: who sends from where through what; 16 hex digits."""
    told = sorted([*senders.items(), *urls.items()])
    return sha256(repr(told).encode()).hexdigest()[:16]
