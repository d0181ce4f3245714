"""A command of the operator's: started without a shell, given the message as JSON on stdin; exit code 0 is well.

It sees the environment without our own variables: those hold keys that it has no business with.
"""

import asyncio
import json
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

from notifyctl.domain import notice as notices
from notifyctl.domain.notice import Notice, Told, document
from notifyctl.domain.redact import redact

OURS = ("NOTIFYCTL_", "BULLMQ_REDIS_", "RESEND_", "POSTMARK_", "AWS_", "SENTRY_", "DATADOG_")


class Command:
    """One command line, split already; `patience` in seconds, after which it is killed with all that it started."""

    name = "command"

    def __init__(self, line: Sequence[str], patience: float = 10.0) -> None:
        self._line = tuple(line)
        self._patience = patience

    def takes(self, occasion: str) -> bool:
        """All but acknowledgements, which people make themselves."""
        return occasion != notices.ACKED

    async def tell(self, notice: Notice) -> Told:
        """Run it, once."""
        with TemporaryFile() as words:  # no pipe: one that outlives the command would hold it open
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._line, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=words,
                    env=_without(os.environ), start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                return Told(False, f"not started: {error.strerror}")
            return await self._ended(process, json.dumps(document(notice)).encode() + b"\n", words)

    async def _ended(self, process: asyncio.subprocess.Process, message: bytes, words: IO[bytes]) -> Told:
        try:
            async with asyncio.timeout(self._patience):
                await process.communicate(message)
        except TimeoutError:
            return Told(False, f"killed after {self._patience:g} s")
        finally:
            await _end(process)
        return Told(process.returncode == 0, f"exit {process.returncode} {_last(words)}".strip())


def _last(words: IO[bytes]) -> str:
    """The end of what was said, without keys and addresses."""
    words.seek(max(words.seek(0, os.SEEK_END) - 2000, 0))
    return redact(words.read().decode("utf-8", "replace").strip())[-120:]


def _without(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(OURS)}


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of its group, and wait for the process itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
