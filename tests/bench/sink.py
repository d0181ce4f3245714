"""A provider that costs next to nothing: takes any POST as Resend would, and counts. One process, two ports.

    python sink.py 0 40     prints [port, port] as JSON: each answers after so many milliseconds

GET /requests on any port answers `{"requests": n}` with the number of POSTs since it was asked last; any other GET,
such as an engine's question about its account, is not found. Ends with its stdin.

It shares the machine with those it serves, so it is as cheap as asyncio can be: everybody's bytes go into one buffer
that is never copied, and the answers of a port, due in the order of the calls, wait for one timer together.
"""

import asyncio
import json
import sys
from collections import deque
from typing import cast

_BUFFER = bytearray(256 * 1024)
_VIEW = memoryview(_BUFFER)
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Tally:
    """The number of calls, which all ports share."""

    def __init__(self) -> None:
        self.requests = 0

    def receipt(self) -> bytes:
        """Resend's answer, with an id that never came before."""
        self.requests += 1
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n"
            b'{"id":"%08x-0000-4000-8000-000000000000"}' % self.requests
        )

    def count(self) -> bytes:
        """The number of receipts, which begins anew."""
        body, self.requests = b'{"requests": %d}' % self.requests, 0
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Port:
    """Answers each call after the same time, in seconds."""

    def __init__(self, tally: Tally, delay: float) -> None:
        self.tally = tally
        self._delay = delay
        self._due: deque[tuple[float, asyncio.Transport]] = deque()

    def answer(self, transport: asyncio.Transport) -> None:
        """Answer one call, now or when its time has come."""
        if not self._delay:
            transport.write(self.tally.receipt())
            return
        loop = asyncio.get_running_loop()
        self._due.append((loop.time() + self._delay, transport))
        if len(self._due) == 1:
            loop.call_later(self._delay, self._answer_due)

    def _answer_due(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._due and self._due[0][0] <= now:
            self._due.popleft()[1].write(self.tally.receipt())
        if self._due:
            loop.call_at(self._due[0][0], self._answer_due)


class Connection(asyncio.BufferedProtocol):
    """One connection; bodies are counted and left where they are."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._stash = b""  # a head that has not ended yet
        self._left = 0  # bytes of the body under way

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _VIEW

    def buffer_updated(self, nbytes: int) -> None:
        if self._stash:
            data, self._stash = self._stash + _BUFFER[:nbytes], b""
            self._take(data, len(data))
        else:
            self._take(_BUFFER, nbytes)

    def _take(self, data: bytes | bytearray, end: int) -> None:
        at = 0
        while at < end:
            if not self._left:
                at = self._begin(data, at, end)
            taken = min(self._left, end - at)
            at, self._left = at + taken, self._left - taken
            if taken and not self._left:
                self._port.answer(self._transport)

    def _begin(self, data: bytes | bytearray, at: int, end: int) -> int:
        """Read a head; returns where it ends."""
        body = data.find(b"\r\n\r\n", at, end) + 4
        if body < 4:
            self._stash = bytes(data[at:end])
            return end
        if data.startswith(b"GET", at):
            asked = data.startswith(b"GET /requests", at)
            self._transport.write(self._port.tally.count() if asked else _NOT_FOUND)
            return body
        length = data.find(b"ength: ", at, body) + 7  # of Content-Length, however it is written
        self._left = int(data[length : data.find(b"\r", length, body)])
        return body


async def main(delays: list[float]) -> None:
    """Serve until stdin ends."""
    loop, tally, ended = asyncio.get_running_loop(), Tally(), asyncio.Event()
    loop.add_reader(sys.stdin, ended.set)
    ports = [Port(tally, delay / 1000) for delay in delays]
    servers = [
        await loop.create_server(lambda port=port: Connection(port), "127.0.0.1", 0, backlog=1024) for port in ports
    ]
    sys.stdout.write(json.dumps([server.sockets[0].getsockname()[1] for server in servers]) + "\n")
    sys.stdout.flush()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main([float(delay) for delay in sys.argv[1:]]))
