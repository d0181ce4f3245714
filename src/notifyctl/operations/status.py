"""Status: is mail flowing? One look at lanes, workers, providers and what nobody can answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from notifyctl.domain import overrides
from notifyctl.domain.attempt import State
from notifyctl.domain.breaker import Breaker
from notifyctl.domain.counted import TOLD_FOR, counted
from notifyctl.domain.course import Course, Detour, carriers, course, detours
from notifyctl.domain.finding import SEVERITIES, Finding
from notifyctl.domain.incident import Incident
from notifyctl.domain.quota import Watched
from notifyctl.domain.transition import Entry
from notifyctl.store import lanes
from notifyctl.store.attempts import Attempts
from notifyctl.store.board import Boards
from notifyctl.store.health import eviction_policy
from notifyctl.store.incidents import Incidents
from notifyctl.store.lanes import Lane
from notifyctl.store.limits import LimitLook, ProviderLimits
from notifyctl.store.queue import Queue
from notifyctl.store.workers import Beat, Workers, claiming

FRESH = 60_000  # ms: a call that ended within the last minute tells how things are now
HOLE = 10_000  # ms: calls that fail for so long without an accepted one between them mean that nothing gets out


class ProviderLook(NamedTuple):
    """One provider of the route: whether it has a key, calls so far by `kind.certainty`, until when it asked us to wait
    (epoch ms), whether that lasts, its quotas, its breaker, and why it gets no mail."""

    name: str
    configured: bool
    calls: Mapping[str, int]
    closed_until: int
    closed: bool
    quotas: Sequence[Watched] = ()
    breaker: Breaker = Breaker()
    detour: Detour | None = None


class Status(NamedTuple):
    """Everything that `status` tells.

    `states` counts messages by terminal state and `met` findings by code, since the beginning; `last` says when each
    `provider|kind|certainty` of call and each finding came up last. `course` says where the mail goes, `entries` are
    the last transitions, newest first, `incidents` those that are open, oldest first. Times are epoch ms, `now` the
    server's.
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
    course: Course
    entries: Sequence[Entry] = ()
    incidents: Sequence[Incident] = ()

    @property
    def working(self) -> list[Beat]:
        """Workers that still claim, the longest-lived first."""
        return sorted(claiming(self.beats), key=lambda beat: beat.started_at)

    @property
    def since(self) -> int:
        """Since when the mail goes where it goes, 0 = nobody works: the last that happened of a worker's start, a
        provider that went out or came back, and a pin."""
        if not self.working:
            return 0
        pins = (entry.at for entry in self.entries if entry.after and entry.after.pin == self.course.route.pin)
        carrying = [look.breaker.closed_at for look in self.providers if look.name == self.course.carrier]
        pinned = next(pins, 0) if self.course.route.pin else 0
        return max(self.working[0].started_at, pinned, *carrying, *(out.since for out in self.out))

    @property
    def out(self) -> list[Detour]:
        """Why providers that come before the one that gets the mail get none."""
        return [look.detour for look in self.providers if look.detour and look.name in self.course.passed]

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


class Places(NamedTuple):
    """Where to look."""

    queue: Queue
    attempts: Attempts
    workers: Workers
    limits: ProviderLimits
    boards: Boards
    incidents: Incidents


async def look(places: Places, order: tuple[str, ...], keyed: tuple[str, ...]) -> Status:
    """Look once; `order` is the route, `keyed` the providers with a key here. Nothing is written."""
    link, beats = places.queue.link, await places.workers.list()
    keyed = carriers(order, keyed, (beat.keys for beat in claiming(beats)))
    (board, now), entries = await places.boards.look(), await places.boards.history()
    states, calls = await places.attempts.totals()
    out = {one.provider: one for one in detours(board, order, entries)}
    providers = [_provider(name, name in keyed, calls, await places.limits.look(name), now) for name in order]
    return Status(
        lanes=await lanes.look(link, places.queue.names, places.queue.bases),
        beats=beats,
        providers=[look._replace(breaker=board.breaker(look.name), detour=out.get(look.name)) for look in providers],
        states=states,
        in_flight=await places.attempts.in_flight(),
        eviction=await eviction_policy(link),
        met=await places.attempts.findings(),
        last=await places.attempts.last(),
        now=now,
        course=course(board, keyed or order, now),
        entries=entries,
        incidents=await places.incidents.open(),
    )


