"""Play histories by hand: `python -m simulation.play 4711` prints one, `python -m simulation.play 0 2000` plays many.

With `PYTHONPATH=src:tests`, or in the session `simulation`.
"""

import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from simulation.judge import History
from simulation.town import play


def told(history: History) -> str:
    """A history that went wrong, to be read."""
    return f"{history.text}\n\nseed={history.seed}\n" + "\n".join(f"WRONG {words}" for words in history.wrong)


def histogram(histories: Iterable[History]) -> str:
    """How many messages had how many copies, how they ended, and what their workers went through."""
    copies: Counter[int] = Counter()
    states: Counter[str] = Counter()
    events: Counter[str] = Counter()
    resends = 0
    for history in histories:
        copies.update(history.copies)
        states.update(history.states)
        events.update(history.events)
        resends += history.resends
    lines = ["copies   " + "  ".join(f"{number}: {copies[number]:,}" for number in sorted(copies))]
    lines += ["ended    " + "  ".join(f"{name}: {count:,}" for name, count in states.most_common())]
    lines += ["events   " + "  ".join(f"{name}: {count:,}" for name, count in events.most_common())]
    return "\n".join([*lines, f"recorded ambiguous resends: {resends:,}"])


def say(text: str) -> None:
    """A text on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(words: list[str]) -> int:
    """Play a seed, or the seeds from one to another on all cores; 1 when something is wrong."""
    first, last = int(words[0]), int(words[1]) if len(words) > 1 else 0
    began, histories = time.perf_counter(), []
    if last:
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
            for history in pool.map(play, range(first, last), chunksize=20):
                histories.append(history)
                if history.wrong:
                    say(told(history))
    else:
        histories.append(play(first, keep=True))
        say(told(histories[0]))
    wrong = [history.seed for history in histories if history.wrong]
    say(histogram(histories))
    say(f"{len(histories):,} histories, wrong: {wrong or 'none'}, {time.perf_counter() - began:.1f} s")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
