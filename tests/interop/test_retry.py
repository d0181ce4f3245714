"""`queue retry` leaves the keys and the events that `job.retry()` of Node leaves, on both lines of BullMQ."""

from collections.abc import Callable
from typing import Any

import pytest

from interop import dump
from interop.mail import mail
from interop.parties import until
from interop.story import Phase, Story, a_story, bad

FAILING: Phase = [
    bad("plain/1"), bad("plain/2", jobId="booking/8731"), bad("auto/3", attempts=3), bad("high", priority=1),
    bad("low", priority=900), bad("equal", priority=900), bad("lifo", lifo=True), bad("later", delay=50),
    bad("named", jobId="größe/☂"), bad("once", deduplication={"id": "ends"}), bad("short", stackTraceLimit=1),
]  # fmt: skip
ONE_AT_A_TIME = "[limits]\nin_flight = 1\n"
KNOWN = 'pace = "demo"\n[types."no.such.type"]\npurpose = "service"\npriority = "critical"\n'


def by_node(story: Story, jobs: list[str]) -> None:
    for job in jobs:
        story.node.retry(queue="mail", id=job, state="failed")


@pytest.mark.parametrize("queue", ["open", "paused", "full"])
def test_every_kind_of_failed_job_is_given_back_as_by_node(line, redis, ours, ask, tmp_path, equal, queue):
    def play(retry: Callable[[Story, list[str]], Any]) -> dump.Dump:
        with a_story(line, redis) as story:
            jobs = story.add(FAILING)
            with ours("mail", ONE_AT_A_TIME):
                story.end(jobs)
            until("an end", lambda: not redis.exists("bull:mail:active"))
            redis.delete("bull:mail:marker", "bull:mail:pc")
            if queue == "paused":
                story.node.pause(queue="mail")
            if queue == "full":
                redis.hset("bull:mail:meta", "concurrency", 1)
                redis.lpush("bull:mail:active", "somebody's")
            retry(story, jobs)
            return dump.take(redis)

    def by_us(_: Story, jobs: list[str]) -> None:
        (tmp_path / "notifyctl.toml").write_text(KNOWN)
        ids = [one["data"]["id"] for one in FAILING]
        told = ask("queue", "retry", *ids, "--reason", "the type is known now", "--yes")
        assert told["data"]["given_back"] == len(jobs), told

    equal(play(by_us), play(by_node))


def test_a_retried_message_is_sent_and_node_sees_its_end(line, redis, ours, ask, emulator, tmp_path):
    with a_story(line, redis) as story:
        (job,) = story.add([{"name": "mail", "data": mail("mended", type="no.such.type"), "opts": {}}])
        with ours("mail"):
            story.end([job])
        (tmp_path / "notifyctl.toml").write_text(KNOWN)
        assert ask("queue", "retry", "mended", "--reason", "known now", "--yes")["data"]["given_back"] == 1
        story.node.forget(queue="mail", id=job)
        with ours("mail", KNOWN):
            assert story.node.ended(queue="mail", id=job)["event"] == "completed"
        assert emulator.copies() == {"mended@mail.example": 1}
