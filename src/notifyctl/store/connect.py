"""Connections to Redis, and what their failures mean.

redis-py repeats a command after a time-out by itself, which would run a script twice; here it never does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from notifyctl.domain.errors import Misconfigured, NotifyctlError, Unreachable
from notifyctl.store import embedded
from notifyctl.store.server import Server

if TYPE_CHECKING:
    from redis.asyncio import Redis

ANSWER = 10.0  # seconds for an answer, the longest script included
CONNECT = 3.0  # seconds for a connection
_CANNOT_WRITE = ("OOM", "MISCONF", "NOREPLICAS", "command not allowed when used memory")  # the server is there, full


def connect(server: Server, *, start: bool, name: str, blocking: bool = False) -> "Redis":
    """A client that connects at its first command; close it with `aclose()`.

    `start` starts the embedded server where it is needed, else a server that does not run raises `Unreachable`.
    `name` is what CLIENT LIST shows. `blocking` waits for ever for an answer: for BZPOPMIN and its like,
    on a client of its own. Replies are bytes.
    """
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis(
        **_address(server, start),
        db=server.db,
        client_name=name,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=False,
        socket_connect_timeout=CONNECT,
        socket_timeout=None if blocking else ANSWER,
    )


@contextmanager
def reaching(server: Server) -> Iterator[None]:
    """Turn what redis-py raises about the connection into our errors; other errors pass as they are."""
    from redis import exceptions

    try:
        yield
    except (exceptions.AuthenticationError, exceptions.AuthorizationError, exceptions.NoPermissionError) as error:
        raise _denied(server, error) from error
    except (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.ReadOnlyError, OSError) as error:
        raise _unreachable(server, error) from error
    except exceptions.ResponseError as error:
        if not str(error).startswith(_CANNOT_WRITE):
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


def _unreachable(server: Server, error: Exception) -> NotifyctlError:
    fix = "check BULLMQ_REDIS_HOST, _PORT and _TLS, and that the server runs; then try again"
    if server.host is None:
        fix = "try again; it is started by `notifyctl worker` and by any command that writes"
    return Unreachable("STORE-UNREACHABLE", f"Redis does not answer: {error}", server.place, fix)
