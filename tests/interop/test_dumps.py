"""Our worker leaves the keys that a Node worker leaves for the same jobs, event by event.

Each story is played twice, each time on an empty server: by our worker, which says how each job ends, and by a Node
worker that ends each job in the same way. One job at a time, the whole event stream must be the same; with many at
once the events of each job, the order of starts, and the events of the queue.
"""

from collections.abc import Callable
from typing import Any

import pytest

from interop import dump
from interop.mail import mail
from interop.parties import until
from interop.story import Phase, Story, a_story, bad, good, node_worker

ONE_AT_A_TIME = "[limits]\nin_flight = 1\n"


BEFORE: Phase = [
    *(good("plain/1"), good("plain/2"), good("plain/3", jobId="booking/8731"), good("plain/4", jobId="größe/☂")),
    *(good("low", priority=900), good("high", priority=1), good("equal/1", priority=7), good("equal/2", priority=7)),
    *(good("lifo/1", lifo=True), good("lifo/2", lifo=True), bad("lifo/bad", lifo=True)),
    *(
        good("retry/1", attempts=5, backoff={"type": "exponential", "delay": 10}),
        bad("retry/2", attempts=5, backoff=10),
    ),
    *(bad("bad/1"), bad("bad/2", priority=3), bad("bad/3", attempts=1), bad("bad/4", stackTraceLimit=0)),
    *(
        good("dup/1", jobId="dup"),
        good("dup/2", jobId="dup"),
        good("news", jobId="news") | {"data": mail("n", type="offer")},
    ),
    *(good("once/1", deduplication={"id": "ends"}), good("once/2", deduplication={"id": "ends"})),
    *(
        good("ttl/1", deduplication={"id": "lasts", "ttl": 60_000}),
        bad("ttl/2", deduplication={"id": "lasts", "ttl": 60_000}),
    ),
    *(
        bad("fails/1", deduplication={"id": "fails"}),
        good("gone/1", removeOnComplete=True),
        bad("gone/2", removeOnFail=True),
    ),
    good("gone/3", removeOnComplete=True, deduplication={"id": "goes"}),
    *(
        good("kept/1", removeOnComplete=False),
        bad("kept/2", removeOnFail=False),
        good("kept/3", removeOnComplete={"age": 3600}),
    ),
    *(good("kept/4", removeOnComplete=5000), bad("kept/5", removeOnFail={"count": 5000, "age": 3600, "limit": 10})),
]
WHILE_RUNNING: list[Phase] = [
    [good("later/1", delay=120)],
    [good("later/2", delay=120, priority=4)],
    [bad("later/3", delay=120, jobId="later")],
    [good("again/1", deduplication={"id": "ends"})],
    [good("last/1", removeOnComplete={"count": 1, "age": 3600})],
    [bad("last/2", removeOnFail=1)],
    [good("gone/4", removeOnComplete=0)],
    [good("aged", removeOnComplete={"age": 0})],
]
RETRIED = [("1", "completed"), ("dup", "completed"), ("11", "failed"), ("11", "failed")]


def played(story: Story, start: Callable[[], Any], retried: bool = False) -> list[dump.Dump]:
    """The dumps after `BEFORE`, and after each phase `WHILE_RUNNING`."""
    jobs = story.add(BEFORE)
    with start():
        story.end(jobs)
        if retried:
            for job, state in RETRIED:
                story.retry(job, state)
        dumps = [story.dump()]
        for phase in WHILE_RUNNING:
            story.end(story.add(phase))
            dumps.append(story.dump())
        return dumps


@pytest.mark.parametrize("retried", [False, True], ids=["", "retried by a person"])
def test_one_at_a_time_all_keys_and_the_whole_event_stream_are_equal(line, theirs, redis, ours, equal, retried):
    with a_story(line, redis) as story:
        by_us = played(story, lambda: ours("mail", ONE_AT_A_TIME), retried)
        ends = story.ends
    with a_story(line, redis) as story:
        by_node = played(story, lambda: node_worker(theirs, ends, 1), retried)
    for ours_then, theirs_then in zip(by_us, by_node, strict=True):
        equal(ours_then, theirs_then)


def test_many_at_once_all_keys_are_equal_and_the_events_of_each_job(line, theirs, redis, ours, equal):
    with a_story(line, redis) as story:
        by_us = played(story, lambda: ours("mail"))
        ends = story.ends
    with a_story(line, redis) as story:
        by_node = played(story, lambda: node_worker(theirs, ends, 16))
    for ours_then, theirs_then in zip(by_us, by_node, strict=True):
        equal(ours_then, theirs_then, in_order=False)


def without_waits(held: dump.Dump, job: str) -> dump.Dump:
    """How long the job waits is a time; the marker of it is there until a sleeping worker takes it."""
    held.pop("marker", None)
    assert int(held[job]["delay"]) > 1000
    return {**held, job: held[job] | {"delay": "<time>"}, "delayed": list(held["delayed"])}


def test_a_job_given_back_for_later_leaves_the_keys_of_a_delayed_error(line, theirs, redis, ours, emulator, equal):
    """A provider that asks for a pause: no attempt of BullMQ's is burnt, and the job comes back by itself."""
    phase = [good("paused") | {"data": mail("paused", type="event.cancelled")}]
    emulator.fault(status=429, headers={"Retry-After": "8"})

    def play(start: Callable[[], Any]) -> tuple[list[dump.Dump], dict[str, Any]]:
        with a_story(line, redis) as story:
            (job,) = story.add(phase)
            with start():
                until("a delayed job", lambda: redis.zscore("bull:mail:delayed", job))
                held = without_waits(dump.take(redis), job)
                story.end([job])
                return [held, story.dump()], story.ends

    by_us, ends = play(lambda: ours("mail", ONE_AT_A_TIME))
    by_node, _ = play(lambda: node_worker(theirs, ends, 1, delays={"1": 8000}))
    for ours_then, theirs_then in zip(by_us, by_node, strict=True):
        equal(ours_then, theirs_then)


@pytest.mark.parametrize("reason", ["a delayed job", "a limit of rate"])
def test_a_queue_told_to_wait_is_not_called_drained(line, theirs, redis, ours, equal, reason):
    """With nothing left to do now, the last event is the end of the last job."""

    def play(start: Callable[[], Any]) -> tuple[dump.Dump, dict[str, Any]]:
        with a_story(line, redis) as story:
            if reason == "a limit of rate":
                story.node.rate(queue="mail", most=2, ms=60_000)
            else:
                story.add([good("far", jobId="far", delay=600_000)])
            jobs = story.add([good("now/1"), good("now/2")])
            with start():
                story.end(jobs)
                left = dump.take(redis)
            left.pop("marker", None)  # whether a sleeping worker has taken it by now
            return (without_waits(left, "far") if "far" in left else left), story.ends

    by_us, ends = play(lambda: ours("mail", ONE_AT_A_TIME))
    by_node, _ = play(lambda: node_worker(theirs, ends, 1))
    equal(by_us, by_node)
    assert by_us["events"][-1]["event"] == "completed"
