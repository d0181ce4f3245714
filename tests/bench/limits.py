"""A full queue at a provider with a limit: 429s, the time against what the limit allows, and critical mail meanwhile.

    python tests/bench/limits.py [--messages 10000] [--rate 50] [--processes 2] [--every 0.5] [--silent]

Standard and bulk mail fills the queue, critical mail is enqueued all the time (one `--every` so many seconds), and
Resend alone has a key. The emulator counts calls in fixed windows of a second. With --silent it is Postmark instead,
which tells nothing of its limit. The server is the embedded one (fsync always).
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from house import Emulator, House, emulated, settled
from notifyctl import settings, wiring
from notifyctl.store import embedded, jobdata
from notifyctl.store.queue import Addition

HTML = "<p>" + "Doors at seven. " * 1250 + "</p>"  # 20 kB
KINDS = {1: "booking.confirmation", 2: "booking.reminder", 3: "event.cancelled"}  # by lane


def main() -> None:
    """Build an installation, let it drain, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--every", type=float, default=0.5)
    parser.add_argument("--silent", action="store_true")
    given = parser.parse_args()
    with installation(given.rate, "postmark" if given.silent else "resend") as house:
        seconds = asyncio.run(drain(house, given.messages, given.every, given.processes))
        calls = [line for line in map(json.loads, house.log.splitlines()) if line["event"] == "call"]
    sys.stdout.write(told(calls, seconds, given.messages / given.rate))


@contextmanager
def installation(rate: int, provider: str) -> Iterator[House]:
    """An installation in a directory of its own, at the pace of production, with that provider alone."""
    with tempfile.TemporaryDirectory(prefix="nf-limits-") as folder, emulated() as emulator:
        limit(emulator, provider, rate)
        home = Path(folder) / "home"
        urls = {f"NOTIFYCTL_{provider.upper()}_URL": emulator.urls[provider]}
        keyless = {name: "" for name in ("RESEND_API_KEY", "POSTMARK_API_KEY", "AWS_SES_ACCESS_KEY")}
        del keyless[f"{provider.upper()}_API_KEY"]
        with settled(home, {**urls, **keyless, "AWS_SES_SECRET_KEY": ""}) as house:
            house.config.write_text("")
            os.environ.update(house.environ)
            yield house
        embedded.stop(home / "valkey")


def limit(emulator: Emulator, provider: str, rate: int) -> None:
    """So many calls in each second of the emulator's clock, and no more."""
    emulator.call("PUT", "/settings", {provider: {"rate": rate}})


async def drain(house: House, messages: int, every: float, processes: int) -> float:
    """Enqueue, work, and return the seconds from the first worker's start to the last acceptance."""
    async with wiring.store(settings.load(), start=True) as store:
        waiting = messages - int(messages / 50 / every)
        for start in range(0, waiting, 200):
            mails = [mail(2 + number % 2, number) for number in range(start, min(start + 200, waiting))]
            await store.queue.enqueue(mails)
        began = time.monotonic()
        workers = house.start("worker", "run", "--processes", str(processes))
        selling = asyncio.create_task(sell(store, range(waiting, messages), every))
        await until(store, messages)
        seconds = time.monotonic() - began
        await selling
        workers.terminate()
        workers.wait(30)  # their log is whole then
        return seconds


async def sell(store: wiring.Store, numbers: range, every: float) -> None:
    """Enqueue critical mails one after the other."""
    for number in numbers:
        await store.queue.enqueue([mail(1, number)])
        await asyncio.sleep(every)


async def until(store: wiring.Store, messages: int) -> None:
    """Return when so many messages are accepted."""
    while (await store.attempts.totals())[0].get("accepted", 0) < messages:  # noqa: ASYNC110 - workers set no event
        await asyncio.sleep(0.05)


def mail(lane: int, number: int) -> Addition:
    """A job of 20 kB."""
    identity = f"{KINDS[lane]}/{number}"
    fields: dict[str, object] = {"id": identity, "type": KINDS[lane], "to": {"email": f"{number}@guests.example"}}
    return Addition(lane, identity, KINDS[lane], jobdata.write({**fields, "subject": "Tonight", "html": HTML}))


def told(calls: list[dict[str, Any]], seconds: float, allowed: float) -> str:
    """The figures as lines."""
    refused = sum(call["http"] == 429 for call in calls)
    accepted = [call for call in calls if call["outcome"] == "accepted"]
    critical = [call["processing_ms"] for call in accepted if call["type"] == KINDS[1]]
    shares = Counter(call["worker"] for call in accepted)
    return (
        f"{len(accepted):,} accepted in {len(calls):,} calls; answered 429: {refused} ({refused / len(calls):.2%})\n"
        f"{seconds:.1f} s, {seconds / allowed:.3f} times what the limit allows ({allowed:.0f} s)\n"
        f"critical, {len(critical)} mails, claim to acceptance: median {statistics.median(critical):.0f} ms, "
        f"p99 {statistics.quantiles(critical, n=100)[98]:.0f} ms, longest {max(critical):.0f} ms\n"
        f"shares of the workers: {', '.join(f'{count / len(accepted):.0%}' for count in shares.values())}\n"
    )


if __name__ == "__main__":
    main()
