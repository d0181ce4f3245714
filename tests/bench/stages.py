"""Where the microseconds of a worker go: one worker, sampled while it drains a queue. Prints a table by stage.

    python tests/bench/stages.py [--jobs 20000] [--delay 0] [--functions 3]

The worker runs inside a process of this file, which looks at the stack each time another few milliseconds of CPU
are used. The innermost frame that `STAGES` knows decides; what redis-py does is shown by the stage that asked for it.
Time in C counts for the Python that called it. The server's part comes from its own statistics of commands.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from contest import WARM_UP, Arena, Figures, Process, arena
from contestants import Contestant, environment

from notifyctl import settings, wiring
from notifyctl.engine.worker import Worker

EVERY = 0.002  # seconds of CPU between two looks; the kernel rounds this up to its own tick
HOME = str(Path(wiring.__file__).parents[1])
# The first rule that fits decides: a piece of the path, a function or '' for all of them, the stage.
STAGES = (
    ("/store/jobdata.py", "", "read"),
    ("/domain/message.py", "", "read"),
    ("/engine/render.py", "open", "read"),
    ("/engine/render.py", "", "render"),
    ("/providers/rendering.py", "", "render"),
    ("/send.py", "", "render"),
    ("/engine/claim.py", "", "claim and bodies"),
    ("/store/queue.py", "", "claim and bodies"),
    ("/store/pipe.py", "", "claim and bodies"),
    ("/engine/admit.py", "", "admit"),
    ("/store/attempts.py", "admit", "admit"),
    ("/store/attempts.py", "_intent_row", "admit"),
    ("/store/attempts.py", "_admission", "admit"),
    ("/store/attempts.py", "", "settle"),
    ("/engine/settle.py", "", "settle"),
    ("/engine/limiter.py", "", "settle"),
    ("/providers/", "", "outcome"),
    ("/domain/outcome.py", "", "outcome"),
    ("/domain/", "", "decide"),
    ("/engine/carry.py", "_call", "wire"),
    ("/engine/carry.py", "_record", "settle"),
    ("/engine/carry.py", "_situation", "decide"),
    ("/engine/carry.py", "", "carry"),
    ("/engine/worker.py", "", "carry"),
    ("/engine/batch.py", "", "batches"),
    ("/engine/memory.py", "", "settle"),
    ("/engine/duties.py", "", "duties"),
    ("/engine/reassert.py", "", "duties"),
    ("/engine/audit.py", "", "duties"),
    ("/store/census.py", "", "duties"),
    ("/store/identity.py", "", "duties"),
    ("/store/presence.py", "", "duties"),
    ("/store/workers.py", "", "duties"),
    ("/net/", "", "wire"),
    ("/telemetry/", "", "log"),
)
LIBRARIES = {
    **dict.fromkeys(("redis", "hiredis"), "redis-py"),
    **dict.fromkeys(("aiohttp", "yarl", "multidict", "aiohappyeyeballs", "propcache"), "wire"),
}
Place = tuple[str, str]  # stage, and the function that was running


class Samples:
    """Counts where the CPU goes once the worker has sent its warm-up."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.counts: Counter[Place] = Counter()

    def look(self, number: int, frame: FrameType | None) -> None:
        """One look; the handler of SIGPROF."""
        if self._worker.sent > WARM_UP:
            self.counts[place(list(outwards(frame)))] += 1


