"""How soon a failover holds, and whether two changes at the same moment lose one. Exit 1 when a promise is broken.

    python tests/bench/failover.py [--rounds 100] [--slow 100] [--pairs 100] [--many 1000]

From the start of the process `notifyctl failover` to the server's time of the write, with three busy workers; calls to
the old provider that were admitted later. The same with a server that answers everybody 200 ms late. Then commands of
which two start together; and changes by two processes.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from statistics import quantiles

from notifyctl import wiring
from notifyctl.domain.attempt import Record, State
from notifyctl.domain.errors import Refused
from notifyctl.domain.route import Override, Route
from notifyctl.operations.route import Plan, apply
from notifyctl.settings import load
from notifyctl.store import embedded

sys.path.insert(0, str(Path(__file__).parent.parent))

from faults.arena import Arena, arena, end
from faults.proxy import Toxic
from house import House, mail, settled

TARGETS = ("postmark", "ses")
EMBEDDED = {"BULLMQ_REDIS_HOST": "", "BULLMQ_REDIS_PORT": ""}
BUSY = 100  # messages for each round, so that there is always something to send
LATE = (Toxic("latency", "up", 0.1), Toxic("latency", "down", 0.1))

Write = tuple[int, str]  # the server's time of a move (epoch ms), and where to


def main() -> None:
    """Run the parts and judge them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("rounds", 100), ("slow", 100), ("pairs", 100), ("many", 1000)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    told = parser.parse_args()
    broken = rounds("a server at hand", told.rounds) + rounds("a server that is 200 ms away", told.slow, *LATE)
    raise SystemExit(1 if broken + changes(told.pairs, told.many) else 0)


def rounds(what: str, count: int, *toxics: Toxic) -> int:
    """Move the mail to and fro under load; returns what was admitted to the old provider, lost or doubled."""
    if not count:
        return 0
    with arena(by_proxy=True, breaker=True, in_flight=4) as field:
        field.slow_down(0.2)
        field.start(3)
        field.await_workers(3)
        sent = [f"m{number}" for number in range(count * BUSY)]
        burst = b"\n".join(mail(name, "event.cancelled") for name in sent)
        field.house.run("send", "-", stdin=burst, BULLMQ_REDIS_PORT=str(field.port))
        with field.ways["valkey"].poisoned(*toxics):
            writes = moved(what, field.house, count)
        end(field.house.crew)
        return judged(field, sent, writes)


def moved(what: str, house: House, count: int) -> list[Write]:
    """The writes; how long each took from the start of its process is printed."""
    took, writes = [], []
    for number in range(count):
        target, began = TARGETS[number % 2], time.time()
        ran = house.execute("failover", "--to", target, "--reason", "bench", "--yes", "-o", "json")
        assert ran.code == 0, (ran.out, ran.err)
        writes.append((epoch_ms(ran.data["written_at"]), target))
        took.append(writes[-1][0] - began * 1000)
    cuts = quantiles(took, n=100)
    sys.stdout.write(f"{what}: exec to write, {count} rounds: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms\n")
    return writes


def judged(field: Arena, sent: list[str], writes: list[Write]) -> int:
    """Print calls, copies and states; the number of broken promises."""
    os.environ |= {**field.house.environ, "BULLMQ_REDIS_PORT": str(field.port)}
    records = asyncio.run(read(sent))
    calls = [(attempt.intent_at, attempt.provider) for record in records for attempt in record.attempts]
    late = sum(_old(call, writes) for call in calls)
    copies = field.copies()
    found = [(copies.get(f"{record.id}@customers.example", 0), record.state is State.ACCEPTED) for record in records]
    wrong = sum(count > 1 or (accepted and not count) for count, accepted in found)
    states = dict(Counter(record.state.value for record in records))
    sys.stdout.write(f"  calls admitted {len(calls):,}, to the old provider after a write {late}; states {states}; ")
    sys.stdout.write(f"lost or doubled {wrong}\n")
    return late + wrong


async def read(names: list[str]) -> list[Record]:
    """Their records."""
    async with wiring.store(load(), start=False) as store:
        return [await store.attempts.read(name) for name in names]


def changes(couples: int, many: int) -> int:
    """Commands of which two start together, then changes by two processes; returns the lost updates."""
    with tempfile.TemporaryDirectory(prefix="nf-failover-") as name, settled(Path(name) / "house", EMBEDDED) as house:
        try:
            house.run("send", "-", stdin=mail("first"))  # starts the server
            return pairs(house, couples) + together(house, many)
        finally:
            embedded.stop(house.home / "valkey")


def _old(call: tuple[int, str], writes: list[tuple[int, str]]) -> bool:
    """Whether the last write before the call names another provider. In the ms of a write both may be right."""
    before = [target for at, target in writes if at < call[0]]
    return bool(before) and before[-1] != call[1] and call[0] not in dict(writes)


def pairs(house: House, count: int) -> int:
    """Two commands at the same moment, each laying something else over the route; returns the lost updates."""
    outcomes: Counter[str] = Counter()
    lost = 0
    for _ in range(count):
        house.run("restore", "--reason", "bench")
        both = [_verb(house, "pause", "queue"), _verb(house, "pause", "automation")]
        done = [json.loads(process.communicate()[0]) for process in both]
        outcomes.update(str(one["exit"]) for one in done)
        route = house.ask("status").data["route"]
        wrote = [one["exit"] == 0 for one in done]
        lost += [bool(route["hold"]), bool(route["manual"])] != wrote
    sys.stdout.write(f"pairs of commands: {count}, exits {dict(outcomes)}, lost {lost}\n")
    return lost


def _verb(house: House, *words: str) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "-m", "notifyctl", *words, "--reason", "bench", "--yes", "-o", "json"]
    return subprocess.Popen(line, env=house.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def together(house: House, count: int) -> int:
    """As many changes in each of two processes; returns those that are not in the log, or there without a write."""
    os.environ |= house.environ
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        told = pool.starmap(_changes, [("left", count), ("right", count)])
    logged = asyncio.run(_logged())
    wrote = [reason for each in told for reason in each]
    lost = len(set(wrote) ^ logged)
    refused = 2 * count - len(wrote)
    sys.stdout.write(
        f"changes in two processes: {2 * count:,}, written {len(wrote):,}, refused {refused:,}, lost {lost}\n"
    )
    return lost


def _changes(side: str, count: int) -> list[str]:
    return asyncio.run(_change(side, count))


async def _change(side: str, count: int) -> list[str]:
    """Lay a hold and take it away; the reasons of those changes that were written."""
    wrote = []
    async with wiring.store(load(), start=False) as store:
        for number in range(count):
            look, reason = await store.boards.look(), f"{side} {number}"
            after = Route(hold=Override(look.now + 60_000, reason, side))
            try:
                await apply(store.boards, Plan("pause queue", look, after, (), side, reason))
                wrote.append(reason)
            except Refused:
                continue
    return wrote


async def _logged() -> set[str]:
    async with wiring.store(load(), start=False) as store:
        entries = await store.boards.history(10_000)
    return {entry.reason for entry in entries if entry.by in ("left", "right")}


def epoch_ms(stamp: str) -> int:
    """The time of a document."""
    return round(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000)


if __name__ == "__main__":
    main()
