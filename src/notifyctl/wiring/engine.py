"""The parts of one worker process."""

import os
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from notifyctl.domain.provider import Provider
from notifyctl.engine.board import KnownBoard
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.journal import Journal
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.reassert import Aside
from notifyctl.engine.render import Renderer
from notifyctl.engine.retention import RetentionDuty
from notifyctl.engine.tools import Tools
from notifyctl.engine.worker import Worker
from notifyctl.net.wire import Wire
from notifyctl.settings import Settings
from notifyctl.store.connect import Greeting, connect
from notifyctl.store.identity import Watch
from notifyctl.store.link import Link
from notifyctl.store.presence import Presence
from notifyctl.telemetry.logs import Log
from notifyctl.wiring.accounts import demand_route, providers
from notifyctl.wiring.keeping import retention
from notifyctl.wiring.keys import Following, pinned
from notifyctl.wiring.parts import Store, build_store, store
from notifyctl.wiring.telling import incident_duty


@asynccontextmanager
async def worker(settings: Settings, name: str = "", plain: bool = False) -> AsyncIterator[Worker]:
    """One worker of this process, whose log is `plain` for a person; raises `Misconfigured` when it could not send
    anything."""
    host, pid = socket.gethostname(), os.getpid()
    token = f"nf.{host}.{pid}.{time.time_ns() // 1000:x}"
    found = dict(providers(settings))
    demand_route(settings, found)
    log = Log(token, settings.pepper(), plain=plain)
    watch = Watch()
    async with (
        store(settings, start=True, name=token, watch=watch) as parts,
        _aside(settings, watch, token) as aside,
        _link(settings, token, watch.greet_checked, watch) as blocking,
        Wire(settings.revision.pace) as wire,
    ):
        for link in (parts.link, blocking, aside.attempts.link):
            watch.guard(link.redis)
        tools = _tools(settings, parts, wire, Following(settings, found, log), found, token, name or token, log)
        try:
            yield Worker(tools, blocking, aside, host, pid)
        finally:
            if tools.incidents:
                await tools.incidents.close()
            await tools.presence.close()
            log.flush()


@asynccontextmanager
async def _aside(settings: Settings, watch: Watch, token: str) -> AsyncIterator[Aside]:
    """The way past the watch, for what must be told to a server before it is used."""
    async with _link(settings, token, watch.greet) as eye, _link(settings, token, watch.greet_checking) as link:
        parts = build_store(settings, link)
        yield Aside(watch, eye, parts.attempts, parts.workers, parts.findings)


@asynccontextmanager
async def _link(settings: Settings, name: str, greet: Greeting, watch: Watch | None = None) -> AsyncIterator[Link]:
    link = Link(connect(settings.redis, start=True, name=name, greet=greet), settings.redis, watch)
    try:
        yield link
    finally:
        await link.redis.aclose()


def _tools(
    settings: Settings,
    parts: Store,
    wire: Wire,
    following: Following,
    found: Mapping[str, Provider],
    token: str,
    name: str,
    log: Log,
) -> Tools:
    clock, failpoint = ServerClock(), Failpoint(settings.failpoint or "")
    return Tools(
        token=token,
        name=name,
        revision=settings.revision,
        providers=found,
        queue=parts.queue,
        attempts=parts.attempts,
        workers=parts.workers,
        census=parts.census,
        findings=parts.findings,
        presence=Presence(settings.redis, settings.queues, token),
        limiter=Limiter(parts.limits),
        renderer=Renderer(settings.revision, parts.attempts.own, found),
        wire=wire,
        journal=Journal(settings.journals, token, settings.redis.realm),
        log=log,
        clock=clock,
        clocks=ProviderClocks(clock),
        failpoint=failpoint,
        board=KnownBoard(parts.boards, parts.attempts, settings.revision, name, clock, log),
        incidents=incident_duty(settings, parts, token, log, failpoint),
        retention=RetentionDuty(
            retention(settings, parts, failpoint),
            parts.retired,
            settings.revision.bounds.archive_after * 1000,
            name,
            log,
        ),
        keys=following.fingerprints,
        pinned=pinned(settings),
        follow=following.follow,
    )
