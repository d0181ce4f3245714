"""What a Node application adds is sent once, and its own BullMQ shows it how each message ended."""

import json

import pytest

from interop.mail import address, mail
from interop.parties import until

LANES = "email-critical,email-standard,email-bulk"
OPTIONS = {
    "plain": {},
    "custom-id": {"jobId": "booking/8731"},
    "unicode-id": {"jobId": "buchung/größe-☂"},
    "priority": {"priority": 7},
    "delay": {"delay": 250},
    "delay-priority": {"delay": 250, "priority": 2},
    "lifo": {"lifo": True},
    "remove-false": {"removeOnComplete": False, "removeOnFail": False},
    "keep-number": {"removeOnComplete": 1000, "removeOnFail": 1000},
    "keep-age": {"removeOnComplete": {"count": 1000, "age": 3600}, "removeOnFail": {"age": 3600}},
    "attempts": {"attempts": 5, "backoff": {"type": "exponential", "delay": 1000}},
    "attempts-fixed": {"attempts": 3, "backoff": 500, "stackTraceLimit": 2, "keepLogs": 10},
    "deduplicated": {"deduplication": {"id": "once"}},
    "deduplicated-ttl": {"deduplication": {"id": "once-a-minute", "ttl": 60_000}},
}


def jobs(kind: str) -> list[dict]:
    """One job for each way to add one, whose messages are named `kind/way`."""
    return [
        {"name": "booking", "data": mail(f"{kind}/{name}"), "opts": {**options, **_own_id(kind, options)}}
        for name, options in OPTIONS.items()
    ]


def _own_id(kind: str, options: dict) -> dict:
    return {"jobId": f"{options['jobId']}-{kind}"} if "jobId" in options else {}


def test_each_way_to_add_ends_as_accepted(node, ours, emulator):
    """add one by one and addBulk, in each lane, added before the worker starts and while it runs."""
    for lane in LANES.split(","):
        node.listen(queue=lane)
    ids = {lane: [node.add(queue=lane, **job) for job in jobs(f"{lane}/one")] for lane in LANES.split(",")}
    with ours(LANES) as _:
        for lane in LANES.split(","):
            bulk = [job for job in jobs(f"{lane}/bulk") if "deduplication" not in job["opts"]]
            ids[lane] += node.addBulk(queue=lane, jobs=bulk)
        ends = [node.ended(queue=lane, id=job) for lane, added in ids.items() for job in added]
        assert {end["event"] for end in ends} == {"completed"}
        assert {json.dumps(sorted(end["returnvalue"])) for end in ends} == {'["provider", "provider_id", "state"]'}
        assert {(end["returnvalue"]["state"], end["returnvalue"]["provider"]) for end in ends} == {
            ("accepted", "resend")
        }
        for lane, added in ids.items():
            counts = node.counts(queue=lane)
            assert counts.pop("completed") == len(added)
            assert not any(counts.values())
    copies = emulator.copies()
    assert len(copies) == sum(map(len, ids.values())) == 3 * (2 * len(OPTIONS) - 2)
    assert set(copies.values()) == {1}


def test_the_result_of_a_job_is_where_a_node_application_looks(node, ours):
    """`job.waitUntilFinished` gives the returnvalue, or throws the failedReason; getters agree."""
    node.listen(queue="mail")
    sent = node.add(queue="mail", name="booking", data=mail("sent"))
    refused = node.add(queue="mail", name="booking", data=mail("refused", type="no.such.type"), opts={"attempts": 3})
    with ours("mail"):
        value = node.result(queue="mail", id=sent, ms=20_000)["value"]
        reason = node.result(queue="mail", id=refused, ms=20_000)["reason"]
        good, bad = node.job(queue="mail", id=sent), node.job(queue="mail", id=refused)
    assert value["state"] == "accepted" and value["provider"] == "resend" and value["provider_id"]
    assert reason.startswith("rejected: ") and "MSG-TYPE" in reason
    assert (good["states"], good["returnvalue"], good["attemptsMade"]) == (["completed"] * 2, value, 1)
    assert (bad["states"], bad["failedReason"], bad["attemptsMade"]) == (["failed"] * 2, reason, 1)
    assert bad["stacktrace"] == [reason]
    assert good["processedBy"].startswith("nf.")


def test_what_may_not_be_sent_is_completed_with_its_state(node, ours, emulator):
    node.listen(queue="mail")
    job = node.add(queue="mail", name="news", data=mail("news/1", type="newsletter"))
    with ours("mail"):
        assert node.ended(queue="mail", id=job)["returnvalue"]["state"] == "no_consent"
    assert emulator.copies() == {}


def test_jobs_that_ask_to_be_removed_are_gone_when_they_have_ended(node, ours, emulator):
    node.listen(queue="mail")
    gone = node.add(queue="mail", name="booking", data=mail("gone"), opts={"removeOnComplete": True})
    lost = node.add(queue="mail", name="booking", data={"v": 9, "id": "lost"}, opts={"removeOnFail": True})
    with ours("mail"):
        assert node.ended(queue="mail", id=gone)["returnvalue"]["state"] == "accepted"
        assert node.ended(queue="mail", id=lost)["failedReason"].startswith("rejected: ")
        assert node.job(queue="mail", id=gone) is None
        assert node.job(queue="mail", id=lost) is None
        assert not any(node.counts(queue="mail").values())
    assert emulator.copies() == {address("gone"): 1}


def test_a_second_add_is_a_duplicate_and_sends_nothing(node, ours, emulator):
    """By job id, by a deduplication that ends with its job, and by one that lasts for a time."""
    node.listen(queue="mail")
    ways = [{"jobId": "b/1"}, {"deduplication": {"id": "d1"}}, {"deduplication": {"id": "d2", "ttl": 60_000}}]
    first = [node.add(queue="mail", name="b", data=mail(f"first/{at}"), opts=way) for at, way in enumerate(ways)]
    second = [node.add(queue="mail", name="b", data=mail(f"second/{at}"), opts=way) for at, way in enumerate(ways)]
    assert first == second
    with ours("mail"):
        for job in first:
            node.ended(queue="mail", id=job)
        third = [node.add(queue="mail", name="b", data=mail(f"third/{at}"), opts=way) for at, way in enumerate(ways)]
        assert [now == then for now, then in zip(third, first, strict=True)] == [True, False, True]
        node.ended(queue="mail", id=third[1])
    assert emulator.copies() == {address(f"first/{at}"): 1 for at in range(3)} | {address("third/1"): 1}


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_a_person_who_retries_a_finished_job_sends_nothing(node, ours, emulator, state):
    node.listen(queue="mail")
    data = mail("again") if state == "completed" else mail("again", type="no.such.type")
    job = node.add(queue="mail", name="b", data=data)
    with ours("mail"):
        before = node.ended(queue="mail", id=job)
        node.forget(queue="mail", id=job)
        node.retry(queue="mail", id=job, state=state)
        after = node.ended(queue="mail", id=job)
    assert after == before and after["event"] == state
    assert sum(emulator.copies().values()) == (state == "completed")


def test_a_node_client_sees_our_worker(node, ours):
    """Bull Board shows how many workers a queue has by the names of their connections."""
    node.open(queue="mail")
    with ours("mail,other"):
        names = until("a named connection", lambda: node.workers(queue="mail"))
    assert len(names) == 1
    assert names[0].startswith("bull:bWFpbA==:w:nf.")
