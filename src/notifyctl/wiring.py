"""The composition root: from settings to the parts that operations and workers use."""

import json
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.provider import Provider
from notifyctl.domain.revision import Bounds
from notifyctl.domain.secret import Secret
from notifyctl.engine.clock import ServerClock
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.journal import Journal
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.render import Renderer
from notifyctl.engine.tools import Tools
from notifyctl.engine.worker import Worker
from notifyctl.net.wire import Wire
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses
from notifyctl.settings import Settings
from notifyctl.store.attempts import Attempts
from notifyctl.store.connect import connect
from notifyctl.store.keys import own_base
from notifyctl.store.limits import ProviderLimits
from notifyctl.store.link import Link
from notifyctl.store.queue import Queue
from notifyctl.store.scripts import Scripts
from notifyctl.store.workers import Workers
from notifyctl.telemetry.logs import Log


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that lives in Redis, under one prefix."""

    link: Link
    queue: Queue
    attempts: Attempts
    workers: Workers
    limits: ProviderLimits


@asynccontextmanager
async def store(settings: Settings, *, start: bool, name: str = "notifyctl") -> AsyncIterator[Store]:
    """The store of these settings; `start` starts the embedded server when there is none."""
    link = Link(connect(settings.redis, start=start, name=name), settings.redis)
    try:
        yield build_store(settings, link)
    finally:
        await link.redis.aclose()


def build_store(settings: Settings, link: Link, now: Callable[[], int] | None = None) -> Store:
    """The parts over a connection; `now` (ms) replaces the server's clock, in tests only."""
    prefix = settings.redis.prefix
    own, scripts = own_base(prefix), Scripts(link, now)
    queue = Queue(link, scripts, prefix, settings.queues)
    attempts = Attempts(link, scripts, own, queue.bases, _keep(settings.revision.bounds))
    return Store(link, queue, attempts, Workers(link, own), ProviderLimits(link, scripts, own))


def providers(settings: Settings) -> Mapping[str, Provider]:
    """The providers that have a key, in the order of the route."""
    makers = {"resend": _resend, "postmark": _postmark, "ses": _ses}
    return {name: makers[name](settings) for name in settings.keyed}


@asynccontextmanager
async def worker(settings: Settings, name: str = "") -> AsyncIterator[Worker]:
    """One worker of this process; raises `Misconfigured` when it could not send anything."""
    host, pid = socket.gethostname(), os.getpid()
    token = f"nf.{host}.{pid}.{time.time_ns() // 1000:x}"
    found = providers(settings)
    _demand_route(settings, found)
    log = Log(token, settings.pepper())
    blocking = Link(connect(settings.redis, start=True, name=token, blocking=True), settings.redis)
    async with store(settings, start=True, name=token) as parts, Wire(settings.revision.pace) as wire:
        tools = _tools(settings, parts, wire, found, token, name or token, log)
        try:
            yield Worker(tools, blocking, host, pid)
        finally:
            await blocking.redis.aclose()
            log.flush()


def _tools(
    settings: Settings, parts: Store, wire: Wire, found: Mapping[str, Provider], token: str, name: str, log: Log
) -> Tools:
    return Tools(
        token=token,
        name=name,
        revision=settings.revision,
        providers=found,
        queue=parts.queue,
        attempts=parts.attempts,
        workers=parts.workers,
        limiter=Limiter(parts.limits),
        renderer=Renderer(settings.revision, settings.redis.prefix),
        wire=wire,
        journal=Journal(settings.home / "journal", token),
        log=log,
        clock=ServerClock(),
        failpoint=Failpoint(settings.failpoint or ""),
    )


def _demand_route(settings: Settings, found: Mapping[str, Provider]) -> None:
    if not found:
        raise Misconfigured(
            "CFG-NO-PROVIDER", "no provider of the route has a key", "RESEND_API_KEY, POSTMARK_API_KEY, AWS_SES_...",
            "set at least one; for a try, run `notifyctl emulator --env`",
        )  # fmt: skip
    for name in found:
        if settings.revision.sender_for(name) is None:
            raise Misconfigured(
                "CFG-SENDER", f"there is no sender for {name}", "NOTIFYCTL_FROM",
                'set NOTIFYCTL_FROM="The Venue <tickets@your-domain>"',
            )  # fmt: skip


def _keep(bounds: Bounds) -> str:
    """How many finished jobs BullMQ's sets keep, unless a job says otherwise."""
    return json.dumps(
        {
            "completed": {"count": bounds.completed_keep, "age": bounds.completed_age},
            "failed": {"count": bounds.failed_keep, "age": bounds.failed_age},
        }
    )


def _resend(settings: Settings) -> Provider:
    account = settings.resend
    return Resend(_reveal(account.key), **_base_url(account.url))


def _postmark(settings: Settings) -> Provider:
    account = settings.postmark
    streams = {"stream": account.stream, "broadcast_stream": account.broadcast_stream}
    return Postmark(_reveal(account.key), **_base_url(account.url), **streams)


def _ses(settings: Settings) -> Provider:
    account = settings.ses
    return Ses(
        access_key=_reveal(account.access_key),
        secret_key=_reveal(account.secret_key),
        region=account.region,
        configuration_set=account.configuration_set,
        **_base_url(account.url),
    )


def _reveal(key: Secret | None) -> str:
    return key.reveal() if key else ""


def _base_url(url: str | None) -> dict[str, str]:
    return {"base_url": url} if url else {}
