"""The control client: single calls to providers that send nothing, over httpx.

Nothing is repeated and no redirect is followed: a probe that needs either has found something worth saying.
"""

import asyncio
import ssl
from types import TracebackType

import httpx

from notifyctl.domain.outcome import Broken, Request, Response

TIMEOUT = 5.0  # seconds for a whole call, connecting included


class Control:
    """An async context manager; any number of calls at once. `timeout` in seconds bounds each whole call."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._client = httpx.AsyncClient(verify=context, timeout=timeout, trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> "Control":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def call(self, request: Request) -> Response | Broken:
        """The answer, or what went wrong instead; never raises for what the other side does."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.request(
                    request.method, request.url, headers=request.headers, content=request.body or None
                )
        except (TimeoutError, httpx.TimeoutException):
            return Broken("timeout", True, f"no answer within {self._timeout:g} s")
        except httpx.ConnectError as error:
            return Broken("connect", False, _why(error))
        except (httpx.InvalidURL, UnicodeError):  # names that idna refuses are the latter
            return Broken("connect", False, "no such address can be called")  # which may be a secret
        except httpx.HTTPError as error:
            return Broken("answer", True, str(error) or type(error).__name__)
        return Response(
            answer.status_code, {key.lower(): value for key, value in answer.headers.items()}, answer.content
        )


def _why(error: BaseException) -> str:
    """The words of the operating system, without its numbers."""
    while (deeper := _deeper(error)) is not None:
        error = deeper
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return getattr(error, "strerror", None) or str(error) or "no connection"


def _deeper(error: BaseException) -> BaseException | None:
    """What an error came of; of several attempts, at a name with several addresses, the first."""
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    return error.__cause__ or error.__context__
