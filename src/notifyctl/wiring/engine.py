"""The parts of one worker process."""

import os
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from notifyctl.domain.provider import Provider
from notifyctl.engine.clock import ServerClock
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.journal import Journal
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.render import Renderer
from notifyctl.engine.tools import Tools
from notifyctl.engine.worker import Worker
from notifyctl.net.wire import Wire
from notifyctl.settings import Settings
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.presence import Presence
from notifyctl.telemetry.logs import Log
from notifyctl.wiring.accounts import demand_route, providers
from notifyctl.wiring.parts import Store, store


@asynccontextmanager
async def worker(settings: Settings, name: str = "") -> AsyncIterator[Worker]:
    """One worker of this process; raises `Misconfigured` when it could not send anything."""
    host, pid = socket.gethostname(), os.getpid()
    token = f"nf.{host}.{pid}.{time.time_ns() // 1000:x}"
    found = providers(settings)
    demand_route(settings, found)
    log = Log(token, settings.pepper())
    blocking = Link(connect(settings.redis, start=True, name=token), settings.redis)
    async with store(settings, start=True, name=token) as parts, Wire(settings.revision.pace) as wire:
        tools = _tools(settings, parts, wire, found, token, name or token, log)
        try:
            yield Worker(tools, blocking, host, pid)
        finally:
            await tools.presence.close()
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
        presence=Presence(settings.redis, settings.queues, token),
        limiter=Limiter(parts.limits),
        renderer=Renderer(settings.revision, parts.attempts.own, found),
        wire=wire,
        journal=Journal(settings.home / "journal", token, f"{settings.redis.prefix} at {settings.redis.place}"),
        log=log,
        clock=ServerClock(),
        failpoint=Failpoint(settings.failpoint or ""),
    )
