"""One provider as it is served: requests are counted, faults strike, then the provider answers."""

from dataclasses import dataclass
from typing import Protocol

from notifyctl.emulator import routing
from notifyctl.emulator.faults import Fault
from notifyctl.emulator.provider import Provider
from notifyctl.emulator.state import State
from notifyctl.emulator.wire import Reply, Request


class Site(Protocol):
    """What a connection serves."""

    def begin(self, head: Request) -> Fault | None:
        """A head was read: the fault that strikes while its body arrives, if any."""

    def handle(self, request: Request) -> tuple[Reply, Fault | None]:
        """The answer to a whole request, and the fault that decides how it is delivered."""

    def hold(self, request: Request) -> None:
        """The answer to this request will be late."""

    def release(self, request: Request) -> None:
        """It has been given."""

    @property
    def close_idle_s(self) -> float | None:
        """Seconds after which an idle connection is closed."""


@dataclass(frozen=True, slots=True)
class ProviderSite:
    """A provider with its faults and counts."""

    provider: Provider
    state: State

    @property
    def close_idle_s(self) -> float | None:
        """Seconds after which an idle connection is closed."""
        return self.state.settings.common(self.provider.name).close_idle_s

    def begin(self, head: Request) -> Fault | None:
        """Count the request; a fault that cuts it short is returned."""
        found = routing.find(self.provider.routes, head)
        endpoint = found.pattern if found else f"{head.method} {head.path}"
        self.state.tally.begun(self.provider.name, endpoint, head.headers.get("idempotency-key", ""))
        return self.state.faults.early(self.provider.name, head)

    def handle(self, request: Request) -> tuple[Reply, Fault | None]:
        """Answer as the provider does unless a fault says otherwise."""
        mails = self.provider.mails(request)
        self.state.tally.read(self.provider.name, [mail.ref for mail in mails])
        fault = self.state.faults.late(self.provider.name, request, mails)
        if fault is None:
            return self.provider.answer(request), None
        own = self.provider.answer(request) if fault.accepts else self.provider.failure(500)
        return (fault.reply(self.provider.failure(fault.status or 500)) if fault.scripted else own), fault

    def hold(self, request: Request) -> None:
        """The answer to this request will be late."""
        self.provider.hold(request)

    def release(self, request: Request) -> None:
        """It has been given."""
        self.provider.release(request)
