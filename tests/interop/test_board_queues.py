"""What a person can do at Bull Board to a whole queue: no mail is sent twice, and none is lost without a finding."""

import pytest

from interop.board import Refused
from interop.mail import address, mail
from interop.parties import Node, until
from interop.scene import BULK, CRITICAL, FAR, LANES, STANDARD, Mail


def backlog(scene, lane: str, count: int = 30) -> list[Mail]:
    """So many messages of which the last ten surely wait, since every call takes long."""
    scene.slow()
    jobs = scene.add(lane, "backlog", count)
    scene.await_place(jobs[-10:], "wait")
    return jobs


def test_retry_of_all_completed_jobs_sends_nothing(scene):
    """With two workers, who race for them; the button is pressed twice."""
    with scene.working(2):
        sent = scene.everywhere("sent", 40) + scene.everywhere("auto", 10, jobId=None)
        scene.await_place(sent, "completed")
        for _ in range(2):
            assert all(scene.board.retry_all(lane, "completed")["skipped"] == 0 for lane in LANES)
            scene.await_place(sent, "completed")
        assert scene.judge() == set()
        scene.noticed()
    assert scene.copies(sent) == [1] * 150


def test_retry_of_all_failed_jobs_sends_those_that_never_left(scene):
    """Some were refused at the door and some by the provider; only a mended text has anything to send."""
    with scene.working(2):
        scene.strike_names(STANDARD, "refused", 3, status=422)
        refused = scene.add(STANDARD, "refused", 3)
        typos = scene.add(STANDARD, "typo", 3, fields={"type": "no.such.type"})
        scene.await_place(refused + typos, "failed")
        scene.board.edit(STANDARD, typos[0].job, mail(typos[0].id))
        assert scene.board.retry_all(STANDARD, "failed") == {"retried": 6, "skipped": 0}
        scene.await_place([typos[0]], "completed")
        scene.await_place([*refused, *typos[1:]], "failed")
        assert scene.judge() == set()
    assert scene.copies(refused + typos) == [0, 0, 0, 1, 0, 0]


def test_promote_of_all_delayed_jobs_sends_each_once(scene):
    """Those that a producer delayed go out; one in doubt stays with us until there is evidence."""
    with scene.working(2):
        scene.strike_names(CRITICAL, "doubt", 1, action="hang")
        doubtful = scene.add(CRITICAL, "doubt")
        later = scene.everywhere("later", 20, delay=FAR)
        scene.await_place(doubtful + later, "delayed")
        for lane in LANES:
            scene.board.promote_all(lane)
        assert scene.judge() == set()
        scene.noticed()
    assert scene.copies(doubtful + later) == [1] * 61


def test_clean_of_ended_jobs_forgets_no_message(scene):
    """Completed and failed ones are gone from the board; added again, they send nothing."""
    with scene.working():
        done = scene.add(CRITICAL, "done", 5)
        wrong = scene.add(CRITICAL, "wrong", 2, fields={"type": "no.such.type"})
        scene.await_place(done, "completed")
        scene.await_place(wrong, "failed")
        until("five seconds", lambda: not cleaned(scene, CRITICAL, "completed", "failed"))
        again = scene.add(CRITICAL, "done", 5)
        scene.await_place(again, "completed")
        assert scene.judge() == set()
        scene.noticed()
    assert scene.copies(done + wrong) == [1] * 5 + [0] * 2


def cleaned(scene, lane: str, *tabs: str) -> int:
    """Press clean on these tabs; how many jobs are left there."""
    for tab in tabs:
        scene.board.clean(lane, tab)
    return sum(scene.board.counts(lane)[tab] for tab in tabs)


def test_clean_of_what_waits_loses_that_and_nothing_else(scene):
    """Waiting, prioritized and delayed ones; what is on the wire is not touched."""
    with scene.working():
        jobs = backlog(scene, STANDARD)
        urgent = scene.add(STANDARD, "urgent", 5, priority=2)
        later = scene.add(STANDARD, "later", 5, delay=FAR)
        for tab in ("waiting", "prioritized", "delayed", "active"):
            scene.board.clean(STANDARD, tab)
        scene.heal()
        lost = scene.judge()
        scene.noticed(QUE_VANISHED=len(lost))
    gone = {one.id for one in [*jobs[-10:], *urgent, *later]}
    assert gone <= lost
    assert lost | {one.id for one in jobs if scene.state(one) == "accepted"} == {one.id for one in scene.sent}
    assert all(scene.copies(jobs[:1]))


def test_an_emptied_queue_loses_what_waited_and_nothing_else(scene):
    """BullMQ's drain: waiting and prioritized jobs go without an event; delayed ones stay."""
    with scene.working(2):
        jobs = backlog(scene, CRITICAL)
        urgent = scene.add(CRITICAL, "urgent", 5, priority=2)
        later = scene.add(CRITICAL, "later", 2, delay=FAR)
        others = scene.add(STANDARD, "others", 3)
        scene.board.empty(CRITICAL)
        scene.heal()
        lost = scene.judge(later)
        scene.noticed(QUE_VANISHED=len(lost))
        scene.await_place(later, "delayed")
    assert {one.id for one in [*jobs[-10:], *urgent]} <= lost <= {one.id for one in [*jobs, *urgent]}
    assert scene.copies(others) == [1] * 3