def findings(status: Status) -> list[Finding]:
    """What is wrong, most urgent first; what is only worth knowing is left to `doctor`."""
    found = [*_now(status), *(one for one in lately(status) if one.severity != "info")]
    if any(lane.mixed for lane in status.lanes):
        found = [one for one in found if one.code != "QUE-PAUSE-MIXED" or one.subject != "queue"]
    return sorted(found, key=lambda one: SEVERITIES.index(one.severity))


def lately(status: Status) -> list[Finding]:
    """Findings that were counted where they came up, and came up within the last day."""
    found = []
    for code, count in status.met.items():
        if status.now - status.last.get(code, 0) < TOLD_FOR:
            severity, what, hint = counted(code)
            subject = {"WRK": "workers", "RDS": "redis", "MSG": "messages"}.get(code[:3], "queue")
            found.append(Finding(code, severity, subject, f"{what}: {count:,} so far", hint))
    return found


def _now(status: Status) -> list[Finding]:
    """What is wrong at the moment."""
    found = [*_flow(status), *overrides.findings(status.course, status.now)]
    found += [overrides.out(look.detour) for look in status.providers if look.detour and look.detour.rule != "T9"]
    if status.eviction not in ("noeviction", ""):
        what = f"Redis may throw keys away ({status.eviction}), and with them jobs and locks; workers refuse to start"
        found.append(Finding("RDS-EVICTION", "critical", "redis", what, "set maxmemory-policy noeviction"))
    found += [finding for lane in status.lanes for finding in _lane(lane)]
    found += _quotas(status)
    if status.unknown:
        what = f"may or may not be out: {status.unknown:,}"
        found.append(Finding("MSG-UNKNOWN", "warning", "messages", what, "decide each: notifyctl queue unknown"))
    return found


def _flow(status: Status) -> Iterator[Finding]:
    """What keeps mail from going out."""
    if status.open and not status.working:
        what = f"nobody works; to do: {status.open:,}"
        yield Finding("WRK-NONE", "critical", "workers", what, "start one: notifyctl worker")
    if status.course.carrier is None and status.course.wanted:
        yield Finding(
            "RTE-NOBODY", "critical", "route", "no provider gets the mail: all are out, and it is held",
            "see: notifyctl provider list --probe",
        )  # fmt: skip
    elif status.stuck:
        what = "no provider takes mail: calls failed within the last minute, and none was accepted"
        yield Finding("PRB-UNREACHABLE", "critical", "providers", what, "ask them: notifyctl probe")


def _lane(lane: Lane) -> Iterator[Finding]:
    if lane.mixed:
        what = f"paused with jobs in both lists: a resume by BullMQ 5 loses {lane.waiting - lane.parked:,}"
        hint = counted("QUE-PAUSE-MIXED").hint
        yield Finding("QUE-PAUSE-MIXED", "critical", f"queue/{lane.queue}", what, hint)
    if lane.paused:
        what = f"somebody paused it in BullMQ; waiting: {lane.ready:,}"
        yield Finding("QUE-PAUSED", "warning", f"queue/{lane.queue}", what, "resume it where it was paused")


def _quotas(status: Status) -> list[Finding]:
    watched = ((look.name, one) for look in status.providers for one in look.quotas)
    return [_ending(name, one) for name, one in watched if one.telling(status.now)]


def _ending(provider: str, watched: Watched) -> Finding:
    """A quota that is used up, or will be at the present speed, or of which only the part that bulk leaves is left."""
    quota, end = watched.quota, watched.ends_at
    words = [f"{quota.used:,} of {quota.limit:,} mails of the {quota.name} quota are sent"]
    if end and quota.left:
        words.append(f"at the present speed it is used up at {datetime.fromtimestamp(end / 1000, UTC):%Y-%m-%d %H:%M}Z")
    if watched.kept:
        words.append("bulk waits, since the rest is kept for the others")
    severity = "warning" if quota.left else "critical"
    hint = "raise the plan, or send less through it"
    return Finding("LIM-QUOTA", severity, f"provider/{provider}", "; ".join(words), hint)


def _provider(name: str, configured: bool, calls: Mapping[str, int], told: LimitLook, now: int) -> ProviderLook:
    closed = told.closed_until > now
    return ProviderLook(name, configured, _calls(calls, name), told.closed_until, closed, told.quotas)


def _calls(calls: Mapping[str, int], provider: str) -> dict[str, int]:
    """Calls of one provider by `kind.certainty`."""
    split = ((name.split("|"), count) for name, count in calls.items())
    return {".".join(parts[1:]): count for parts, count in split if parts[0] == provider}
