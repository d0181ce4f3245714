"""Tickets beside ten thousand cancellations: the time from enqueued to accepted. Prints the figures.

    python tests/bench/lanes.py [--bulk 10000] [--tickets 20] [--processes 2]

10,000 event.cancelled wait in the bulk lane, the provider takes as much as comes, and tickets are enqueued one after
the other while the bulk drains. The server is the embedded one (fsync always).
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from house import House, emulated, settled
from notifyctl import settings, wiring
from notifyctl.store import embedded, jobdata
from notifyctl.store.queue import Addition

HTML = "<p>" + "Doors at seven. " * 1250 + "</p>"  # 20 kB


def main() -> None:
    """Build an installation, run the contest in it, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bulk", type=int, default=10_000)
    parser.add_argument("--tickets", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    with installation() as house:
        seconds, drain = asyncio.run(race(house, given.bulk, given.tickets, given.processes))
    line = f"{len(seconds)} tickets beside {given.bulk:,} cancellations, {given.processes} processes: time to accept "
    line += f"median {statistics.median(seconds) * 1000:.0f} ms, longest {max(seconds) * 1000:.0f} ms; "
    sys.stdout.write(f"{line}bulk {given.bulk / drain:,.0f} a second\n")


@contextmanager
def installation() -> Iterator[House]:
    """An installation in a directory of its own, at the emulator, at the pace of production."""
    with tempfile.TemporaryDirectory(prefix="nf-lanes-") as folder, emulated() as emulator:
        home = Path(folder) / "home"
        urls = {f"NOTIFYCTL_{name.upper()}_URL": emulator.urls[name] for name in ("resend", "postmark", "ses")}
        with settled(home, urls) as house:
            house.config.write_text("")
            os.environ.update(house.environ)
            yield house
        embedded.stop(home / "valkey")


async def race(house: House, bulk: int, tickets: int, processes: int) -> tuple[list[float], float]:
    """Times to accept of the tickets, and the time of the whole drain, in seconds."""
    async with wiring.store(settings.load(), start=True) as store:
        for start in range(0, bulk, 200):
            await store.queue.enqueue([mail(3, "event.cancelled", n) for n in range(start, min(start + 200, bulk))])
        began = time.monotonic()
        house.start("worker", "run", "--processes", str(processes))
        seconds = [await sell(store, number, bulk * number // (tickets + 2)) for number in range(1, tickets + 1)]
        await until(store, bulk)
        return seconds, time.monotonic() - began


async def sell(store: wiring.Store, number: int, after: int) -> float:
    """Enqueue a ticket once so much bulk is done, and return its time to accept."""
    await until(store, after)
    ticket, began = mail(1, "ticket.delivery", number), time.monotonic()
    await store.queue.enqueue([ticket])
    while (await store.attempts.read(ticket.message_id)).state != "accepted":
        pass  # each look is a round trip
    return time.monotonic() - began


async def until(store: wiring.Store, done: int) -> None:
    """Return when so many cancellations have completed."""
    key = f"{store.queue.bases[2]}completed"
    while await store.link.redis.zcard(key) < done:  # noqa: ASYNC110 - other processes set no event of ours
        await asyncio.sleep(0.02)


def mail(lane: int, kind: str, number: int) -> Addition:
    """A job of 20 kB."""
    identity = f"{kind}/{number}"
    fields: dict[str, object] = {"id": identity, "type": kind, "to": {"email": f"{number}@guests.example"}}
    return Addition(lane, identity, kind, jobdata.write({**fields, "subject": "Tonight", "html": HTML}))


if __name__ == "__main__":
    main()