def outwards(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """File and function of every frame, the innermost first."""
    while frame:
        yield frame.f_code.co_filename, frame.f_code.co_name
        frame = frame.f_back


def place(stack: list[tuple[str, str]]) -> Place:
    """The stage of a stack, and its innermost function."""
    stages = [stage for file, function in stack if (stage := stage_of(file, function))]
    path, function = stack[0]
    inner = f"{'/'.join(Path(path).parts[-2:])} {function}"
    if not stages:
        unknown = next((file[len(HOME) :] for file, _ in stack if file.startswith(HOME) and "/cli/" not in file), "")
        return (f"other {unknown}" if unknown else "loop", inner)
    if stages[0] != "redis-py":
        return stages[0], inner
    asked = next((stage for stage in stages if stage != "redis-py"), "others")
    return f"redis-py for {asked}", inner


def stage_of(file: str, function: str) -> str:
    """The stage that a frame belongs to, '' for one that says nothing of it."""
    if file.startswith(HOME):
        rest = file[len(HOME) :]
        return next((stage for piece, name, stage in STAGES if piece in rest and name in ("", function)), "")
    if file.endswith("/asyncio/streams.py"):
        return "redis-py"  # nobody else here uses asyncio's streams
    parts = Path(file).parts
    return next((LIBRARIES[part] for part in parts[:-1] if part in LIBRARIES), "")


def worker_process(out: str) -> None:
    """Be the worker until told to end; then write the samples as JSON."""
    counts = asyncio.run(sampled())
    Path(out).write_text(json.dumps([[*where, count] for where, count in counts.most_common()]))


async def sampled() -> Counter[Place]:
    """Run one worker under the sampling clock."""
    loop = asyncio.get_running_loop()
    async with wiring.worker(settings.load()) as worker:
        samples = Samples(worker)
        # not the loop's own handlers: those would wake it at every look
        signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(worker.stop))
        signal.signal(signal.SIGPROF, samples.look)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
        await worker.run()
        signal.setitimer(signal.ITIMER_PROF, 0)
    return samples.counts


class Counted(Arena):
    """An arena that knows what the server's commands cost, in microseconds."""

    commands: dict[str, float]

    def _resume(self) -> None:
        self.redis.config_resetstat()
        super()._resume()

    def _drain(self, workers: list[Process], jobs: int, before: int) -> Figures:
        figures = super()._drain(workers, jobs, before)
        found: dict[str, Any] = self.redis.info("commandstats")
        self.commands = {name.removeprefix("cmdstat_"): row["usec"] / jobs for name, row in found.items()}
        return figures


def table(counts: list[tuple[str, str, int]], figures: Figures, functions: int) -> Iterator[str]:
    """The stages, the dearest first, each with the functions in which it was seen most."""
    total = sum(count for _, _, count in counts)
    stages: Counter[str] = Counter()
    for stage, _, count in counts:
        stages[stage] += count
    each = figures.worker_us / total
    yield f"{'stage':28}{'us a mail':>10}{'%':>6}"
    for stage, seen in stages.most_common():
        yield f"{stage:28}{seen * each:10.1f}{seen / total * 100:6.1f}"
        inside = [(count, name) for where, name, count in counts if where == stage]
        yield from (f"    {name:54}{count * each:6.1f}" for count, name in sorted(inside, reverse=True)[:functions])
    yield f"{'all':28}{figures.worker_us:10.1f}{100:6.1f}   {total:,} samples, {figures.rate:,.0f} a second"


def server_table(commands: dict[str, float], figures: Figures) -> Iterator[str]:
    """What the server's commands cost; `evalsha` holds those of the scripts, which are shown as well."""
    yield f"\n{'server':28}{'us a mail':>10}"
    dearest = sorted(commands.items(), key=lambda pair: -pair[1])
    yield from (f"    {name:24}{cost:10.1f}" for name, cost in dearest if cost >= 0.1)
    yield f"{'all, with its network':28}{figures.server_us:10.1f}"


def say(lines: Iterable[str]) -> None:
    """Print lines."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def main() -> None:
    """Drain a queue with one sampled worker and print what was seen."""
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--jobs", type=int, default=20_000)
    read.add_argument("--delay", type=float, default=0, help="of the provider, in ms")
    read.add_argument("--functions", type=int, default=3, help="to show of each stage")
    asked = read.parse_args()
    with tempfile.TemporaryDirectory(prefix="nf-") as folder, arena([asked.delay], "everysec", Counted) as ground:
        out = Path(folder) / "samples"

        def command(port: int, sink: str, home: Path) -> tuple[list[str], dict[str, str]]:
            return [sys.executable, __file__, "worker", str(out)], environment(port, sink, home)

        figures = ground.run(Contestant("sampled", 1, command), asked.jobs, ground.sinks[0])
        counts = [tuple(row) for row in json.loads(out.read_text())]
    say(table(counts, figures, asked.functions))
    say(server_table(ground.commands, figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker_process(sys.argv[2])
    else:
        main()
