"""Throughput beside Node in one run: interleaved rounds, medians, ratios, CPU per mail. Prints a table.

    python tests/bench/throughput.py [--jobs 6000] [--rounds 3] [--delays 0 40] [--fsync everysec]
                                     [--only ours-1 ...] [--json FILE]

Compare the figures of one run only: machines differ, and one machine differs from hour to hour.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from contest import PATIENCE, Arena, Figures, arena
from contestants import HERE, Contestant, contestants

CROWDED = 0.8  # cores; a sink that is busier than this may be what a rate is bound by


def compete(ground: Arena, chosen: list[Contestant], jobs: int, rounds: int, sink: str) -> dict[str, Figures]:
    """The median of each figure over the rounds; in each round everybody has one turn."""
    runs = defaultdict(list)
    for number in range(rounds):
        for contestant in chosen:
            figures = ground.run(contestant, jobs, sink)
            runs[contestant.name].append(figures)
            tell(f"  round {number + 1}  {contestant.name:14}{figures.rate:8,.0f} a second\n", sys.stderr)
    return {name: Figures(*map(statistics.median, zip(*run, strict=True))) for name, run in runs.items()}


def wire_alone(sink: str, calls: int) -> Figures:
    """The sending client without a queue."""
    words = [sys.executable, str(HERE / "wire_alone.py"), sink, str(calls)]
    found = json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout)
    return Figures(calls / found["seconds"], found["cpu"] / calls * 1e6, 0, 0)


def table(results: dict[str, Figures]) -> str:
    """One line each; the ratio is to Node with the SDK in as many processes."""
    columns = ("a second", "ratio", "worker us", "server us", "sink us")
    lines = [f"{'':14}" + "".join(f"{column:>11}" for column in columns)]
    for name, one in results.items():
        reference = results.get(f"node-sdk-{name[-1]}")
        ratio = f"{one.rate / reference.rate:.2f}" if reference else ""
        parts = "".join(f"{part:11.0f}" for part in one[1:])
        bound = "  the sink may bound it" if one.rate * one.sink_us / 1e6 > CROWDED else ""
        lines.append(f"{name:14}{one.rate:11,.0f}{ratio:>11}{parts}{bound}")
    return "\n".join(lines) + "\n"


def tell(text: str, to: object = sys.stdout) -> None:
    """Say it at once."""
    print(text, end="", file=to, flush=True)


def main() -> None:
    """Run what the arguments ask for."""
    names = [one.name for one in contestants(1)]
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--jobs", type=int, default=6000)
    read.add_argument("--rounds", type=int, default=3)
    read.add_argument("--delays", type=float, nargs="+", default=[0, 40], help="of the provider, in ms")
    read.add_argument("--concurrency", type=int, default=64, help="of each BullMQ worker")
    read.add_argument("--fsync", default="everysec", choices=("everysec", "always"))
    read.add_argument("--only", nargs="+", choices=names, help="who takes part: %(choices)s", metavar="NAME")
    read.add_argument("--json", type=Path, help="where to write the figures")
    asked = read.parse_args()
    chosen = [one for one in contestants(asked.concurrency) if not asked.only or one.name in asked.only]
    results = {}
    with arena(asked.delays, asked.fsync) as ground:
        for delay, sink in zip(asked.delays, ground.sinks, strict=True):
            found = compete(ground, chosen, asked.jobs, asked.rounds, sink)
            found["wire alone"] = wire_alone(sink, asked.jobs)
            results[f"{delay:g} ms"] = found
            tell(f"\n{asked.jobs:,} jobs of 20 kB, provider answers after {delay:g} ms\n{table(found)}\n")
    if asked.json:
        figures = {delay: {name: one._asdict() for name, one in rows.items()} for delay, rows in results.items()}
        given = {"jobs": asked.jobs, "rounds": asked.rounds, "fsync": asked.fsync, "python": platform.python_version()}
        asked.json.write_text(json.dumps({**given, "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
