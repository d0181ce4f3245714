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

from contest import HERE, PATIENCE, Arena, Contestant, Figures, arena, node, ours

REFERENCE = {1: "node-sdk-1", 2: "node-sdk-2"}


def contestants(concurrency: int) -> list[Contestant]:
    """Everybody, in the order of one round."""
    sdk, undici = node("sdk", concurrency), node("undici", concurrency)
    return [
        Contestant(f"{name}-{processes}", processes, command)
        for processes in (1, 2)
        for name, command in (("ours", ours), ("node-sdk", sdk), ("node-undici", undici))
    ]


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
    return Figures(calls / found["seconds"], found["cpu"] / calls * 1e6, 0)


def table(results: dict[str, Figures]) -> str:
    """One line each; the ratio is to Node with the SDK in as many processes."""
    lines = [f"{'':14}{'a second':>10}{'ratio':>8}{'worker us':>11}{'server us':>11}"]
    for name, figures in results.items():
        reference = results.get(f"node-sdk-{name[-1]}")
        ratio = f"{figures.rate / reference.rate:.2f}" if reference else ""
        lines.append(f"{name:14}{figures.rate:10,.0f}{ratio:>8}{figures.worker_us:11.0f}{figures.server_us:11.0f}")
    return "\n".join(lines) + "\n"


def tell(text: str, to: object = sys.stdout) -> None:
    """Say it at once."""
    print(text, end="", file=to, flush=True)


def main() -> None:
    """Run what the arguments ask for."""
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--jobs", type=int, default=6000)
    read.add_argument("--rounds", type=int, default=3)
    read.add_argument("--delays", type=float, nargs="+", default=[0, 40], help="of the provider, in ms")
    read.add_argument("--concurrency", type=int, default=64, help="of each Node worker")
    read.add_argument("--fsync", default="everysec", choices=("everysec", "always"))
    read.add_argument("--only", nargs="+", help="of ours-1 node-sdk-1 node-undici-1 ours-2 node-sdk-2 node-undici-2")
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
