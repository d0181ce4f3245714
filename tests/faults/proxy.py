"""A TCP proxy on 127.0.0.1 that spoils what passes through it, in a thread of its own; its toxics change while it runs.

Streams are `up` (toward the server) and `down` (from it). The toxics, which act together when there are several:

    latency      each piece arrives `seconds` later
    bandwidth    at most `amount` bytes a second
    slow_close   the end of the stream arrives `seconds` later
    timeout      nothing arrives; after `seconds` the connection is reset (0: never, and what was held goes on later)
    reset_peer   the connection is reset `seconds` after it was opened, or after the toxic came
    slicer       pieces of `amount` bytes with `seconds` between them
    limit_data   the connection is reset when `amount` bytes have passed since the toxic came

Given a context it speaks TLS to its clients; a second proxy in front of it can then break handshakes.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

PIECE = 65536
PATIENCE = 10  # seconds until a proxy that does not start or stop is given up
Kind = Literal["latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data"]
Stream = Literal["up", "down"]


@dataclass(frozen=True)
class Toxic:
    """One thing that goes wrong on the way; the module tells what `seconds` and `amount` mean for each kind."""

    kind: Kind
    stream: Stream = "up"
    seconds: float = 0
    amount: int = 0


@dataclass(eq=False)
class Link:
    """One client's connection and the one to the server that belongs to it."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    passed: dict[Stream, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    opening: bytes = b""

    def reset(self) -> None:
        """Drop both, with RST; what is still held is thrown away."""
        for writer in (self.near, self.far):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Proxy:
    """Listens on `port` and leads to `target`, a port of 127.0.0.1. `openings` are the first bytes of each client."""

    def __init__(self, target: int, context: ssl.SSLContext | None = None) -> None:
        self._target = target
        self._toxics: tuple[Toxic, ...] = ()
        self._links: set[Link] = set()
        self._known: list[Link] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def connections(self) -> int:
        """How many there have been."""
        return len(self._known)

    @property
    def openings(self) -> list[bytes]:
        """The first bytes that each connection brought; none of those that brought nothing."""
        return [link.opening for link in self._known if link.opening]

    def set(self, *toxics: Toxic) -> None:
        """Have these toxics and no others, for open connections and new ones."""
        self._do(self._set(toxics))

    def cut(self) -> None:
        """Reset every open connection, once."""
        self._do(self._cut())

    @contextmanager
    def poisoned(self, *toxics: Toxic) -> Iterator[None]:
        """Have these toxics, too, for the time of the block."""
        self.set(*self._toxics, *toxics)
        try:
            yield
        finally:
            self.set(*(toxic for toxic in self._toxics if toxic not in toxics))

    def close(self) -> None:
        """Drop everything and end the thread."""
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _do(self, work: "Coroutine[Any, Any, Any]") -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _set(self, toxics: tuple[Toxic, ...]) -> None:
        self._toxics = toxics
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        for link in self._links:
            link.passed.update(up=0, down=0)
            self._doom(link)

    async def _cut(self) -> None:
        for link in list(self._links):
            link.reset()

    async def _stop(self) -> None:
        self._server.close()
        await self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next turn

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            Link(writer, writer).reset()
        else:
            await self._carry(Link(writer, far), reader, far_reader)

    async def _carry(self, link: Link, reader: asyncio.StreamReader, far_reader: asyncio.StreamReader) -> None:
        self._links.add(link)
        self._known.append(link)
        self._doom(link)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(link, "up", reader, link.far))
                group.create_task(self._pass(link, "down", far_reader, link.near))
        except* (OSError, EOFError):
            link.reset()
        finally:
            self._links.discard(link)
            for writer in (link.near, link.far):
                writer.close()

    def _doom(self, link: Link) -> None:
        """Reset the link when a toxic wants it and is still there at its time."""
        for toxic in self._toxics:
            if toxic.kind == "reset_peer" or (toxic.kind == "timeout" and toxic.seconds):
                self._loop.call_later(toxic.seconds, self._execute, link, toxic)

    def _execute(self, link: Link, toxic: Toxic) -> None:
        if toxic in self._toxics and link in self._links:
            link.reset()

    async def _pass(self, link: Link, stream: Stream, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry one direction; reading goes on while pieces are held, so that a reset is seen and drops them."""
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver(link, stream, held, sink))
            while data := await source.read(PIECE):
                if stream == "up" and not link.opening:
                    link.opening = data[:16]
                await held.put((self._loop.time(), data))
            await held.put((self._loop.time(), b""))

    async def _deliver(
        self, link: Link, stream: Stream, held: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        while True:
            came, data = await held.get()
            await self._stand(stream)
            await self._until(came + sum(toxic.seconds for toxic in self._of("latency", stream)))
            if not data:
                break
            for piece in self._pieces(stream, data):
                await self._put(link, stream, piece, sink)
        await asyncio.sleep(sum(toxic.seconds for toxic in self._of("slow_close", stream)))
        with contextlib.suppress(NotImplementedError, RuntimeError):  # TLS has no half-closed connections
            sink.write_eof()

    async def _put(self, link: Link, stream: Stream, piece: bytes, sink: asyncio.StreamWriter) -> None:
        room = min((toxic.amount - link.passed[stream] for toxic in self._of("limit_data", stream)), default=len(piece))
        await asyncio.sleep(sum(len(piece) / toxic.amount for toxic in self._of("bandwidth", stream)))
        await asyncio.sleep(sum(toxic.seconds for toxic in self._of("slicer", stream)))
        sink.write(piece[: max(room, 0)])
        await sink.drain()
        link.passed[stream] += len(piece)
        if room < len(piece):
            await asyncio.sleep(0)
            link.reset()
            raise ConnectionResetError

    async def _stand(self, stream: Stream) -> None:
        while self._of("timeout", stream):
            await self._changed.wait()

    async def _until(self, moment: float) -> None:
        if (rest := moment - self._loop.time()) > 0:
            await asyncio.sleep(rest)

    def _pieces(self, stream: Stream, data: bytes) -> Iterator[bytes]:
        """The data in pieces small enough for every slicer, and for a bandwidth to be felt twenty times a second."""
        sizes = [toxic.amount for toxic in self._of("slicer", stream)]
        sizes += [max(toxic.amount // 20, 1) for toxic in self._of("bandwidth", stream)]
        size = min(sizes, default=PIECE)
        return (data[start : start + size] for start in range(0, len(data), size))

    def _of(self, kind: Kind, stream: Stream) -> list[Toxic]:
        return [toxic for toxic in self._toxics if toxic.kind == kind and toxic.stream == stream]


@contextmanager
def proxied(target: int, context: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """A proxy for the time of the block."""
    proxy = Proxy(target, context)
    try:
        yield proxy
    finally:
        proxy.close()
