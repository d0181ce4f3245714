"""What the steps of the story share: one value, built by wiring."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from notifyctl.domain.provider import Provider
from notifyctl.domain.revision import Revision
from notifyctl.engine.board import KnownBoard
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.incidents import IncidentDuty
from notifyctl.engine.journal import Journal
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.memory import Memory
from notifyctl.engine.render import Renderer
from notifyctl.engine.retention import RetentionDuty
from notifyctl.net.wire import Wire
from notifyctl.store.attempts import Attempts
from notifyctl.store.census import Census
from notifyctl.store.findings import Findings
from notifyctl.store.presence import Presence
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Workers
from notifyctl.telemetry.logs import Log

LEASE = 3  # intervals of a duty after which its lease is free for another worker


@dataclass(frozen=True, slots=True)
class Tools:
    """The parts of one worker process. `token` is the worker's identity and the value of its job locks.

    `follow` takes up keys that have changed: it replaces values of `providers` and of `keys`, which are fingerprints.
    `pinned` are the variables of keys that come from the environment, so that they never change.
    """

    token: str
    name: str
    revision: Revision
    providers: Mapping[str, Provider]
    queue: Queue
    attempts: Attempts
    workers: Workers
    census: Census
    findings: Findings
    presence: Presence
    limiter: Limiter
    renderer: Renderer
    wire: Wire
    journal: Journal
    log: Log
    clock: ServerClock
    clocks: ProviderClocks
    failpoint: Failpoint
    board: KnownBoard
    memory: Memory = field(default_factory=Memory)
    incidents: IncidentDuty | None = None
    retention: RetentionDuty | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)
    follow: Callable[[], None] = lambda: None

    async def lease(self, duty: str, interval: float) -> int:
        """Take or keep the lease of a duty that is done every so many seconds; 0 while another worker holds it."""
        return await self.workers.lease(duty, self.token, LEASE * interval)
