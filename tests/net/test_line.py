"""A line knows to the byte whether all that was written has left the process, plain and under TLS."""

import asyncio
import ssl
import threading

import pytest
import trustme

from notifyctl.net.line import Line
from peers import PATIENCE, Talk, serve


def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's context that trust each other."""
    ca = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    ca.issue_cert("localhost").configure_cert(server)
    ca.configure_trust(client)
    return server, client


async def connect(port: int, context: ssl.SSLContext | None) -> tuple[asyncio.Transport, asyncio.Transport, Line]:
    """What to write to, the TCP transport below it, and the line."""
    loop = asyncio.get_running_loop()
    trunk, line = await loop.create_connection(lambda: Line(loop), "127.0.0.1", port)
    if context is None:
        return trunk, trunk, line
    line = Line(loop)
    transport = await loop.start_tls(trunk, line, context, server_hostname="localhost")
    line.connection_made(transport)
    line.watch(trunk)
    return transport, trunk, line


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_line_is_unsent_from_the_first_byte_in_the_buffer_to_the_last(secure):
    server, client = contexts() if secure else (None, None)
    go, taken = threading.Event(), threading.Event()
    written = 0

    def script(talk: Talk) -> None:
        go.wait(PATIENCE)
        while talk.peer.received < written:
            talk.read()
        taken.set()

    async def run(port: int) -> None:
        nonlocal written
        transport, trunk, line = await connect(port, client)
        seen = {line.unsent}
        while not trunk.get_write_buffer_size():
            transport.write(b"x" * 1000)
            written += 1000
            seen.add(line.unsent and not trunk.get_write_buffer_size())
        assert seen == {False}
        assert line.unsent
        go.set()
        assert await asyncio.to_thread(taken.wait, PATIENCE)
        assert not line.unsent
        line.abandon()
        await asyncio.sleep(0)

    with serve(script, server, window=2048) as peer:
        asyncio.run(run(peer.port))
