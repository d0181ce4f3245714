"""The ways in which an answer reaches the client, or does not."""

import asyncio
import gzip
import socket
import struct
from collections.abc import Awaitable, Callable

from notifyctl.emulator.faults import Fault
from notifyctl.emulator.wire import Reply


class Client:
    """The far end of one connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.gone = asyncio.Event()  # set when the connection is lost

    def write(self, data: bytes) -> None:
        """Write unless the client has left."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def reset(self) -> None:
        """Drop the connection with a TCP reset: lingering for no time makes the kernel send one."""
        sock: socket.socket | None = self.transport.get_extra_info("socket")
        if sock is not None and not self.transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


async def deliver(client: Client, reply: Reply, fault: Fault, keep_alive: bool) -> None:
    """Give the answer as the fault says, at once (its delay is over)."""
    await _ACTIONS[fault.action](client, reply, fault, keep_alive)


async def _answer(client: Client, reply: Reply, _: Fault, keep_alive: bool) -> None:
    client.write(reply.render(keep_alive))


async def _close(client: Client, _: Reply, __: Fault, ___: bool) -> None:
    client.transport.close()


async def _hang(client: Client, _: Reply, __: Fault, ___: bool) -> None:
    await client.gone.wait()


async def _cut_response(client: Client, reply: Reply, fault: Fault, keep_alive: bool) -> None:
    client.write(reply.render(keep_alive)[: fault.after_bytes])
    client.reset()


async def _drip(client: Client, reply: Reply, fault: Fault, keep_alive: bool) -> None:
    for byte in reply.render(keep_alive):
        if client.gone.is_set():
            return
        client.write(bytes((byte,)))
        await asyncio.sleep(fault.interval_s)


async def _truncated_gzip(client: Client, reply: Reply, _: Fault, keep_alive: bool) -> None:
    whole = gzip.compress(reply.body)
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    client.write(Reply(reply.status, whole[: len(whole) // 2], headers).render(keep_alive))


_ACTIONS: dict[str, Callable[[Client, Reply, Fault, bool], Awaitable[None]]] = {
    "answer": _answer,
    "close": _close,
    "hang": _hang,
    "cut_response": _cut_response,
    "drip": _drip,
    "truncated_gzip": _truncated_gzip,
}
