"""A hundred thousand queued messages of 20 kB through one worker process, and the memory that it takes meanwhile.

    python tests/bench/drain.py [--jobs 100000] [--delay 0] [--most 200]

Prints the rate and the worker's resident memory: before the queue opened, while it drained, and at its peak. Fails
when the peak is over `--most` MB. The server needs 2 GB of memory, and of disk for its log, for as long as it lasts.
"""

import argparse
import statistics
import sys
import threading
from pathlib import Path

from contest import Arena, Figures, Process, arena
from contestants import Contestant, ours

EVERY = 0.2  # seconds from sample to sample
MB = 1e6


class Memory(threading.Thread):
    """The resident memory of processes in MB, sampled until told to stop; `peak` is the kernel's own record."""

    def __init__(self, workers: list[Process]) -> None:
        super().__init__(daemon=True)
        self._pids = [worker.pid for worker in workers]
        self._over = threading.Event()
        self.samples: list[float] = []
        self.peak = 0.0

    def run(self) -> None:
        while not self._over.wait(EVERY):
            self.samples.append(max(resident(pid, "VmRSS") for pid in self._pids))

    def stop(self) -> None:
        """Take the peak, while the processes still live, and end."""
        self._over.set()
        self.join()
        self.peak = max(resident(pid, "VmHWM") for pid in self._pids)


class Watched(Arena):
    """An arena that watches the memory of the workers while they drain."""

    memory: Memory

    def _drain(self, workers: list[Process], jobs: int, before: int) -> Figures:
        self.memory = Memory(workers)
        self.memory.start()
        try:
            return super()._drain(workers, jobs, before)
        finally:
            self.memory.stop()


def resident(pid: int, field: str) -> float:
    """A size from /proc, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith(f"{field}:"))
    return int(kilobytes) * 1024 / MB


def main() -> None:
    """Drain, print, judge."""
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--jobs", type=int, default=100_000)
    read.add_argument("--delay", type=float, default=0, help="of the provider, in ms")
    read.add_argument("--most", type=float, default=200, help="resident memory that is allowed, in MB")
    asked = read.parse_args()
    with arena([asked.delay], "everysec", Watched) as ground:
        figures = ground.run(Contestant("ours-1", 1, ours), asked.jobs, ground.sinks[0])
        memory = ground.memory
    line = (
        f"{asked.jobs:,} messages of 20 kB, one worker: {figures.rate:,.0f} a second, {figures.worker_us:.0f} us each; "
    )
    line += f"resident memory {memory.samples[0]:.0f} MB before, median {statistics.median(memory.samples):.0f} MB, "
    sys.stdout.write(f"{line}peak {memory.peak:.0f} MB\n")
    if memory.peak > asked.most:
        sys.exit(f"more than {asked.most:g} MB")


if __name__ == "__main__":
    main()
