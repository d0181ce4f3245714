"""How fast the archive is written and read, and how much memory that takes: a million attempts of one month on disk.

    python tests/bench/archive.py [ATTEMPTS]        default 1,000,000

The reading is done by a process of its own, whose peak memory is told: each row is folded into the figures of a report.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

from notifyctl.domain.archive import Call, Row
from notifyctl.domain.metric import bucket, latency
from notifyctl.evidence import archive

LAST_DAY = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
BEGAN = int(LAST_DAY.replace(day=1).timestamp() * 1000)  # the first ms of the last month that is over
MONTH = LAST_DAY.day * 86_400_000
TYPES = ("booking.confirmation", "ticket.delivery", "booking.reminder", "event.cancelled")
BATCH = 5000


def messages(attempts: int) -> Iterator[Row]:
    """So many attempts: of twenty messages one has a second, and of two hundred one a third."""
    chance, made, number = random.Random(1), 0, 0
    while made < attempts:
        row = message(number, chance)
        made, number = made + len(row.attempts), number + 1
        yield row


def message(number: int, chance: random.Random) -> Row:
    """A message that was accepted at its last call."""
    at, took = BEGAN + chance.randrange(MONTH), chance.randrange(40, 900)
    luck = chance.random()
    faults = 2 if luck < 0.005 else 1 if luck < 0.05 else 0
    calls = [call(number, place, at, "resend", "fault", 503) for place in range(faults)]
    calls.append(call(number, faults, at, "postmark" if faults else "resend", "accepted", 200))
    kind = chance.choice(TYPES)
    return Row(
        f"{kind}/{number}", kind, "service", "critical", "accepted", "", at + took, at - 900, at, at + took, took,
        calls[-1].provider, f"id-{number:012d}", at + took, tuple(calls),
    )  # fmt: skip


def call(number: int, place: int, at: int, provider: str, kind: str, http: int) -> Call:
    """One call of a message."""
    code = "" if kind == "accepted" else str(http)
    name = f"host-1.4711.65f0c8a1b2c3d.{number}.{place}"
    return Call(name, provider, at, at + 120, kind, "definite", http, code, "first", 1, at, "", f"id-{number:012d}")


def write(home: Path, attempts: int) -> float:
    """Write them; returns the seconds that the archive took of it."""
    rows, seconds = messages(attempts), 0.0
    while batch := list(islice(rows, BATCH)):
        began = time.perf_counter()
        archive.write(home, batch)
        seconds += time.perf_counter() - began
    return seconds


def read(home: Path) -> None:
    """Fold every row, and tell what came of it and how much memory it took."""
    began = time.perf_counter()
    states: Counter[str] = Counter()
    calls: Counter[tuple[str, str]] = Counter()
    days: Counter[int] = Counter()
    times: Counter[int] = Counter()
    for month in archive.months(home):
        for row in archive.rows(home, month):
            states[row.state] += 1
            days[row.ended_at // 86_400_000] += 1
            times[bucket(row.took_ms / 1000)] += 1
            for one in row.attempts:
                calls[one.provider, one.kind] += 1
    folded = time.perf_counter() - began
    began = time.perf_counter()
    sums = [archive.sums(home, month) for month in archive.months(home)]
    told = {
        "attempts": calls.total(), "messages": states.total(), "mean_ms": latency(times).mean,
        "read_s": round(folded, 2), "sums_s": round(time.perf_counter() - began, 2),
        "blocks": sum(len(one.blocks) for one in sums), "mb": round(sum(one.size for one in sums) / 1e6),
        "peak_mb": getrusage(RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip
    sys.stdout.write(json.dumps(told) + "\n")


def main(attempts: int = 1_000_000) -> None:
    """Write, read in another process, print."""
    with tempfile.TemporaryDirectory() as home:
        sys.stdout.write(f"written in {write(Path(home), attempts):.1f} s\n")
        sys.stdout.flush()
        subprocess.run([sys.executable, __file__, "read", home], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["read"]:
        read(Path(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
