"""What a decision about one message depends on beside its record, and when a provider has room for it.

A provider rests for a message after it failed it: by 5 s, 30 s, 2 min, 5 min and 15 min after the first to the fifth
definite fault, and by 300 s after it refused our sender or account. A full provider (rate limit, Retry-After) is
waited for according to the priority: critical 2 s, standard 60 s, bulk for ever. One that the board has shut (breaker,
closed sender, hold) is not waited for.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from notifyctl.domain.attempt import Record
from notifyctl.domain.outcome import Kind
from notifyctl.domain.pace import Pace
from notifyctl.domain.provider import Evidence
from notifyctl.domain.revision import Bounds, MessageType, Priority


class Situation(NamedTuple):
    """What a decision depends on beside the record. Times are epoch milliseconds of the Redis server.

    `route` lists the providers that can carry the message, best first; `evidence` how each one's truth is
    learnt; `full` until when a provider takes no further call (rate limit, Retry-After); `body` is the
    SHA-256 of the job data at hand, `job` the key of that job; `cannot` says why when the route is empty; `shut`
    until when the board lets nothing of this message go to a provider.
    """

    now: int
    enqueued_at: int
    deadline: int
    type: MessageType
    route: tuple[str, ...]
    evidence: Mapping[str, Evidence]
    body: str
    pace: Pace
    bounds: Bounds
    full: Mapping[str, int] = MappingProxyType({})
    cannot: str = ""
    job: str = ""
    shut: Mapping[str, int] = MappingProxyType({})


def exhausted(record: Record, provider: str, bounds: Bounds) -> bool:
    """True when the provider failed this message as often as it may."""
    return record.faults(provider) >= bounds.attempts_per_provider


def ready_at(record: Record, provider: str, situation: Situation) -> int:
    """The time from which this message may go to the provider: its own rest, the provider's room, and the board."""
    shut = situation.shut.get(provider, 0)
    return max(rest_until(record, provider, situation), situation.full.get(provider, 0), shut)


def rest_until(record: Record, provider: str, situation: Situation) -> int:
    """Until when a provider rests for this message after its last definite refusal there."""
    last = record.latest(provider)
    if last is None or last.outcome is None:
        return 0
    pace = situation.pace
    if last.outcome.kind is Kind.FAULT:
        step = min(max(record.setbacks(provider), 1), len(pace.retry)) - 1
        return last.result_at + int(pace.retry[step] * 1000)
    if last.outcome.kind in (Kind.ACCOUNT, Kind.SENDER):
        return last.result_at + int(pace.sender_rest * 1000)
    return 0


def patient(record: Record, provider: str, situation: Situation) -> bool:
    """True when the message rather waits for a full provider than goes to the next; never while that one rests."""
    wait = situation.full.get(provider, 0) - situation.now
    patience = {
        Priority.CRITICAL: situation.bounds.critical_patience,
        Priority.STANDARD: situation.bounds.standard_patience,
        Priority.BULK: float("inf"),
    }[situation.type.priority]
    rests = max(rest_until(record, provider, situation), situation.shut.get(provider, 0)) > situation.now
    return 0 < wait <= patience * 1000 and not rests


def again_at(until: int, situation: Situation) -> int:
    """When to look again at providers that are shut until then: a person or a probe may open them before that."""
    pace = situation.pace
    return max(min(until, situation.now + int(pace.probe_lease * 1000)), situation.now + int(pace.prober * 1000))
