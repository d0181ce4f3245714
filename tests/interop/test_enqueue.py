"""Our `enqueue` leaves the keys that `queue.add` of Node leaves, but for `meta.version`.

Node is told the time by the option `timestamp`, which it then writes down; we by the scripts' clock of tests.
"""

import asyncio
import dataclasses
from typing import Any

import pytest

from interop import dump
from interop.mail import mail
from notifyctl import settings, wiring
from notifyctl.store import jobdata
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.queue import Addition

NOW = 1_767_225_600_123  # what both sides take for the time
ADDED = [
    *(("plain/1", 0, 0), ("plain/2", 0, 0), ("größe/☂", 0, 0), ("a:b", 0, 0)),
    *(("urgent", 0, 1), ("late", 0, 2_097_151), ("equal/1", 0, 7), ("equal/2", 0, 7)),
    *(("delayed/1", 5000, 0), ("delayed/2", 5000, 0), ("delayed/3", 5000, 3), ("sooner", 1, 0)),
    *(("plain/1", 0, 0), ("urgent", 0, 9), ("delayed/1", 10, 0)),
]


def node_adds(node, added: list[tuple[str, int, int]]) -> None:
    for message, delay, priority in added:
        opts: dict[str, Any] = {"jobId": job_id(message), "timestamp": NOW}
        opts |= {name: value for name, value in (("delay", delay), ("priority", priority)) if value}
        node.add(queue="mail", name="booking", data=mail(message), opts=opts)


def job_id(message: str) -> str:
    """BullMQ refuses ids with one colon, so neither side uses them."""
    return "m/a%3Ab" if message == "a:b" else message


async def we_add(valkey, added: list[tuple[str, int, int]]) -> list[bool]:
    ours = dataclasses.replace(settings.load(), queues=("mail",), redis=valkey.server)
    link = Link(connect(valkey.server, start=False, name="interop"), valkey.server)
    try:
        queue = wiring.build_store(ours, link, now=lambda: NOW).queue
        return await queue.enqueue(
            [Addition(1, message, "booking", data_of(message), delay, priority) for message, delay, priority in added]
        )
    finally:
        await link.redis.aclose()


def data_of(message: str) -> bytes:
    fields = mail(message)
    return jobdata.write({name: value for name, value in fields.items() if name != "v"})


def comparable(left: dump.Dump) -> dump.Dump:
    left.get("meta", {}).pop("version", None)
    for job in left.values():
        if isinstance(job, dict) and isinstance(job.get("opts"), dict):
            job["opts"].pop("timestamp", None)
    return left


@pytest.mark.parametrize("state", ["fresh", "paused", "at its concurrency limit"])
def test_plain_prioritized_delayed_and_duplicate_jobs_leave_equal_keys(valkey, redis, node, equal, state):
    def prepare() -> None:
        node.close(queue="mail")
        redis.flushall()
        node.open(queue="mail")
        if state == "paused":
            node.pause(queue="mail")
        if state == "at its concurrency limit":
            node.concurrency(queue="mail", most=0)

    prepare()
    node_adds(node, ADDED)
    theirs = comparable(dump.take(redis))
    prepare()
    answers = asyncio.run(we_add(valkey, ADDED))
    ours = comparable(dump.take(redis))
    equal(ours, theirs)
    assert answers == [True] * 12 + [False] * 3


def test_a_queue_that_node_has_never_seen_is_the_same_queue(valkey, redis, node, equal):
    node_adds(node, ADDED)
    theirs = comparable(dump.take(redis))
    redis.flushall()
    asyncio.run(we_add(valkey, ADDED))
    equal(comparable(dump.take(redis)), theirs)


def test_what_we_enqueue_a_node_client_reads_as_its_own(valkey, node):
    asyncio.run(we_add(valkey, ADDED))
    counts = node.counts(queue="mail")
    assert (counts["waiting"], counts["prioritized"], counts["delayed"]) == (4, 4, 4)
    assert node.job(queue="mail", id="größe/☂")["data"] == mail("größe/☂")
    assert node.job(queue="mail", id="urgent")["opts"]["priority"] == 1


def test_what_we_enqueue_on_a_paused_queue_is_there_after_it_is_resumed(valkey, redis, node):
    """BullMQ 5 renames its list of paused jobs over whatever is waiting."""
    node.add(queue="mail", name="booking", data=mail("before"), opts={"jobId": "before"})
    node.pause(queue="mail")
    asyncio.run(we_add(valkey, [("ours", 0, 0)]))
    node.add(queue="mail", name="booking", data=mail("after"), opts={"jobId": "after"})
    node.resume(queue="mail")
    assert redis.lrange("bull:mail:wait", 0, -1) == ["after", "ours", "before"]
