"""BullMQ workers on the same queue, with the stall rules that they bring, never run a job again that we hold."""

import signal

from interop.mail import address, mail
from interop.parties import until

HASTY = {"concurrency": 2, "stalledInterval": 50, "maxStalledCount": 1, "lockDuration": 200}
EIGHT = "[limits]\nin_flight = 8\n"
FOREIGN = "QUE-FOREIGN-WORKER"
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


def a_crash(theirs, redis, jobs: dict[str, str]) -> None:
    """A BullMQ worker starts these jobs, and dies."""
    dying = theirs(worker=HASTY | {"concurrency": len(jobs)}, hang=True)
    until("all jobs started", lambda: len(redis.lrange("bull:mail:active", 0, -1)) == len(jobs))
    dying.kill()


def our_jobs(redis) -> list[str]:
    """The active jobs that carry our lock."""
    active = redis.lrange("bull:mail:active", 0, -1)
    return [job for job in active if (redis.get(f"bull:mail:{job}:lock") or "").startswith("nf.")]


def test_side_by_side_each_job_is_run_by_exactly_one(node, theirs, redis, ours, emulator):
    """We hold eight jobs at a provider that takes long to answer, while Node's stall check goes round and round."""
    node.listen(queue="mail")
    emulator.fault(delay_s=1.5, times=-1)
    jobs = added(node, 40)
    with ours("mail", EIGHT):
        until("eight jobs of ours", lambda: len(our_jobs(redis)) == 8)
        held, seen = our_jobs(redis), set()
        neighbour = theirs(worker=HASTY)
        until("rounds of the stall check", lambda: stall_rounds(redis, seen) >= ROUNDS)
        ends = [node.ended(queue="mail", id=job) for job in jobs]
    by_node = neighbour.stop()
    assert {end["event"] for end in ends} == {"completed"}
    assert set(held).isdisjoint(by_node)
    assert len(by_node) + len(emulator.copies()) == len(jobs)
    assert {jobs[job] for job in jobs if job not in by_node} == set(emulator.copies())
    assert all(redis.hmget(f"bull:mail:{job}", "ats", "stc") == ["1", None] for job in jobs)
    assert "stalled" not in [event for event, _ in node.heard(queue="mail")]


def test_jobs_of_a_killed_worker_wait_for_us_and_not_for_node(node, theirs, redis, ours, emulator):
    """The long locks outlive the process; the next worker of ours finds the attempts and sends nothing twice."""
    node.listen(queue="mail")
    emulator.fault(action="hang", times=8)
    jobs = added(node, 8)
    with ours("mail", 'pace = "demo"\n' + EIGHT) as worker:
        until("eight calls that hang", lambda: emulator.control("GET", "/mailbox")["total"] == 8)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    neighbour, seen = theirs(worker=HASTY), set()
    until("rounds of the stall check", lambda: stall_rounds(redis, seen) >= ROUNDS)
    assert neighbour.stop() == []
    assert sorted(our_jobs(redis)) == sorted(jobs)
    assert redis.smembers("bull:mail:stalled") == set(jobs)  # as far as BullMQ may go with them
    with ours("mail", 'pace = "demo"\n' + EIGHT):
        ends = [node.ended(queue="mail", id=job) for job in jobs]
    assert not redis.exists("bull:mail:stalled")
    assert {end["returnvalue"]["state"] for end in ends} == {"accepted"}
    assert emulator.copies() == {recipient: 1 for recipient in jobs.values()}
    assert "stalled" not in [event for event, _ in node.heard(queue="mail")]


def test_jobs_that_a_crashed_node_worker_had_started_are_not_sent(node, theirs, redis, ours, emulator):
    """It may have sent them, and left no record: a human must look. Nobody else checks for stalled jobs here."""
    node.listen(queue="mail")
    jobs = added(node, 3)
    a_crash(theirs, redis, jobs)
    with ours("mail", 'pace = "demo"\n'):
        ends = [node.ended(queue="mail", id=job) for job in jobs]
    assert {end["event"] for end in ends} == {"failed"}
    assert all(end["failedReason"].startswith("unknown: ") for end in ends)
    assert emulator.copies() == {}


def test_jobs_that_bullmq_orders_to_fail_are_not_sent(node, theirs, redis, ours, emulator):
    """Its stall check puts them back with an order for whoever claims next."""
    node.listen(queue="mail")
    jobs = added(node, 3)
    a_crash(theirs, redis, jobs)
    node.concurrency(queue="mail", most=0)  # so that only the stall check of this worker does anything
    checker = theirs(worker=HASTY | {"maxStalledCount": 0})
    until("orders to fail", lambda: all(redis.hexists(f"bull:mail:{job}", "defa") for job in jobs))
    assert checker.stop() == []
    redis.hdel("bull:mail:meta", "concurrency")
    with ours("mail"):
        ends = [node.ended(queue="mail", id=job) for job in jobs]
    assert all(end["failedReason"].startswith("unknown: ") for end in ends)
    assert not any(redis.hexists(f"bull:mail:{job}", "defa") for job in jobs)
    assert emulator.copies() == {}


def test_a_bullmq_worker_beside_us_is_a_critical_finding(theirs, ours, ask):
    """It sends without a record, and nothing of ours can keep it from that."""
    with ours("mail", 'pace = "demo"\n'):
        theirs()
        (found,) = until("a finding", lambda: [one for one in ask("doctor")["findings"] if one["code"] == FOREIGN])
    assert found["severity"] == "critical"
