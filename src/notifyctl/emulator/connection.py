"""One client: its requests are read, answered one after another, and faults are let loose on it."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import cast

from notifyctl.emulator.delivery import Client, deliver
from notifyctl.emulator.faults import Fault
from notifyctl.emulator.site import Site
from notifyctl.emulator.wire import Malformed, Reader, Reply, Request


class Crowd:
    """The connections of one port and the answers that are on their way."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.leaving = False

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` beside the connections; it is cancelled when the port is closed for good."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def send_home(self) -> None:
        """Close what is idle now and the rest after its answer."""
        self.leaving = True
        for connection in list(self.connections):
            connection.leave()

    def abort(self) -> list[asyncio.Task[None]]:
        """Drop everything; the tasks still to be waited for."""
        for connection in list(self.connections):
            connection.client.transport.abort()
        for task in self.tasks:
            task.cancel()
        return list(self.tasks)


class Connection(asyncio.Protocol):
    """The protocol of one connection."""

    client: Client

    def __init__(self, site: Site, crowd: Crowd) -> None:
        self._site = site
        self._crowd = crowd
        self._reader = Reader()
        self._begun = False
        self._busy = False
        self._cut: Fault | None = None
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self.client = Client(cast(asyncio.Transport, transport))
        self._crowd.connections.add(self)
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left, or was dropped."""
        self._crowd.connections.discard(self)
        self.client.gone.set()
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        self._wake()
        self._reader.feed(data)
        self._advance()

    def leave(self) -> None:
        """Close unless an answer is under way; it closes after that."""
        if not self._busy:
            self.client.transport.close()

    def _advance(self) -> None:
        try:
            while not self._busy and not self.client.transport.is_closing() and (head := self._reader.head()):
                if not self._read(head):
                    return
        except Malformed as malformed:
            self.client.write(Reply.text(malformed.status, str(malformed)).render(keep_alive=False))
            self.client.transport.close()

    def _read(self, head: Request) -> bool:
        if not self._begun:
            self._begun = True
            self._cut = self._site.begin(head)
            if self._cut is None and head.headers.get("expect", "").lower() == "100-continue":
                self.client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._cut is not None and self._reader.received >= self._cut.after_bytes:
            self.client.reset()
            return False
        body = self._reader.body()
        if body is None:
            return False
        self._begun = False
        if self._cut is not None:
            self.client.reset()
            return False
        self._serve(replace(head, body=body))
        return True

    def _serve(self, request: Request) -> None:
        reply, fault = self._site.handle(request)
        keep_alive = request.keep_alive and not self._crowd.leaving
        if fault is None:
            self.client.write(reply.render(keep_alive))
            self._after(keep_alive)
            return
        self._busy = True
        self._crowd.start(self._serve_late(request, reply, fault))

    async def _serve_late(self, request: Request, reply: Reply, fault: Fault) -> None:
        self._site.hold(request)
        try:
            await asyncio.sleep(fault.delay_s)
        finally:
            self._site.release(request)
        keep_alive = request.keep_alive and not self._crowd.leaving
        await deliver(self.client, reply, fault, keep_alive)
        self._busy = False
        self._after(keep_alive)
        self._advance()

    def _after(self, keep_alive: bool) -> None:
        if keep_alive:
            self._rest()
        else:
            self.client.transport.close()

    def _rest(self) -> None:
        seconds = self._site.close_idle_s
        if seconds is not None and not self.client.transport.is_closing():
            self._idle = asyncio.get_running_loop().call_later(seconds, self.client.transport.close)

    def _wake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
