"""The parts that live in Redis: what every command needs, and all that one which only looks needs."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from notifyctl.domain.revision import Bounds, Revision
from notifyctl.settings import Settings
from notifyctl.store.attempts import Attempts, Counting
from notifyctl.store.board import Boards
from notifyctl.store.census import Census
from notifyctl.store.connect import connect
from notifyctl.store.findings import Findings
from notifyctl.store.identity import Watch
from notifyctl.store.incidents import Incidents
from notifyctl.store.keys import own_base
from notifyctl.store.limits import ProviderLimits
from notifyctl.store.link import Link
from notifyctl.store.metrics import Metrics
from notifyctl.store.queue import Queue
from notifyctl.store.retired import Retired
from notifyctl.store.reviews import Reviews
from notifyctl.store.scripts import Scripts
from notifyctl.store.workers import Workers


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that lives in Redis, under one prefix."""

    link: Link
    queue: Queue
    attempts: Attempts
    workers: Workers
    limits: ProviderLimits
    census: Census
    findings: Findings
    boards: Boards
    metrics: Metrics
    incidents: Incidents
    reviews: Reviews
    retired: Retired


@asynccontextmanager
async def store(
    settings: Settings, *, start: bool, name: str = "notifyctl", watch: Watch | None = None
) -> AsyncIterator[Store]:
    """The store of these settings; `start` starts the embedded server when there is none."""
    redis = connect(settings.redis, start=start, name=name, greet=watch.greet_checked if watch else None)
    link = Link(redis, settings.redis, watch)
    try:
        yield build_store(settings, link)
    finally:
        await link.redis.aclose()


def build_store(settings: Settings, link: Link, now: Callable[[], int] | None = None) -> Store:
    """The parts over a connection; `now` (ms) replaces the server's clock, in tests only."""
    prefix = settings.redis.prefix
    own, scripts = own_base(prefix), Scripts(link, now)
    queue = Queue(link, scripts, prefix, settings.queues)
    attempts = Attempts(link, scripts, own, queue.bases, _keep(settings.revision.bounds), _counting(settings.revision))
    return Store(
        link, queue, attempts, Workers(link, scripts, own), ProviderLimits(link, scripts, own),
        Census(link, scripts, own), Findings(link, scripts, own),
        Boards(link, scripts, own), Metrics(link, scripts, own),
        Incidents(link, scripts, own), Reviews(link, scripts, own),
        Retired(queue),
    )  # fmt: skip


def _counting(revision: Revision) -> Counting:
    told = revision.thresholds
    return Counting(told.faults, told.messages, int(revision.pace.sender_rest * 1000))


def _keep(bounds: Bounds) -> str:
    """How many finished jobs BullMQ's sets keep, unless a job says otherwise."""
    return json.dumps(
        {
            "completed": {"count": bounds.completed_keep, "age": bounds.completed_age},
            "failed": {"count": bounds.failed_keep, "age": bounds.failed_age},
        }
    )
