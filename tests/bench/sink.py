"""A provider that costs next to nothing: takes any POST as Resend would, and counts. One process, two ports.

    python sink.py 0 40     prints [port, port] as JSON: each answers after so many milliseconds

A GET on any port answers `{"requests": n}` with the number of POSTs since the last GET. Ends with its stdin.
"""

import asyncio
import contextlib
import json
import re
import sys

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Sink:
    """What the connections share."""

    def __init__(self) -> None:
        self.requests = 0

    def receipt(self) -> bytes:
        """Resend's answer, with an id that never came before."""
        self.requests += 1
        body = b'{"id":"%08x-0000-4000-8000-000000000000"}' % self.requests
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def count(self) -> bytes:
        """The number of receipts, which begins anew."""
        body, self.requests = b'{"requests": %d}' % self.requests, 0
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Connection(asyncio.Protocol):
    """One connection; bodies are counted and thrown away."""

    def __init__(self, sink: Sink, delay: float) -> None:
        self._sink = sink
        self._delay = delay
        self._head = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        while data:
            if self._left:
                self._left, data = max(self._left - len(data), 0), data[self._left :]
                if not self._left:
                    self._answer()
            else:
                data = self._begin(self._head + data)

    def _begin(self, data: bytes) -> bytes:
        """Read a head; returns what follows it."""
        head, mark, rest = data.partition(b"\r\n\r\n")
        self._head = b"" if mark else data
        if not mark:
            return b""
        if head.startswith(b"GET"):
            self._transport.write(self._sink.count())
        elif length := _LENGTH.search(head):
            self._left = int(length[1])
        return rest

    def _answer(self) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, self._sink.receipt())
        else:
            self._transport.write(self._sink.receipt())


async def main(delays: list[float]) -> None:
    """Serve until stdin ends."""
    loop, sink, ended = asyncio.get_running_loop(), Sink(), asyncio.Event()
    loop.add_reader(sys.stdin, ended.set)
    servers = [
        await loop.create_server(lambda delay=delay: Connection(sink, delay / 1000), "127.0.0.1", 0, backlog=1024)
        for delay in delays
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await ended.wait()


if __name__ == "__main__":
    factory = None
    with contextlib.suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main([float(delay) for delay in sys.argv[1:]]))
