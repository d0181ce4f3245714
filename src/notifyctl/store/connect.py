"""Connections to Redis, and what their failures mean.

redis-py repeats a command after a time-out by itself, which would run a script twice; here it never does.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from notifyctl.domain.errors import Degraded, Misconfigured, NotifyctlError, Unreachable
from notifyctl.store import embedded
from notifyctl.store.server import Server

if TYPE_CHECKING:
    from redis.asyncio import Redis

ANSWER = 10.0  # seconds for an answer, the longest script included
CONNECT = 3.0  # seconds for a connection
CONNECTIONS = 64  # of one client; whoever finds them all in use waits for one, instead of being told that Redis is away
_NOT_NOW = (  # the server is there, and did nothing: full, cut off from its own, or busy with somebody's script
    *("OOM", "MISCONF", "NOREPLICAS", "command not allowed when used memory"),
    *("CLUSTERDOWN", "TRYAGAIN", "BUSY"),
)
_IN_SCRIPT = "ACL failure in script"  # a script has the rights of its user; the server has no code of its own for it
_NO_PRIMARY = ("READONLY", "MASTERDOWN", "UNBLOCKED")  # within a script, while it has no primary, while we waited

Greeting = Callable[[Any], Awaitable[None]]


def connect(server: Server, *, start: bool, name: str, greet: Greeting | None = None) -> "Redis":
    """A client that connects at its first command; close it with `aclose()`.

    `start` starts the embedded server where it is needed, else a server that does not run raises `Unreachable`.
    `name` is what CLIENT LIST shows. Replies are bytes. A command that waits (BZPOPMIN) must wait for less than
    `ANSWER`: without any limit a connection that was cut silently would never end. `greet` is awaited with each new
    connection, silent reconnections included, before its first command; it must call `on_connect()`, and may refuse.
    """
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    client = Redis(
        **_address(server, start),
        db=server.db,
        client_name=name,
        driver_info=None,  # would cost each connection a round trip, to say less than `name`
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=False,
        socket_connect_timeout=CONNECT,
        socket_timeout=ANSWER,
        redis_connect_func=greet,
    )
    made, kwargs = client.connection_pool.connection_class, client.connection_pool.connection_kwargs
    client.connection_pool = BlockingConnectionPool(CONNECTIONS, ANSWER, made, **kwargs)
    return client


@contextmanager
def reaching(server: Server) -> Iterator[None]:
    """Turn what redis-py raises about the connection or a broken queue into our errors; others pass as they are."""
    from redis import exceptions

    try:
        yield
    except (exceptions.AuthenticationError, exceptions.AuthorizationError, exceptions.NoPermissionError) as error:
        raise _denied(server, error) from error
    except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as error:
        raise _unreachable(server, error) from error
    except (exceptions.ReadOnlyError, exceptions.MasterDownError) as error:
        raise _no_primary(server, error) from error
    except exceptions.ResponseError as error:
        if str(error).startswith(_NO_PRIMARY):
            raise _no_primary(server, error) from error
        if _IN_SCRIPT in str(error):
            raise _denied(server, error) from error
        if str(error).startswith("WRONGTYPE"):
            raise _broken(server, error) from error
        if not str(error).startswith(_NOT_NOW):
            raise
        raise _unreachable(server, error) from error


def _address(server: Server, start: bool) -> dict[str, Any]:
    if server.host is None:
        begin = embedded.start(server.directory, server.binary) if start else embedded.attach(server.directory)
        return {"unix_socket_path": str(begin)}
    password = server.password.reveal() if server.password else None
    address: dict[str, Any] = {"host": server.host, "port": server.port, "username": server.username}
    return {**address, "password": password, "ssl": server.tls}  # with TLS, redis-py verifies name and chain


def _denied(server: Server, error: Exception) -> NotifyctlError:
    fix = "check BULLMQ_REDIS_USERNAME and BULLMQ_REDIS_PASSWORD, and the user's permissions"
    return Misconfigured("STORE-DENIED", f"Redis refuses this user: {error}", server.place, fix)


def _broken(server: Server, error: Exception) -> NotifyctlError:
    return Degraded(
        "QUE-BROKEN", f"a key of a queue is not BullMQ's: {error}", server.place, "see: notifyctl explain QUE-BROKEN"
    )


def _no_primary(server: Server, error: Exception) -> NotifyctlError:
    fix = "nothing when this is a failover: it is tried again; else point BULLMQ_REDIS_HOST and _PORT to the primary"
    return Unreachable("RDS-READONLY", f"Redis takes no writes: {error}", server.place, fix)


def _unreachable(server: Server, error: Exception) -> NotifyctlError:
    fix = "check BULLMQ_REDIS_HOST, _PORT and _TLS, and that the server runs; then try again"
    if server.host is None:
        fix = "try again; it is started by `notifyctl worker` and by any command that writes"
    return Unreachable("STORE-UNREACHABLE", f"Redis does not answer: {error}", server.place, fix)