def test_a_message_lost_with_its_queue_is_sent_when_it_is_added_again(scene):
    """And those that were on the wire when the queue was emptied are not sent a second time."""
    with scene.working():
        backlog(scene, CRITICAL)
        scene.board.empty(CRITICAL)
        scene.heal()
        assert scene.judge()
        scene.add(CRITICAL, "backlog", 30)
        assert scene.judge() == set()
    assert scene.copies(scene.sent) == [1] * 30


def test_a_pause_in_the_middle_loses_and_doubles_nothing(scene):
    """What is on the wire ends; the rest, what comes meanwhile, and what falls due, goes out after it."""
    with scene.working(2):
        jobs = backlog(scene, CRITICAL)
        scene.board.pause(CRITICAL)
        meanwhile = scene.add(CRITICAL, "meanwhile", 5) + scene.add(CRITICAL, "due", 5, delay=1)
        free = scene.everywhere("free", 1)[1:]
        scene.heal()
        scene.await_place(free, "completed")
        until("the end of what was on the wire", lambda: scene.board.counts(CRITICAL)["active"] == 0)
        assert scene.copies(meanwhile) == [0] * 10
        scene.board.resume(CRITICAL)
        assert scene.judge() == set()
    assert scene.copies(jobs + meanwhile) == [1] * 40


def test_all_lanes_paused_and_resumed_again_and_again_lose_nothing(scene):
    with scene.working(2):
        scene.slow(0.2)
        sent = scene.everywhere("sent", 20)
        for _ in range(4):
            scene.board.pause_all()
            sent += scene.everywhere(f"round-{_}", 5)
            scene.board.resume_all()
        scene.heal()
        assert scene.judge() == set()
        scene.noticed()
    assert set(scene.copies(sent)) == {1}


def test_an_obliterated_queue_needs_a_pause_and_force(scene):
    with scene.working():
        backlog(scene, CRITICAL)
        with pytest.raises(Refused) as unpaused:
            scene.board.obliterate(CRITICAL, force=True)
        scene.board.pause(CRITICAL)
        with pytest.raises(Refused) as active:
            scene.board.obliterate(CRITICAL)
        scene.board.resume(CRITICAL)
        scene.heal()
        assert (unpaused.value.status, active.value.status) == (400, 409)
        assert scene.judge() == set()


def test_an_obliterated_queue_loses_what_waited_and_records_what_was_on_the_wire(scene):
    """The queue starts anew, its ids from 1: new messages go out, and none of the old ones again."""
    with scene.working():
        done = scene.add(CRITICAL, "done", 5, jobId=None)
        scene.await_place(done, "completed")
        jobs = backlog(scene, CRITICAL, 300)
        scene.await_audit()
        on_the_wire = scene.redis.lrange(f"bull:{CRITICAL}:active", 0, -1)
        scene.board.pause(CRITICAL)
        scene.board.obliterate(CRITICAL, force=True)
        scene.heal()
        until("the ends of calls", lambda: not scene.redis.zcard("nf:{bull}:inflight"))
        assert on_the_wire and all(scene.state(one) == "accepted" for one in jobs if one.job in on_the_wire)
        fresh = scene.add(CRITICAL, "fresh", 5, jobId=None)
        assert {one.job for one in fresh} <= {one.job for one in done}
        lost = scene.judge()
        scene.noticed(QUE_OBLITERATED=1, QUE_VANISHED=len(lost))
        again = scene.add(CRITICAL, "done", 5, jobId=None)
        scene.await_place(again, "completed")
    assert lost == {one.id for one in jobs if scene.copies([one]) == [0]}
    assert scene.copies(done + fresh) == [1] * 10


def test_an_obliteration_between_two_audits_is_noticed(scene):
    """What came and went with it between them is not known by name: the finding is of the queue."""
    with scene.working():
        scene.await_place(scene.add(CRITICAL, "done", 40), "completed")
        scene.await_audit()
        backlog(scene, CRITICAL)
        scene.board.pause(CRITICAL)
        scene.board.obliterate(CRITICAL, force=True)
        scene.heal()
        assert scene.judge()
        scene.noticed(QUE_OBLITERATED=1)


@pytest.mark.parametrize("line", ["bullmq"], indirect=True)
def test_a_resume_by_bullmq_5_over_a_pause_by_bullmq_6_doubles_nothing(scene, valkey):
    """BullMQ 5 renames its own list of paused jobs over what 6 left waiting, and so loses that. The board is of 6."""
    older = Node("bullmq5", valkey.port)
    try:
        with scene.working():
            scene.board.pause(BULK)
            by_six = scene.add(BULK, "six", 3)
            data = mail("five", type="event.cancelled")
            older.add(queue=BULK, name="mail", data=data, opts={"jobId": "five"})
            scene.await_audit()  # while there is still something that can be saved
            older.resume(queue=BULK)
            until("the end of what is left", lambda: scene.board.counts(BULK)["completed"] == 1)
            assert scene.judge() == {one.id for one in by_six}
            scene.noticed(QUE_PAUSE_MIXED=1, QUE_ORPHAN=3)
        assert scene.emulator.copies() == {address("five"): 1}
    finally:
        older.stop()
