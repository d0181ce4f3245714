"""What moves ended messages to the archive: for the worker's duty, and for the command."""

import socket

from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.retention import Retention
from notifyctl.settings import Settings
from notifyctl.wiring.parts import Store


def retention(settings: Settings, store: Store, failpoint: Failpoint) -> Retention:
    """The way of this host's disk."""
    types, host = settings.revision.types, socket.gethostname()
    return Retention(store.retired, settings.evidence, types, host, store.boards, failpoint)
