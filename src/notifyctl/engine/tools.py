"""What the steps of the story share: one value, built by wiring."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifyctl.domain.provider import Provider
from notifyctl.domain.revision import Revision
from notifyctl.engine.clock import ServerClock
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.journal import Journal
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.render import Renderer
from notifyctl.net.wire import Wire
from notifyctl.store.attempts import Attempts
from notifyctl.store.presence import Presence
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Workers
from notifyctl.telemetry.logs import Log


@dataclass(frozen=True, slots=True)
class Tools:
    """The parts of one worker process. `token` is the worker's identity and the value of its job locks."""

    token: str
    name: str
    revision: Revision
    providers: Mapping[str, Provider]
    queue: Queue
    attempts: Attempts
    workers: Workers
    presence: Presence
    limiter: Limiter
    renderer: Renderer
    wire: Wire
    journal: Journal
    log: Log
    clock: ServerClock
    failpoint: Failpoint
