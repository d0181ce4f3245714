"""Who competes. Each is told the server, the provider and a directory, and names one worker process."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
QUEUE = "email-critical"
KEEP = {"completed": {"count": 100_000, "age": 7 * 86_400}, "failed": {"count": 100_000, "age": 40 * 86_400}}

Start = Callable[[int, str, Path], tuple[list[str], dict[str, str]]]


@dataclass(frozen=True)
class Contestant:
    """`command(redis_port, sink_url, home)` is one worker process and its environment; so many of them run."""

    name: str
    processes: int
    command: Start


def contestants(concurrency: int) -> list[Contestant]:
    """Everybody, in the order of one round; `concurrency` is that of a BullMQ worker."""
    starts = {
        "ours": ours,
        "node-sdk": node("sdk", concurrency),
        "node-undici": node("undici", concurrency),
        "py-bullmq": python("python_bullmq.py", str(concurrency), json.dumps(KEEP)),
        "py-bare": python("python_bare.py"),
        "py-books": python("python_bare.py", "books"),
    }
    return [Contestant(f"{name}-{count}", count, start) for count in (1, 2) for name, start in starts.items()]


def ours(port: int, sink: str, home: Path) -> tuple[list[str], dict[str, str]]:
    """A worker of ours, as it is started in production."""
    return [sys.executable, "-m", "notifyctl", "worker", "run"], environment(port, sink, home)


def environment(port: int, sink: str, home: Path) -> dict[str, str]:
    """What a worker of ours is told."""
    return {
        "BULLMQ_REDIS_HOST": "127.0.0.1",
        "BULLMQ_REDIS_PORT": str(port),
        "NOTIFYCTL_HOME": str(home),
        "NOTIFYCTL_FROM": "The Backroom <tickets@backroom.example>",
        "NOTIFYCTL_RESEND_URL": sink,
        "RESEND_API_KEY": "re_bench",
    }


def node(client: str, concurrency: int) -> Start:
    """BullMQ's worker with that client, so many jobs at once."""

    def command(port: int, sink: str, home: Path) -> tuple[list[str], dict[str, str]]:
        words = [client, str(port), sink, QUEUE, str(concurrency), json.dumps(KEEP)]
        return ["node", str(HERE / "worker.mjs"), *words], {"NODE_ENV": "production"}

    return command


def python(script: str, *more: str) -> Start:
    """A worker that lies beside this file."""

    def command(port: int, sink: str, home: Path) -> tuple[list[str], dict[str, str]]:
        return [sys.executable, str(HERE / script), str(port), sink, QUEUE, *more], {}

    return command
