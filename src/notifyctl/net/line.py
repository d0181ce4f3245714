"""One connection to a provider, and the knowledge whether everything written to it has left this process.

A transport with the lowest write limit pauses its protocol exactly while bytes are still in its buffer. So
a line that is lost, or given up, while it is paused did not carry its request whole. Under TLS the
buffer that counts is the one of the TCP transport below, which `Watch` observes.

An answer is only an answer when something was asked: bytes on an idle line end it.
"""

import asyncio
import select
import socket
import struct
from typing import Any, cast

from aiohttp import ClientPayloadError
from aiohttp.client_proto import ResponseHandler

from notifyctl.domain.outcome import Response
from notifyctl.net.answer import at_once

_HANGUP = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR | select.POLLNVAL
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Watch(asyncio.BufferedProtocol):
    """Stands between a TCP transport and its TLS layer and notes while ciphertext is unsent."""

    def __init__(self, inner: asyncio.BufferedProtocol) -> None:
        self._inner = inner
        self.paused = False

    def get_buffer(self, sizehint: int) -> Any:
        return self._inner.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        self._inner.buffer_updated(nbytes)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self.paused = True
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self.paused = False
        self._inner.resume_writing()


class Line(ResponseHandler):
    """aiohttp's client protocol, with what the sending client must know about the connection.

    `owner` is the call whose request was written last; `asked` tells that its answer is not complete. `first` gets the
    answer when it comes in one piece, else None: then `read()` has it, or the reason why there is none.
    """

    first: "asyncio.Future[Response | None]"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.owner: object = None
        self.asked = False
        self._watch: Watch | None = None
        self._trunk: asyncio.Transport | None = None
        self._poll = select.poll()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._trunk = cast(asyncio.Transport, transport)
        # A TCP transport pauses above its limit, asyncio's TLS layer from its limit on: both mean "not empty".
        self._trunk.set_write_buffer_limits(high=1 if transport.get_extra_info("sslcontext") else 0, low=0)
        self._poll.register(self._socket().fileno(), select.POLLIN | _HANGUP)

    def watch(self, trunk: asyncio.Transport) -> None:
        """Tell the line of a TLS connection which TCP transport, once a line of its own, carries it."""
        self._watch = Watch(cast(asyncio.BufferedProtocol, trunk.get_protocol()))
        self._trunk = trunk
        trunk.set_protocol(self._watch)

    @property
    def unsent(self) -> bool:
        """True while bytes that were written have not all been taken by the system."""
        return self.writing_paused or (self._watch is not None and self._watch.paused)

    @property
    def should_close(self) -> bool:
        return self.unsent or super().should_close

    def alive(self) -> bool:
        """Whether both directions are open as far as this process has noticed."""
        return self.is_connected() and self._trunk is not None and not self._trunk.is_closing()

    def ready(self) -> bool:
        """Whether a request may be written: asks the system, not the loop, which may not have looked yet.

        A new TLS line may hold session tickets; on any other line waiting bytes, or the end of the
        stream, mean that the peer has given it up.
        """
        if not self.alive():
            return False
        events = self._poll.poll(0)
        if not events:
            return True
        return self.owner is None and self._watch is not None and not events[0][1] & _HANGUP

    def put(self, content: bytes) -> None:
        """Write a request to a line that is ready."""
        self.asked, self.first = True, self._loop.create_future()
        cast(asyncio.Transport, self.transport).write(content)

    def data_received(self, data: bytes) -> None:
        if self.asked and not self.first.done():
            answer = at_once(data)
            if answer is None:
                self.set_response_params(read_until_eof=True, auto_decompress=False)
            self.first.set_result(answer)
            if answer is not None:
                return
        asked = self.asked
        super().data_received(data)
        # A second message in the bytes that ended the answer is as little asked for as one on an idle line.
        if data and not self.asked and (not asked or self._buffer):
            self.abandon()

    def connection_lost(self, exc: BaseException | None) -> None:
        # aiohttp takes the loss of the connection for the end of a body without length; a reset is no end.
        if exc is not None and self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(ClientPayloadError("reset before the end of the answer"))
        super().connection_lost(exc)
        if self.asked and not self.first.done():
            self.first.set_result(None)

    def close(self) -> None:
        if self.unsent:
            self.abandon()
        super().close()
        if self._trunk is not None:  # a TLS layer would wait for the peer's goodbye
            self._trunk.abort()

    def abandon(self) -> None:
        """Give the line up so that nothing leaves any more, not even what the system has buffered."""
        if self._trunk is not None and self._socket().fileno() >= 0:
            self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._trunk.abort()

    def _socket(self) -> socket.socket:
        assert self._trunk is not None
        return cast(socket.socket, self._trunk.get_extra_info("socket"))
