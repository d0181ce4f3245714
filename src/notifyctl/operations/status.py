"""Status: is mail flowing? One look at lanes, workers, providers and what nobody can answer."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from notifyctl.domain.attempt import State
from notifyctl.domain.finding import Finding
from notifyctl.store import lanes
from notifyctl.store.attempts import Attempts
from notifyctl.store.health import eviction_policy, server_time
from notifyctl.store.lanes import Lane
from notifyctl.store.limits import ProviderLimits
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Beat, Workers

FRESH = 60_000  # ms: a call that ended within the last minute tells how things are now
HOLE = 10_000  # ms: calls that fail for so long without an accepted one between them mean that nothing gets out
TOLD_FOR = 24 * 3_600_000  # ms for which a refused kind of job is told after it came up last


class ProviderLook(NamedTuple):
    """One provider of the route: whether it has a key, calls so far by `kind.certainty`, end of its last closure in
    ms, and whether it is closed now."""

    name: str
    configured: bool
    calls: Mapping[str, int]
    closed_until: int
    closed: bool


class Status(NamedTuple):
    """Everything that `status` tells.

    `states` counts messages by terminal state and `met` findings by code, since the beginning; `last` says when each
    `provider|kind|certainty` of call and each finding came up last. Times are epoch ms, `now` the server's.
    """

    lanes: Sequence[Lane]
    beats: Sequence[Beat]
    providers: Sequence[ProviderLook]
    states: Mapping[str, int]
    in_flight: int
    eviction: str
    met: Mapping[str, int]
    last: Mapping[str, int]
    now: int

    @property
    def working(self) -> list[Beat]:
        """Workers that still claim, the longest-lived first."""
        return sorted((beat for beat in self.beats if not beat.draining), key=lambda beat: beat.started_at)

    @property
    def accepted_at(self) -> int:
        """When a provider took a mail last, 0 = never."""
        return self._latest(lambda kind: kind == "accepted")

    @property
    def failed_at(self) -> int:
        """When a call last brought no mail out and said nothing against the mail, 0 = never."""
        return self._latest(lambda kind: kind not in ("accepted", "rejected"))

    @property
    def flowing(self) -> bool:
        """True when somebody works and a provider took a mail within the last minute."""
        return bool(self.working) and self.now - self.accepted_at < FRESH and not self.stuck

    @property
    def stuck(self) -> bool:
        """True when there is something to do, calls failed within the last minute, and none was accepted meanwhile."""
        fresh = self.now - self.failed_at < FRESH
        return not self.idle and fresh and self.failed_at - self.accepted_at > HOLE

    def _latest(self, wanted: Callable[[str], bool]) -> int:
        kinds = ((name.split("|"), at) for name, at in self.last.items() if "|" in name)
        return max((at for (_, kind, _), at in kinds if wanted(kind)), default=0)

    @property
    def open(self) -> int:
        """Messages that are not done."""
        return sum(lane.open for lane in self.lanes)

    @property
    def ready(self) -> int:
        """Messages that could be taken now."""
        return sum(lane.ready for lane in self.lanes)

    @property
    def delayed(self) -> int:
        """Messages that wait for their time, such as the next try."""
        return sum(lane.delayed for lane in self.lanes)

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
    return Status(
        lanes=await lanes.look(queue.link, queue.names, queue.bases),
        beats=await workers.list(),
        providers=[await _provider(name, name in keyed, calls, limits) for name in order],
        states=states,
        in_flight=await attempts.in_flight(),
        eviction=await eviction_policy(queue.link),
        met=await attempts.findings(),
        last=await attempts.last(),
        now=await server_time(queue.link),
    )


def findings(status: Status) -> list[Finding]:
    """What is wrong, most urgent first."""
    found = []
    if status.open and not status.working:
        what = f"nobody works; to do: {status.open:,}"
        found.append(Finding("WRK-NONE", "critical", "workers", what, "start one: notifyctl worker"))
    if status.stuck:
        what = "no provider takes mail: calls failed within the last minute, and none was accepted"
        found.append(Finding("PRB-UNREACHABLE", "critical", "providers", what, "ask them: notifyctl probe"))
    if status.eviction != "noeviction":
        what = f"Redis may throw keys away ({status.eviction}), and with them jobs and locks; workers refuse to start"
        found.append(Finding("RDS-EVICTION", "critical", "redis", what, "set maxmemory-policy noeviction"))
    for lane in status.lanes:
        if lane.paused:
            what = f"somebody paused it in BullMQ; waiting: {lane.ready:,}"
            found.append(Finding("QUE-PAUSED", "warning", f"queue/{lane.queue}", what, "resume it where it was paused"))
    for code, count in status.met.items():
        if status.now - status.last.get(code, 0) < TOLD_FOR:
            what = f"jobs that cannot be served, {count:,} so far, the last one today"
            found.append(Finding(code, "warning", "queue", what, f"see why: notifyctl explain {code}"))
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
