"""What one side leaves behind when it dies, the other takes over as far as it may, and the keys stay BullMQ's.

Each story is played twice, and what is left is compared.
"""

import signal

from interop import dump
from interop.parties import until
from interop.story import Story, a_story, good, node_worker

HASTY = {"stalledInterval": 50, "maxStalledCount": 1}
LONG = 25 * 3_600_000  # ms: Node's lock is as long as ours, where it must outlive its owner
TWO = 'pace = "demo"\n[limits]\nin_flight = 2\n'
HELD = [good("held/1"), good("held/2")]
REST = [good("rest/1"), good("rest/2", priority=3), good("rest/3", delay=80), good("rest/4", removeOnComplete=True)]


def active(redis) -> list[str]:
    return redis.lrange("bull:mail:active", 0, -1)


def stalled(redis) -> bool:
    """Whether Node's stall check has gone as far as it may with both held jobs."""
    return redis.scard("bull:mail:stalled") == 2


def left_by_node(story: Story, theirs) -> dump.Dump:
    """A Node worker ends the rest, while its stall check goes round."""
    jobs = story.add(REST)
    with node_worker(theirs, {}, 1, worker=HASTY):
        story.end(jobs)
        until("a round of the stall check", lambda: stalled(story.redis))
        return story.dump()


def test_what_we_held_stays_and_the_rest_goes_on_as_after_any_worker_with_long_locks(
    line, theirs, redis, ours, emulator, equal
):
    """Our worker dies in the middle of two calls. A Node worker takes all but those two."""
    emulator.fault(action="hang", times=-1)
    with a_story(line, redis) as story:
        story.add(HELD)
        with ours("mail", TWO) as worker:
            until("two calls that hang", lambda: emulator.control("GET", "/mailbox")["total"] == 2)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        by_us = left_by_node(story, theirs)
    with a_story(line, redis) as story:
        story.add(HELD)
        dying = theirs(hang=True, worker={"concurrency": 2, "lockDuration": LONG, **HASTY})
        until("two active jobs", lambda: len(active(redis)) == 2)
        dying.kill()
        by_node = left_by_node(story, theirs)
    equal(by_us, by_node)
    assert by_us["active"] == ["2", "1"] and by_us["1:lock"] == {"value": "<token>", "expires": True}


def test_what_node_held_ends_as_if_it_had_lived_and_failed_there(line, theirs, redis, ours, emulator, equal):
    """A Node worker dies with two jobs, which it may have sent. Ours takes them over and sends neither."""
    with a_story(line, redis) as story:
        jobs = story.add(HELD)
        dying = theirs(hang=True, worker={"concurrency": 2, "lockDuration": 1000, **HASTY})
        until("two active jobs", lambda: len(active(redis)) == 2 and stalled(redis))
        dying.kill()
        jobs += story.add(REST)
        with ours("mail", TWO):
            story.end(jobs)
            by_us, ends = story.dump(), story.ends
    assert [ends[job].get("reason", "")[:9] for job in jobs[:2]] == ["unknown: "] * 2
    with a_story(line, redis) as story:
        jobs = story.add(HELD + REST)
        with node_worker(theirs, ends, 2):
            story.end(jobs)
            by_node = story.dump()
    equal(by_us, by_node, in_order=False)
