"""Jobs whose next step only a BullMQ worker can take are refused with a code, and stop nobody."""

from interop.mail import address, mail
from interop.parties import until

FINDINGS = "nf:{bull}:findings"


def test_a_run_of_a_job_scheduler_is_failed_and_the_series_ends(node, redis, ours, emulator):
    node.listen(queue="mail")
    run = node.schedule(
        queue="mail", id="daily", repeat={"every": 3_600_000}, template={"name": "booking", "data": mail("daily")}
    )
    plain = node.add(queue="mail", name="booking", data=mail("plain"))
    with ours("mail"):
        reason = node.ended(queue="mail", id=run)["failedReason"]
        node.ended(queue="mail", id=plain)
    assert reason.startswith("rejected: ") and "QUE-SCHEDULER" in reason
    assert redis.hgetall(FINDINGS) == {"QUE-SCHEDULER": "1"}
    assert emulator.copies() == {address("plain"): 1}


def test_a_child_of_a_flow_is_failed_and_its_parent_stays(node, redis, ours, emulator):
    node.listen(queue="mail")
    child = {"name": "booking", "queueName": "mail", "data": mail("child")}
    (run,) = node.flow(tree={"name": "parent", "queueName": "parents", "data": {}, "children": [child]})
    with ours("mail"):
        reason = node.ended(queue="mail", id=run)["failedReason"]
        until("the child's end", lambda: node.counts(queue="mail")["failed"] == 1)
    assert reason.startswith("rejected: ") and "QUE-FLOW" in reason
    assert node.counts(queue="parents")["waiting-children"] == 1
    assert redis.hgetall(FINDINGS) == {"QUE-FLOW": "1"}
    assert emulator.copies() == {}


def test_a_payload_that_waits_for_an_active_job_to_end_is_a_finding(node, redis, ours, emulator):
    """BullMQ calls it keepLastIfActive: its own worker would make a job of the payload, we leave it where it is."""
    node.listen(queue="mail")
    emulator.fault(delay_s=0.5)
    opts = {"deduplication": {"id": "last", "keepLastIfActive": True}}
    first = node.add(queue="mail", name="booking", data=mail("first"), opts=opts)
    with ours("mail"):
        until("the first job's start", lambda: redis.lrange("bull:mail:active", 0, -1))
        assert node.add(queue="mail", name="booking", data=mail("second"), opts=opts) == first
        node.ended(queue="mail", id=first)
    assert redis.hgetall(FINDINGS) == {"QUE-DEDUPLICATION-NEXT": "1"}
    assert redis.exists("bull:mail:dn:last")
    assert emulator.copies() == {address("first"): 1}
