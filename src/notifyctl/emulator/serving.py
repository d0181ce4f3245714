"""Four ports of 127.0.0.1 in one process: control, Resend, Postmark, SES."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from notifyctl.emulator import settings
from notifyctl.emulator.connection import Connection, Crowd
from notifyctl.emulator.control import Control
from notifyctl.emulator.faults import Faults
from notifyctl.emulator.mailbox import Mailbox
from notifyctl.emulator.postmark import Postmark
from notifyctl.emulator.provider import Provider
from notifyctl.emulator.resend import Resend
from notifyctl.emulator.ses import Ses
from notifyctl.emulator.site import ProviderSite, Site
from notifyctl.emulator.state import State

HOST = "127.0.0.1"
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Options:
    """How the emulator is started.

    `port_base`: control; the providers follow on the next three ports; 0 takes any free ports.
    `store`: file of JSON lines to which copies are appended. `rate_...`: calls per second, None for no limit.
    `seed` repeats what faults with a probability do.
    """

    port_base: int = 4600
    store: Path | None = None
    keep_bodies: bool = False
    rate_resend: int | None = None
    rate_postmark: int | None = None
    rate_ses: int | None = None
    seed: int = 0

    def state(self) -> State:
        """A fresh state with these options."""
        return State(
            mailbox=Mailbox(self.store, self.keep_bodies),
            faults=Faults(self.seed),
            settings=settings.Settings(
                resend=settings.Resend(rate=self.rate_resend),
                postmark=settings.Postmark(rate=self.rate_postmark),
                ses=settings.Ses(rate=self.rate_ses),
            ),
        )


@dataclass(frozen=True, slots=True)
class Urls:
    """Where a running emulator listens."""

    control: str
    resend: str
    postmark: str
    ses: str

    def json(self) -> str:
        """One line of JSON."""
        return msgspec.json.encode(self).decode()

    def exports(self) -> str:
        """Lines for a shell: addresses and keys under the names that the engine reads."""
        values = {
            "NOTIFYCTL_RESEND_URL": self.resend,
            "NOTIFYCTL_POSTMARK_URL": self.postmark,
            "NOTIFYCTL_SES_URL": self.ses,
            "RESEND_API_KEY": settings.RESEND_KEY,
            "POSTMARK_API_KEY": settings.POSTMARK_KEY,
            "AWS_SES_ACCESS_KEY": settings.SES_ACCESS_KEY,
            "AWS_SES_SECRET_KEY": settings.SES_SECRET_KEY,
        }
        lines = [f"export {name}={value}" for name, value in values.items()]
        return "\n".join([f"# control and mailbox: {self.control}", *lines])


class Door:
    """The listening socket of one site. While it refuses, the port stays reserved."""

    def __init__(self, site: Site, port: int) -> None:
        self._site = site
        self._crowd = Crowd()
        self._server: asyncio.Server | None = None
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]

    async def open(self) -> None:
        """Start to listen."""
        self._crowd.leaving = False
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._site, self._crowd), sock=self._socket, backlog=BACKLOG
        )

    def refuse(self) -> None:
        """Refuse connections; idle ones are closed, answers under way are still given."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._socket = _bound(self.port)
            self._crowd.send_home()

    def restore(self) -> None:
        """Listen again."""
        if self._server is None:
            self._socket.listen(BACKLOG)
            self._crowd.start(self.open())

    async def close(self) -> None:
        """Drop every connection and every answer under way."""
        if self._server is not None:
            self._server.close()
        self._socket.close()
        await asyncio.gather(*self._crowd.abort(), return_exceptions=True)


class Emulator:
    """All doors together; `start`, then `stop`."""

    def __init__(self, options: Options) -> None:
        self.state = options.state()
        self._options = options
        self._doors: dict[str, Door] = {}

    async def start(self) -> Urls:
        """Listen on all ports. Raises OSError when one is taken."""
        providers: tuple[Provider, ...] = (Resend(self.state), Postmark(self.state), Ses(self.state))
        sites: dict[str, Site] = {"control": Control(self.state, self)}
        sites |= {provider.name: ProviderSite(provider, self.state) for provider in providers}
        base = self._options.port_base
        for offset, (name, site) in enumerate(sites.items()):
            self._doors[name] = Door(site, base + offset if base else 0)
        for door in self._doors.values():
            await door.open()
        return Urls(**{name: f"http://{HOST}:{door.port}" for name, door in self._doors.items()})

    async def stop(self) -> None:
        """Close everything, the mailbox's file too."""
        for door in self._doors.values():
            await door.close()
        await asyncio.sleep(0)  # lets the dropped connections say goodbye before the loop ends
        self.state.mailbox.close()

    def refuse(self, name: str) -> None:
        """Refuse connections to a provider. Raises KeyError for another name."""
        self._provider(name).refuse()

    def restore(self, name: str) -> None:
        """Let a provider listen again. Raises KeyError for another name."""
        self._provider(name).restore()

    def _provider(self, name: str) -> Door:
        if name == "control":
            raise KeyError(name)
        return self._doors[name]


def announce_json(urls: Urls) -> None:
    """Tell on stdout, in one line of JSON, that all ports listen."""
    sys.stdout.write(urls.json() + "\n")
    sys.stdout.flush()


def announce_exports(urls: Urls) -> None:
    """Tell on stdout, as lines for a shell, that all ports listen."""
    sys.stdout.write(urls.exports() + "\n")
    sys.stdout.flush()


async def serve(options: Options, announce: Callable[[Urls], None] = announce_json) -> None:
    """Run until SIGTERM or SIGINT; `announce` is called once all ports listen. Raises OSError when one is taken."""
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    emulator = Emulator(options)
    try:
        announce(await emulator.start())
        await done.wait()
    finally:
        await emulator.stop()


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((HOST, port))
    except OSError:
        sock.close()
        raise
    return sock
