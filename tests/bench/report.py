"""How long `audit monthly` takes over a million attempts of one month, and how much memory, run as cron runs it.

    python tests/bench/report.py [ATTEMPTS] [--rounds N]        default 1,000,000 attempts, 3 rounds

The archive is written once; each round looks at it from a data directory of its own, so that each makes a first report.
The time is that of the whole process, the start of its Redis included.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

from archive import LAST_DAY, write

NOTIFYCTL = (sys.executable, "-m", "notifyctl")
PERIOD = LAST_DAY.strftime("%Y-%m")


def made(project: Path, environ: dict[str, str]) -> dict[str, float]:
    """One report: seconds of wall and CPU, and peak MB."""
    began = time.perf_counter()
    command = [*NOTIFYCTL, "audit", "monthly", "--period", PERIOD, "-o", "json"]
    with subprocess.Popen(command, cwd=project, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = json.load(process.stdout)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    assert told["data"]["made"], told
    return {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}


def main(attempts: int, rounds: int) -> None:
    """Write the month, report on it so many times, print medians."""
    with tempfile.TemporaryDirectory() as place:
        project, written = Path(place, "project"), Path(place, "written")
        subprocess.run([*NOTIFYCTL, "init", str(project)], check=True, stdout=subprocess.DEVNULL)
        sys.stdout.write(f"written in {write(written, attempts):.1f} s\n")
        figures = []
        for number in range(rounds):
            home = Path(place, f"home{number}")
            home.mkdir()
            (written / "archive").rename(home / "archive")
            figures.append(made(project, {**os.environ, "NOTIFYCTL_HOME": str(home)}))
            (home / "archive").rename(written / "archive")
            sys.stdout.write(f"{figures[-1]}\n")
            sys.stdout.flush()
        medians = {name: round(statistics.median(one[name] for one in figures), 1) for name in figures[0]}
        sys.stdout.write(f"medians of {rounds}, {attempts:,} attempts: {json.dumps(medians)}\n")


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("attempts", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.attempts, given.rounds)
