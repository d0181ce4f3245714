"""What a person sets with BullMQ is honoured: a pause, a limit of concurrency, a limit of rate."""

from itertools import pairwise

from redis import Redis

from interop.mail import address, mail

JOBS = 9


def added(node, queue: str, count: int = JOBS) -> list[str]:
    """So many jobs, whose messages are named after their queue."""
    jobs = [{"name": "booking", "data": mail(f"{queue}/{at}")} for at in range(count)]
    return node.addBulk(queue=queue, jobs=jobs)


def moments(redis: Redis, queue: str) -> list[tuple[int, str]]:
    """The events of a queue with their time in ms, by the server's clock."""
    stream = redis.xrange(f"bull:{queue}:events")
    return [(int(identity.split("-")[0]), fields["event"]) for identity, fields in stream]


def most_at_once(events: list[tuple[int, str]]) -> int:
    """The largest number of jobs that were active together."""
    active = highest = 0
    for _, event in events:
        active += (event == "active") - (event in ("completed", "failed", "delayed"))
        highest = max(highest, active)
    return highest


def test_a_paused_queue_is_not_touched_until_it_is_resumed(node, redis, ours, emulator):
    """Neither its waiting jobs nor its delayed ones that fell due; another lane of the same worker goes on."""
    node.listen(queue="paused")
    node.listen(queue="open")
    waiting = added(node, "paused")
    due = node.add(queue="paused", name="booking", data=mail("due"), opts={"delay": 1})
    node.pause(queue="paused")
    with ours("paused,open"):
        for _ in range(3):  # each claim that brings these has looked at the paused lane first
            node.ended(queue="open", id=node.add(queue="open", name="booking", data=mail(f"open/{_}")))
        assert "active" not in [event for _, event in moments(redis, "paused")]
        assert redis.zrange("bull:paused:delayed", 0, -1) == [due]
        assert set(emulator.copies()) == {address(f"open/{at}") for at in range(3)}
        node.resume(queue="paused")
        ends = {node.ended(queue="paused", id=job)["event"] for job in [*waiting, due]}
    assert ends == {"completed"}
    assert set(emulator.copies().values()) == {1}


def test_a_limit_of_concurrency_is_kept_and_used(node, redis, ours, emulator):
    """Never more at once than allowed, and the next job starts when one ends: all end within the deadline."""
    node.listen(queue="mail")
    node.concurrency(queue="mail", most=2)
    emulator.fault(delay_s=0.1, times=-1)
    jobs = added(node, "mail", 20)
    with ours("mail"):
        assert {node.ended(queue="mail", id=job)["event"] for job in reversed(jobs)} == {"completed"}
    assert most_at_once(moments(redis, "mail")) == 2


def test_without_a_limit_many_are_carried_at_once(node, redis, ours, emulator):
    """The counter-test: what bounds the test above is the limit."""
    node.listen(queue="mail")
    emulator.fault(delay_s=0.1, times=-1)
    jobs = added(node, "mail")
    with ours("mail"):
        for job in jobs:
            node.ended(queue="mail", id=job)
    assert most_at_once(moments(redis, "mail")) == JOBS


def test_a_limit_of_rate_is_kept(node, redis, ours):
    """Three starts in each window of 600 ms, counted by the server's clock; the limiter is BullMQ's own key."""
    node.listen(queue="mail")
    node.rate(queue="mail", most=3, ms=600)
    jobs = added(node, "mail")
    with ours("mail"):
        assert {node.ended(queue="mail", id=job)["event"] for job in jobs} == {"completed"}
    starts = [at for at, event in moments(redis, "mail") if event == "active"]
    windows = [starts[at : at + 3] for at in range(0, JOBS, 3)]
    assert all(later[0] - earlier[0] >= 599 for earlier, later in pairwise(windows))


def test_a_limit_of_rate_is_shared_with_a_node_client(node, redis, ours):
    """While Node's limiter says that the window is full, nothing starts."""
    node.listen(queue="mail")
    node.rate(queue="mail", most=3, ms=60_000)
    jobs = added(node, "mail")
    with ours("mail"):
        for job in jobs[:3]:
            node.ended(queue="mail", id=job)
        assert redis.get("bull:mail:limiter") == "3"
        redis.delete("bull:mail:limiter")
        node.add(queue="mail", name="booking", data=mail("wakes"))  # a sleeping worker looks again at this
        for job in jobs[3:6]:
            node.ended(queue="mail", id=job)
        counts = node.counts(queue="mail")
    assert (counts["completed"], counts["waiting"]) == (6, 4)
