"""BullMQ workers on the same queue, with the stall rules that they bring, never run a job again that we hold."""

import signal

from interop.mail import address, mail
from interop.parties import NodeWorker, until

HASTY = {"concurrency": 2, "stalledInterval": 50, "maxStalledCount": 1, "lockDuration": 200}
EIGHT = "[limits]\nin_flight = 8\n"
ROUNDS = 10  # of the stall check; two are enough to take a job from its owner


def stall_rounds(redis, seen: set[str]) -> int:
    """How many different rounds of Node's stall check have been seen."""
    if (stamp := redis.get("bull:mail:stalled-check")) is not None:
        seen.add(stamp)
    return len(seen)


def added(node, count: int) -> dict[str, str]:
    """Job id -> recipient of so many jobs."""
    ids = node.addBulk(queue="mail", jobs=[{"name": "booking", "data": mail(f"m/{at}")} for at in range(count)])
    return {job: address(f"m/{at}") for at, job in enumerate(ids)}


def our_jobs(redis) -> list[str]:
    """The active jobs that carry our lock."""
    active = redis.lrange("bull:mail:active", 0, -1)
    return [job for job in active if (redis.get(f"bull:mail:{job}:lock") or "").startswith("nf.")]


def test_side_by_side_each_job_is_run_by_exactly_one(line, valkey, node, redis, ours, emulator):
    """We hold eight jobs at a provider that takes long to answer, while Node's stall check goes round and round."""
    node.listen(queue="mail")
    emulator.fault(delay_s=1.5, times=-1)
    jobs = added(node, 40)
    with ours("mail", EIGHT):
        until("eight jobs of ours", lambda: len(our_jobs(redis)) == 8)
        held, seen = our_jobs(redis), set()
        theirs = NodeWorker(line, valkey.port, "mail", worker=HASTY)
        until("rounds of the stall check", lambda: stall_rounds(redis, seen) >= ROUNDS)
        ends = [node.ended(queue="mail", id=job) for job in jobs]
    by_node = theirs.stop()
    assert {end["event"] for end in ends} == {"completed"}
    assert set(held).isdisjoint(by_node)
    assert len(by_node) + len(emulator.copies()) == len(jobs)
    assert {jobs[job] for job in jobs if job not in by_node} == set(emulator.copies())
    assert all(redis.hmget(f"bull:mail:{job}", "ats", "stc") == ["1", None] for job in jobs)
    assert "stalled" not in [event for event, _ in node.heard(queue="mail")]


def test_jobs_of_a_killed_worker_wait_for_us_and_not_for_node(line, valkey, node, redis, ours, emulator):
    """The long locks outlive the process; the next worker of ours finds the attempts and sends nothing twice."""
    node.listen(queue="mail")
    emulator.fault(action="hang", times=8)
    jobs = added(node, 8)
    with ours("mail", 'pace = "demo"\n' + EIGHT) as worker:
        until("eight calls that hang", lambda: emulator.control("GET", "/mailbox")["total"] == 8)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    theirs, seen = NodeWorker(line, valkey.port, "mail", worker=HASTY), set()
    until("rounds of the stall check", lambda: stall_rounds(redis, seen) >= ROUNDS)
    assert sorted(our_jobs(redis)) == sorted(jobs)
    with ours("mail", 'pace = "demo"\n' + EIGHT):
        ends = [node.ended(queue="mail", id=job) for job in jobs]
    assert theirs.stop() == []
    assert {end["returnvalue"]["state"] for end in ends} == {"accepted"}
    assert emulator.copies() == {recipient: 1 for recipient in jobs.values()}
    assert "stalled" not in [event for event, _ in node.heard(queue="mail")]
