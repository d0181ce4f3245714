"""The stage of demo and bench: a data directory of its own, an emulator and workers as real processes; all gone at
the end."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from notifyctl.domain.errors import Unreachable
from notifyctl.store import embedded

CONFIGURATION = """\
from = "The Backroom Leeds <tickets@backroom.example>"
pace = "demo"

[limits]
in_flight = 16  # small, so that the faults strike few messages and the queue can be seen draining
"""
_NOT_OURS = ("NOTIFYCTL_", "BULLMQ_", "RESEND_", "POSTMARK_", "AWS_", "SENTRY_", "DATADOG_")


@dataclass(frozen=True, slots=True)
class Stage:
    """`environ` is what a process on the stage sees; `control` the emulator's address; `home` the data directory."""

    home: Path
    environ: dict[str, str]
    control: str

    async def start_workers(self, processes: int) -> Process:
        """A supervisor with so many worker processes; their logs go to `home`/workers.log."""
        return await start_workers(processes, self.environ, self.home / "workers.log")

    async def get(self, path: str) -> Any:
        """Ask the emulator."""
        return await asyncio.to_thread(_call, "GET", self.control + path, None)

    async def post(self, path: str, body: object = None) -> None:
        """Tell the emulator."""
        await asyncio.to_thread(_call, "POST", self.control + path, body)

    async def delete(self, path: str) -> None:
        """Make the emulator forget."""
        await asyncio.to_thread(_call, "DELETE", self.control + path, None)


async def start_workers(processes: int, environ: Mapping[str, str], log: Path) -> Process:
    """A supervisor with so many worker processes that see this environment; their logs go to a file."""
    command = (sys.executable, "-m", "notifyctl", "worker", "run", "--processes", str(processes))
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(*command, env=environ, stdin=DEVNULL, stdout=out, stderr=out)


@asynccontextmanager
async def stage(configuration: str = CONFIGURATION) -> AsyncIterator[Stage]:
    """Set the stage, and clear it whatever happens."""
    with tempfile.TemporaryDirectory(prefix="notifyctl-demo-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        emulator = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "notifyctl.emulator", "--port-base", "0"), stdin=DEVNULL, stdout=PIPE
        )
        try:
            urls = await _addresses(emulator)
            yield Stage(home, _environ(home, urls, configuration), urls["control"])
        finally:
            await end(emulator)
            await asyncio.to_thread(embedded.stop, home / "valkey")


async def end(process: Process, patience: float = 10.0) -> None:
    """Ask a process to end, and insist after so many seconds."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _addresses(emulator: Process) -> dict[str, str]:
    line = await emulator.stdout.readline() if emulator.stdout else b""
    if not line:
        raise Unreachable("EMU-START", "the emulator did not start", "python -m notifyctl.emulator", "run it by itself")
    urls: dict[str, str] = json.loads(line)
    return urls


def _environ(home: Path, urls: dict[str, str], configuration: str) -> dict[str, str]:
    """Nothing of the user's own set-up: the demo must never meet a real queue or a real key."""
    (home / "notifyctl.toml").write_text(configuration)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)},
        "NOTIFYCTL_HOME": str(home),
        "NOTIFYCTL_CONFIG": str(home / "notifyctl.toml"),
        "NOTIFYCTL_RESEND_URL": urls["resend"],
        "NOTIFYCTL_POSTMARK_URL": urls["postmark"],
        "NOTIFYCTL_SES_URL": urls["ses"],
        "RESEND_API_KEY": "re_emulator",
        "POSTMARK_API_KEY": "postmark-emulator",
        "AWS_SES_ACCESS_KEY": "AKIAEMULATOR",
        "AWS_SES_SECRET_KEY": "emulator-secret",
    }


def _call(method: str, url: str, body: object) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data=data, method=method), timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None
