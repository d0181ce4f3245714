"""Status: is mail flowing? One look at lanes, workers, providers and what nobody can answer."""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain.attempt import State
from notifyctl.domain.finding import Finding
from notifyctl.store import lanes
from notifyctl.store.attempts import Attempts
from notifyctl.store.health import eviction_policy
from notifyctl.store.lanes import Lane
from notifyctl.store.limits import ProviderLimits
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Beat, Workers


class ProviderLook(NamedTuple):
    """One provider of the route: whether it has a key, calls so far by `kind.certainty`, end of its last closure in
    ms, and whether it is closed now."""

    name: str
    configured: bool
    calls: Mapping[str, int]
    closed_until: int
    closed: bool


class Status(NamedTuple):
    """Everything that `status` tells; `states` counts messages by terminal state since the beginning."""

    lanes: Sequence[Lane]
    beats: Sequence[Beat]
    providers: Sequence[ProviderLook]
    states: Mapping[str, int]
    in_flight: int
    eviction: str

    @property
    def working(self) -> list[Beat]:
        """Workers that still claim, the longest-lived first."""
        return sorted((beat for beat in self.beats if not beat.draining), key=lambda beat: beat.started_at)

    @property
    def open(self) -> int:
        """Messages that are not done."""
        return sum(lane.open for lane in self.lanes)

    @property
    def ready(self) -> int:
        """Messages that could be taken now."""
        return sum(lane.ready for lane in self.lanes)

    @property
    def oldest(self) -> int:
        """When the one that has waited longest was enqueued, epoch ms, 0 = nothing waits."""
        return min((lane.oldest for lane in self.lanes if lane.oldest), default=0)

    @property
    def unknown(self) -> int:
        """Messages of which nobody knows whether a copy is out."""
        return self.states.get(State.UNKNOWN, 0)

    @property
    def idle(self) -> bool:
        """True when nothing is left to do."""
        return not self.open and not self.in_flight


async def look(
    queue: Queue,
    attempts: Attempts,
    workers: Workers,
    limits: ProviderLimits,
    order: Sequence[str],
    keyed: Sequence[str],
) -> Status:
    """Look once; `order` is the route, `keyed` the providers with a key. One connection, nothing is written."""
    states, calls = await attempts.totals()
    providers = [await _provider(name, name in keyed, calls, limits) for name in order]
    return Status(
        lanes=await lanes.look(queue.link, queue.names, queue.bases),
        beats=await workers.list(),
        providers=providers,
        states=states,
        in_flight=await attempts.in_flight(),
        eviction=await eviction_policy(queue.link),
    )


def findings(status: Status) -> list[Finding]:
    """What is wrong, most urgent first."""
    found = []
    if status.open and not status.working:
        what = f"nobody works; to do: {status.open:,}"
        found.append(Finding("WRK-NONE", "critical", "workers", what, "start one: notifyctl worker"))
    if status.eviction != "noeviction":
        what = f"Redis may throw keys away ({status.eviction}), and with them jobs and locks; workers refuse to start"
        found.append(Finding("RDS-EVICTION", "critical", "redis", what, "set maxmemory-policy noeviction"))
    for lane in status.lanes:
        if lane.paused:
            what = f"somebody paused it in BullMQ; waiting: {lane.ready:,}"
            found.append(Finding("QUE-PAUSED", "warning", f"queue/{lane.queue}", what, "resume it where it was paused"))
    if status.unknown:
        what = f"may or may not be out: {status.unknown:,}"
        found.append(Finding("MSG-UNKNOWN", "warning", "messages", what, "decide each: notifyctl queue unknown"))
    return found


async def _provider(name: str, configured: bool, calls: Mapping[str, int], limits: ProviderLimits) -> ProviderLook:
    until = await limits.closed_until(name)
    return ProviderLook(name, configured, _calls(calls, name), until, until > time.time() * 1000)


def _calls(calls: Mapping[str, int], provider: str) -> dict[str, int]:
    """Calls of one provider by `kind.certainty`."""
    split = ((name.split("|"), count) for name, count in calls.items())
    return {".".join(parts[1:]): count for parts, count in split if parts[0] == provider}
