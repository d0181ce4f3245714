"""Servers for tests of what goes over the wire: plain threads and blocking sockets, each playing a script.

A script is a function of one `Talk`, called for every connection. Being threads, peers act while the
client's event loop is held, so a test can decide what has reached the client's kernel before it looks.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[["Talk"], None]
PATIENCE = 10  # seconds after which a peer gives up; no passing test comes near


class Talk:
    """The server's end of one connection."""

    def __init__(self, peer: "Peer", sock: socket.socket) -> None:
        self.peer = peer
        self.sock = sock
        self._spare = b""

    def read(self, most: int = 65536) -> bytes:
        """What comes next, b"" at the end of the stream; every byte is counted by the peer."""
        data = self.sock.recv(most)
        self.peer.received += len(data)
        return data

    def request(self) -> bytes | None:
        """One whole request, noted in `peer.requests`; None when the client ends the stream."""
        data = self._spare
        while b"\r\n\r\n" not in data:
            data += (more := self.read())
            if not more:
                return None
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", 0))
        while len(body) < length:
            body += (more := self.read())
            if not more:
                return None
        self._spare = body[length:]
        self.peer.requests.append(head + b"\r\n\r\n" + body[:length])
        return self.peer.requests[-1]

    def answer(self, body: bytes = b'{"id":"1"}', *, status: str = "200 OK", fields: str = "") -> None:
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """Close with RST; what was not read is thrown away."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Peer:
    """A listening server; `requests` are the whole requests it saw, `received` all bytes."""

    def __init__(self, script: Script, context: ssl.SSLContext | None, window: int | None) -> None:
        self._script = script
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        if window:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = []
        self._ending = False
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.received = 0
        self.connections = 0
        self._threads[0].start()

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{'https' if self._context else 'http'}://{host}:{self.port}/emails"

    def close(self) -> None:
        """Stop listening, drop every connection and wait for the scripts to end."""
        self._ending = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._threads[0].join(PATIENCE)
        self._listener.close()
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads), "a script did not end"

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._ending:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(sock)
            self._threads.append(threading.Thread(target=self._play, args=(sock,)))
            self._threads[-1].start()

    def _play(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        try:
            if self._context:
                sock = self._context.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            self._script(Talk(self, sock))
        except OSError:
            pass  # the client has gone; what that means is the test's question
        finally:
            sock.close()


@contextmanager
def serve(script: Script, context: ssl.SSLContext | None = None, window: int | None = None) -> Iterator[Peer]:
    """A peer on a free port of loopback for the time of the block; `window` bytes are received unread."""
    peer = Peer(script, context, window)
    try:
        yield peer
    finally:
        peer.close()


def answering(talk: Talk) -> None:
    """The script of a provider in good health."""
    while talk.request():
        talk.answer()
