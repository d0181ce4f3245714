"""Start-up as a multiple of `python -c pass`, medians of interleaved runs. Prints a table.

    python tests/bench/startup.py [--runs 9]

`status` looks at an embedded server that runs. Aims: 1.5 for the version, 6.5 for help and explain, 21 for status.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from notifyctl.store import embedded

HERE = [sys.executable, "-m", "notifyctl"]
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "--version": [*HERE, "--version"],
    "--help": [*HERE, "--help"],
    "explain MSG-TYPE": [*HERE, "explain", "MSG-TYPE"],
    "status": [*HERE, "status"],
}


def main() -> None:
    """Run everything in turn and print medians and multiples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="nf-start-") as home:
        embedded.start(Path(home) / "valkey")
        try:
            times = measure(runs, home)
        finally:
            embedded.stop(Path(home) / "valkey")
    floor = statistics.median(times["python -c pass"])
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        sys.stdout.write(f"{name:18} {middle * 1000:7.1f} ms {middle / floor:6.2f} x\n")


def measure(runs: int, home: str) -> dict[str, list[float]]:
    """Seconds of each run by command, after one run that writes the bytecode."""
    environ = {**os.environ, "NOTIFYCTL_HOME": home}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs + 1):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            times[name].append(time.perf_counter() - began)
    return {name: seconds[1:] for name, seconds in times.items()}


if __name__ == "__main__":
    main()
