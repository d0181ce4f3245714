"""The part of `redis.asyncio.Redis` that the engine uses, on a simulated server.

Arguments are encoded and replies shaped as redis-py does it; whatever the engine begins to use is added here.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from hiredis import Reader
from redis.exceptions import ConnectionError as Lost

from notifyctl.store import link
from simulation.keyspace import Keyspace
from simulation.loop import Host
from simulation.server import Server

Work = Callable[[], Any]


class Commands:
    """Commands by their names in redis-py; `_do` says what becomes of one."""

    def _do(self, work: Work) -> Any:
        raise NotImplementedError

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def keys(self) -> Keyspace:
        """The server's keys."""
        return self._server.keys

    def _call(self, name: bytes, *args: Any, shape: Callable[[Any], Any] = lambda reply: reply) -> Any:
        words = [encoded(item) for item in args]
        return self._do(lambda: shape(self._server.keys.call(name, *words)))

    def execute_command(self, *words: Any) -> Any:
        return self._call(encoded(words[0]), *words[1:])

    def get(self, key: Any) -> Any:
        return self._call(b"GET", key)

    def mget(self, keys: Sequence[Any]) -> Any:
        return self._call(b"MGET", *keys)

    def set(self, key: Any, value: Any, px: int | None = None, nx: bool = False, ex: int | None = None) -> Any:
        lasting = px if ex is None else ex * 1000
        options = (*(("PX", lasting) if lasting is not None else ()), *(("NX",) if nx else ()))
        return self._call(b"SET", key, value, *options, shape=bool)

    def pexpire(self, key: Any, lasting: int) -> Any:
        return self._call(b"PEXPIRE", key, lasting, shape=bool)

    def delete(self, *keys: Any) -> Any:
        return self._call(b"DEL", *keys)

    def exists(self, key: Any) -> Any:
        return self._call(b"EXISTS", key)

    def hget(self, key: Any, field: Any) -> Any:
        return self._call(b"HGET", key, field)

    def hmget(self, key: Any, *fields: Any) -> Any:
        return self._call(b"HMGET", key, *fields)

    def hgetall(self, key: Any) -> Any:
        return self._call(b"HGETALL", key, shape=lambda flat: dict(zip(flat[::2], flat[1::2], strict=True)))

    def hset(self, key: Any, field: Any, value: Any) -> Any:
        return self._call(b"HSET", key, field, value)

    def hdel(self, key: Any, *fields: Any) -> Any:
        return self._call(b"HDEL", key, *fields)

    def hincrby(self, key: Any, field: Any, by: int) -> Any:
        return self._call(b"HINCRBY", key, field, by)

    def lrange(self, key: Any, first: int, last: int) -> Any:
        return self._call(b"LRANGE", key, first, last)

    def llen(self, key: Any) -> Any:
        return self._call(b"LLEN", key)

    def zadd(self, key: Any, scores: Mapping[Any, float]) -> Any:
        return self._call(b"ZADD", key, *(word for member, score in scores.items() for word in (score, member)))

    def zremrangebyscore(self, key: Any, low: Any, high: Any) -> Any:
        return self._call(b"ZREMRANGEBYSCORE", key, low, high)

    def zcard(self, key: Any) -> Any:
        return self._call(b"ZCARD", key)

    def zrem(self, key: Any, *members: Any) -> Any:
        return self._call(b"ZREM", key, *members)

    def zmscore(self, key: Any, members: Sequence[Any]) -> Any:
        return self._call(b"ZMSCORE", key, *members)

    def zrange(self, key: Any, first: int, last: int, withscores: bool = False) -> Any:
        if not withscores:
            return self._call(b"ZRANGE", key, first, last)
        return self._call(b"ZRANGE", key, first, last, "WITHSCORES", shape=_pairs)

    def xrevrange(self, key: Any, count: int) -> Any:
        return self._call(b"XREVRANGE", key, "+", "-", "COUNT", count, shape=_entries)

    def time(self) -> Any:
        return self._call(b"TIME", shape=lambda reply: (int(reply[0]), int(reply[1])))

    def ping(self) -> Any:
        return self._call(b"PING", shape=bool)


class Connection:
    """A connection that is just opened, as a greeting sees it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._asked: list[str] = []
        self._told = b""

    async def on_connect(self) -> None:
        """The client's own first words; what is asked first travels with them."""

    async def send_command(self, *words: str) -> None:
        self._asked = list(words)

    async def read_response(self) -> bytes:
        assert self._asked[0] == "INFO", "the simulation answers INFO alone here"
        if not self._told:  # all sections at once
            told = await self._server.ask(lambda: self._server.info)
            self._told = b"".join(f"{name}:{value}\r\n".encode() for name, value in told.items())
        return self._told


