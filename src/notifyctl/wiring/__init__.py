"""The composition root: from settings to the parts that operations and workers use.

A command that only looks needs what lives in Redis and no more. So the engine and the providers are imported when
they are asked for: together they cost more than everything else.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from notifyctl.domain.provider import Provider
from notifyctl.settings import Settings
from notifyctl.wiring.parts import Store, build_store, store

if TYPE_CHECKING:
    from datetime import date

    from notifyctl.checks import Readers as CheckReaders
    from notifyctl.domain.waiver import Waiver
    from notifyctl.engine.retention import Retention
    from notifyctl.engine.sight import Readers
    from notifyctl.engine.telling import Notifier
    from notifyctl.engine.worker import Worker
    from notifyctl.operations.audit import Desk


def providers(settings: Settings) -> Mapping[str, Provider]:
    """The providers that have a key, in the order of the route."""
    from notifyctl.wiring import accounts

    return accounts.providers(settings)


def notifiers(settings: Settings) -> "list[Notifier]":
    """The ways to tell people of incidents that are configured."""
    from notifyctl.wiring import telling

    return telling.notifiers(settings)


def readers(store: Store) -> "Readers":
    """What incidents are seen from."""
    from notifyctl.wiring import watching

    return watching.readers(store)


def retention(settings: Settings, store: Store) -> "Retention":
    """What moves ended messages to the archive on this host's disk."""
    from notifyctl.engine.failpoint import Failpoint
    from notifyctl.wiring import keeping

    return keeping.retention(settings, store, Failpoint(settings.failpoint or ""))


def checked(today: "date", waivers: "list[Waiver]") -> "AbstractAsyncContextManager[CheckReaders]":
    """What checks look at."""
    from notifyctl.wiring import checking

    return checking.checked(today, waivers)


def here(today: "date") -> "CheckReaders":
    """What checks look at that need no server."""
    from notifyctl.wiring import checking

    return checking.here(today, [])[0]


def setup(settings: Settings) -> str:
    """The fingerprint of what a drill with these settings proves."""
    from notifyctl.wiring import checking

    return checking.setup(settings)


def worker(settings: Settings, name: str = "", plain: bool = False) -> "AbstractAsyncContextManager[Worker]":
    """One worker of this process, whose log is `plain` for a person; raises `Misconfigured` when it could not send
    anything."""
    from notifyctl.wiring import engine

    return engine.worker(settings, name, plain)


def desk(settings: Settings, store: Store, by: str, excused: "list[Waiver]") -> "Desk":
    """What audits work with; raises `Misconfigured` where there is no key to sign with."""
    from notifyctl.wiring import auditing

    return auditing.desk(settings, store, by, excused)


__all__ = [
    "Store",
    "build_store",
    "checked",
    "desk",
    "here",
    "notifiers",
    "providers",
    "readers",
    "retention",
    "setup",
    "store",
    "worker",
]
