"""The proxy does what its toxics say: only then do the tests that use it mean anything."""

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing

import pytest
import trustme

from faults.proxy import Kind, Proxy, Stream, Toxic, proxied
from peers import PATIENCE, Peer, Talk, serve

BLOCK = b"0123456789" * 10_000
STREAMS: tuple[Stream, Stream] = ("up", "down")


def echo(talk: Talk) -> None:
    """Give everything back, then the end of the stream."""
    while data := talk.read():
        talk.send(data)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serve(echo) as built:
        yield built


@pytest.fixture
def proxy(peer: Peer) -> Iterator[Proxy]:
    with proxied(peer.port) as built:
        yield built


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE)


def received(sock: socket.socket, most: int = len(BLOCK)) -> bytes:
    """Up to so many bytes; fewer when the stream ends."""
    data = b""
    while len(data) < most and (more := sock.recv(most - len(data))):
        data += more
    return data


def waiting(sock: socket.socket) -> int:
    """How many bytes have arrived and were not read."""
    ready, _, _ = select.select([sock], [], [], 0)
    return len(sock.recv(len(BLOCK), socket.MSG_PEEK)) if ready else 0


def first_of(*socks: socket.socket) -> list[int]:
    """Which of them can be read first."""
    ready, _, _ = select.select(socks, [], [], PATIENCE)
    return [socks.index(sock) for sock in ready]


def test_without_toxics_everything_passes_unchanged_and_so_does_the_end(proxy: Proxy, peer: Peer):
    with connected(proxy) as sock:
        sock.sendall(BLOCK)
        assert received(sock) == BLOCK
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    assert (proxy.connections, peer.connections, proxy.openings) == (1, 1, [BLOCK[:16]])


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize(
    "toxic", [("latency", 0.5, 0), ("slicer", 0.05, 50), ("bandwidth", 0, 2000)], ids=["latency", "slicer", "bandwidth"]
)
def test_what_is_slowed_down_arrives_later_and_whole(proxy: Proxy, peer: Peer, stream: Stream, toxic):
    kind, seconds, amount = toxic
    with proxied(peer.port) as healthy, connected(healthy) as quick, connected(proxy) as slow:
        with proxy.poisoned(Toxic(kind, stream, seconds, amount)):
            for sock in (slow, quick):
                sock.sendall(BLOCK[:1000])
            assert received(quick, 1000) == BLOCK[:1000]
            assert waiting(slow) < 1000
        assert received(slow, 1000) == BLOCK[:1000]


def test_a_slicer_cuts_into_small_pieces(proxy: Proxy):
    with proxy.poisoned(Toxic("slicer", "down", 0.02, 10)), connected(proxy) as sock:
        sock.sendall(BLOCK[:100])
        pieces = [sock.recv(100)]
        while sum(map(len, pieces)) < 100:
            pieces.append(sock.recv(100))
        assert len(pieces) > 1
        assert b"".join(pieces) == BLOCK[:100]


def test_a_slow_close_holds_back_the_end_alone(proxy: Proxy, peer: Peer):
    proxy.set(Toxic("slow_close", "down", 0.5))
    with proxied(peer.port) as healthy, connected(healthy) as quick, connected(proxy) as slow:
        for sock in (slow, quick):
            sock.sendall(b"last words")
            sock.shutdown(socket.SHUT_WR)
            assert received(sock, 10) == b"last words"
        assert first_of(slow, quick) == [1]
        assert slow.recv(1) == b""


def test_a_stalled_line_goes_on_when_it_heals(proxy: Proxy, peer: Peer):
    with proxied(peer.port) as healthy, connected(healthy) as quick, connected(proxy) as slow:
        with proxy.poisoned(Toxic("timeout")):
            for sock in (slow, quick):
                sock.sendall(b"hello")
            assert first_of(slow, quick) == [1]
        assert received(slow, 5) == b"hello"


@pytest.mark.parametrize(
    ("kind", "seconds", "amount"), [("timeout", 0.05, 0), ("reset_peer", 0.05, 0), ("limit_data", 0, 30)]
)
@pytest.mark.parametrize("stream", STREAMS)
def test_a_line_is_reset_by_the_toxics_that_end_it(
    proxy: Proxy, peer: Peer, kind: Kind, seconds: float, amount: int, stream: Stream
):
    with connected(proxy) as sock:
        sock.sendall(b"before")
        assert received(sock, 6) == b"before"
        proxy.set(Toxic(kind, stream, seconds, amount))
        data = b""
        with pytest.raises(ConnectionResetError):
            for _ in range(1000):
                sock.sendall(b"after")
                data += sock.recv(5)
        assert kind != "limit_data" or len(data) <= amount
        assert kind != "timeout" or stream == "up" or data == b""


def test_only_as_much_as_the_limit_reaches_the_server(proxy: Proxy, peer: Peer):
    proxy.set(Toxic("limit_data", "up", amount=200))
    with connected(proxy) as sock, pytest.raises(ConnectionResetError):
        sock.sendall(BLOCK)
        while sock.recv(100):
            pass
    assert peer.received <= 200


def test_a_cut_resets_what_is_open_and_nothing_later(proxy: Proxy):
    with connected(proxy) as old:
        old.sendall(b"x")
        assert received(old, 1) == b"x"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            old.recv(1)
    with connected(proxy) as new:
        new.sendall(b"y")
        assert received(new, 1) == b"y"


def test_a_reset_of_the_client_reaches_the_server_and_drops_what_was_held(proxy: Proxy, peer: Peer):
    with proxy.poisoned(Toxic("timeout")):
        with connected(proxy) as sock:
            sock.sendall(b"held back")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        with proxied(peer.port) as healthy, connected(healthy) as other:  # time for the reset to be seen
            other.sendall(b"z")
            assert received(other, 1) == b"z"
    assert peer.received == 1


def test_with_a_context_its_clients_speak_tls_and_a_second_one_before_it_sees_only_that(peer: Peer):
    authority = trustme.CA()
    there, here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(there)
    authority.configure_trust(here)
    with proxied(peer.port, there) as inner, proxied(inner.port) as outer:
        with closing(here.wrap_socket(connected(outer), server_hostname="localhost")) as sock:
            sock.sendall(BLOCK)
            assert received(sock) == BLOCK
        assert outer.openings[0].startswith(b"\x16\x03")
        outer.set(Toxic("limit_data", "down", amount=20))
        with connected(outer) as plain, pytest.raises((ConnectionResetError, ssl.SSLError)):
            here.wrap_socket(plain, server_hostname="localhost")