class Pipe:
    """Packed commands on a connection of a client, as `store/pipe.py` sends them."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    async def ask(self, commands: Sequence[bytes]) -> list[Any]:
        reader = Reader()
        reader.feed(b"".join(commands))
        words = [reader.gets() for _ in commands]
        if words[0][0] in (b"EVALSHA", b"EVAL"):
            ((name, text, count, *rest),) = words
            run = self._client.evalsha if name == b"EVALSHA" else self._client.eval
            return [await run(text.decode(), int(count), *rest)]
        call = self._client.keys.call
        return await self._client._do(lambda: [call(*item) for item in words])


class Link(link.Link):
    """A link whose pipe is simulated, too."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pipe", Pipe(self.redis))


class Pool:
    """What the engine asks of a client's pool: to let its connections go."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    async def disconnect(self, inuse_connections: bool = True) -> None:
        self._client.hang_up()

    async def update_active_connections_for_reconnect(self) -> None:
        self._client.hang_up()


class Client(Commands):
    """One client of a host, None for whoever is not part of the engine; `greet` is awaited with each new connection."""

    def __init__(
        self, server: Server, host: Host | None = None, greet: Callable[[Any], Awaitable[None]] | None = None
    ) -> None:
        super().__init__(server)
        self.connection_pool = Pool(self)
        self._host = host
        self._greet = greet
        self._era = -1  # the server's, when the connection was opened

    def hang_up(self) -> None:
        """Close the connections; the next command opens a new one."""
        self._era = -1

    def _do(self, work: Work) -> Any:
        return self.through(lambda: self._server.ask(work))

    async def through(self, send: Callable[[], Awaitable[Any]]) -> Any:
        """Send over a connection, opened when there is none; one that loses a reply is closed."""
        if self._era != self._server.era:
            if self._greet:
                await self._greet(Connection(self._server))
            self._era = self._server.era
        try:
            return await send()
        except Lost:
            self.hang_up()
            raise

    async def evalsha(self, digest: str, count: int, *words: Any) -> Any:
        keys, args = _split(count, words)
        return await self._do(lambda: self._server.evaluate_known(digest, keys, args))

    async def eval(self, text: str, count: int, *words: Any) -> Any:
        keys, args = _split(count, words)
        return await self._do(lambda: self._server.evaluate(text, keys, args))

    async def bzpopmin(self, keys: Sequence[Any], timeout: float) -> Any:  # noqa: ASYNC109 - as redis-py has it
        waiting = [encoded(key) for key in keys]
        return await self.through(lambda: self._server.pop(waiting, timeout, self._host))

    async def info(self, section: str = "") -> dict[str, Any]:
        return await self._do(lambda: self._server.info)

    async def client_list(self) -> list[dict[str, str]]:
        """Nobody that BullMQ would take for a worker."""
        return await self._do(list)

    def pipeline(self, transaction: bool = False) -> "Pipeline":
        return Pipeline(self._server, self)

    async def aclose(self) -> None:
        """There is nothing to close."""


class Pipeline(Commands):
    """Commands that travel together."""

    def __init__(self, server: Server, client: Client) -> None:
        super().__init__(server)
        self._client = client
        self._works: list[Work] = []

    def _do(self, work: Work) -> "Pipeline":
        self._works.append(work)
        return self

    async def execute(self) -> list[Any]:
        works, self._works = self._works, []
        return await self._client._do(lambda: [work() for work in works])


def encoded(value: Any) -> bytes:
    """An argument as redis-py sends it."""
    if isinstance(value, bytes):
        return value
    return repr(value).encode() if isinstance(value, float) else str(value).encode()


def _split(count: int, words: Sequence[Any]) -> tuple[list[bytes], list[bytes]]:
    row = [encoded(word) for word in words]
    return row[:count], row[count:]


def _entries(rows: list[Any]) -> list[tuple[bytes, dict[bytes, bytes]]]:
    return [(name, dict(zip(row[::2], row[1::2], strict=True))) for name, row in rows]


def _pairs(flat: list[bytes]) -> list[tuple[bytes, float]]:
    return [(member, float(score)) for member, score in zip(flat[::2], flat[1::2], strict=True)]
