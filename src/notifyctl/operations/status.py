"""Status: is mail flowing? One look at lanes, workers, providers and what nobody can answer."""

import asyncio
import time
from collections import Counter
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

SAMPLE_S = 1.0  # how long calls are counted to see whether mail flows
PATIENCE = 3  # samples after which no accepted mail among failing calls means that nothing gets out


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

    `states` counts messages by terminal state since the beginning; `lately` counts the outcomes that came
    during the look by `kind.certainty`, and is empty when there was nothing to do.
    """

    lanes: Sequence[Lane]
    beats: Sequence[Beat]
    providers: Sequence[ProviderLook]
    states: Mapping[str, int]
    in_flight: int
    eviction: str
    lately: Mapping[str, int]

    @property
    def working(self) -> list[Beat]:
        """Workers that still claim, the longest-lived first."""
        return sorted((beat for beat in self.beats if not beat.draining), key=lambda beat: beat.started_at)

    @property
    def accepted(self) -> int:
        """Mails that a provider took during the look."""
        return self.lately.get("accepted.definite", 0)

    @property
    def failed(self) -> int:
        """Calls during the look that brought no mail out and say nothing against the mail."""
        return sum(count for name, count in self.lately.items() if name.split(".")[0] not in ("accepted", "rejected"))

    @property
    def stuck(self) -> bool:
        """True when workers called during the look, and no provider took anything."""
        return self.failed > 0 and not self.accepted

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
    """Look once; `order` is the route, `keyed` the providers with a key. One connection, nothing is written.

    While workers have something to do it takes a second, or three when calls only fail: one count cannot show a flow.
    """
    states, calls = await attempts.totals()
    status = Status(
        lanes=await lanes.look(queue.link, queue.names, queue.bases),
        beats=await workers.list(),
        providers=[await _provider(name, name in keyed, calls, limits) for name in order],
        states=states,
        in_flight=await attempts.in_flight(),
        eviction=await eviction_policy(queue.link),
        lately={},
    )
    return status if status.idle or not status.working else await _sampled(status, attempts, calls)


async def _sampled(status: Status, attempts: Attempts, before: Mapping[str, int]) -> Status:
    """The status with what was told since; one that seems stuck is looked at up to PATIENCE times."""
    for _ in range(PATIENCE):
        await asyncio.sleep(SAMPLE_S)
        status = status._replace(lately=_since(before, (await attempts.totals())[1]))
        if not status.stuck:
            break
    return status


def _since(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Outcomes of all providers by `kind.certainty` that came between two looks."""
    lately: Counter[str] = Counter()
    for name, count in after.items():
        lately[".".join(name.split("|")[1:])] += count - before.get(name, 0)
    return {kind: count for kind, count in lately.items() if count}


def findings(status: Status) -> list[Finding]:
    """What is wrong, most urgent first."""
    found = []
    if status.open and not status.working:
        what = f"nobody works; to do: {status.open:,}"
        found.append(Finding("WRK-NONE", "critical", "workers", what, "start one: notifyctl worker"))
    if status.stuck:
        what = f"no provider takes mail: {status.failed:,} calls failed just now, none was accepted"
        found.append(Finding("PRB-UNREACHABLE", "critical", "providers", what, "ask them: notifyctl probe"))
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
