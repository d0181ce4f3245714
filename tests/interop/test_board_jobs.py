"""What a person can do at Bull Board to one job: no mail is sent twice, and none is lost without a finding."""

import time
from typing import Any

import pytest

from interop.board import Refused
from interop.mail import address, mail
from interop.parties import until
from interop.scene import BULK, CRITICAL, FAR, LANES, STANDARD, TYPES

PAUSE = "8"  # seconds: longer than a worker keeps a message in memory until its turn


def test_the_page_shows_our_lanes_our_workers_and_our_ends(scene):
    with scene.working():
        sent = scene.everywhere("shown", 2)
        scene.await_quiet()
        until("a named connection", lambda: len(scene.board.workers(BULK)) == 1)
        shown = [scene.board.job(one.lane, one.job) for one in sent]
        refused = scene.add(CRITICAL, "refused", fields={"type": "no.such.type"})
        scene.await_place(refused, "failed")
    assert "<title>Bull Dashboard</title>" in scene.board.page()
    assert {one["status"] for one in shown} == {"completed"}
    assert {one["job"]["returnValue"]["state"] for one in shown} == {"accepted"}
    (failed,) = scene.board.jobs(CRITICAL, "failed")
    assert failed["failedReason"].startswith("rejected: ") and failed["isFailed"]
    assert [scene.board.counts(lane)["completed"] for lane in LANES] == [2, 2, 2]
    assert scene.judge() == set()


def test_retry_of_a_completed_job_sends_nothing(scene):
    """In each lane, with ids of the producer's and with BullMQ's own; however often it is pressed."""
    with scene.working():
        sent = scene.everywhere("own", 1) + scene.everywhere("auto", 1, jobId=None)
        scene.await_place(sent, "completed")
        for _ in range(3):
            for one in sent:
                scene.board.retry(one.lane, one.job)
            scene.await_place(sent, "completed")
        assert scene.judge() == set()
        scene.noticed()
    assert scene.copies(sent) == [1] * len(sent)


def test_retry_of_a_failed_job_whose_text_was_mended_sends_it_once(scene):
    with scene.working():
        (wrong,) = scene.add(CRITICAL, "typo", fields={"type": "no.such.type"})
        scene.await_place([wrong], "failed")
        scene.board.retry(CRITICAL, wrong.job)
        scene.await_place([wrong], "failed")
        assert scene.copies([wrong]) == [0]
        scene.board.edit(CRITICAL, wrong.job, mail(wrong.id))
        scene.board.retry(CRITICAL, wrong.job)
        scene.await_place([wrong], "completed")
        assert scene.judge() == set()
        scene.noticed()
    assert scene.copies([wrong]) == [1]


def test_retry_of_a_failed_job_that_may_be_out_sends_nothing(scene):
    """The provider took it, never answered, and tells nothing: nobody knows, so nobody sends again."""
    with scene.working():
        scene.strike_names(BULK, "doubt", 2, action="hang")
        scene.strike_names(BULK, "doubt", 2, status=500, times=-1)
        doubtful = scene.add(BULK, "doubt", 2)
        scene.await_place(doubtful, "failed")
        assert [scene.state(one) for one in doubtful] == ["unknown"] * 2
        scene.heal()
        scene.board.retry(BULK, doubtful[0].job)
        scene.await_place(doubtful, "failed")
        assert scene.board.retry_all(BULK, "failed") == {"retried": 2, "skipped": 0}
        scene.await_place(doubtful, "failed")
        assert scene.judge() == set()
        scene.noticed("MSG-UNKNOWN")
    assert scene.copies(doubtful) == [1, 1]


def test_promote_sends_the_one_now_and_leaves_the_others(scene):
    with scene.working():
        later = scene.everywhere("later", 2, delay=FAR)
        scene.await_place(later, "delayed")
        now = later[::2]
        for one in now:
            scene.board.promote(one.lane, one.job)
        scene.await_place(now, "completed")
        left = later[1::2]
        assert scene.judge(left) == set()
        scene.await_place(left, "delayed")
    assert scene.copies(later) == [1, 0] * 3


def test_promote_of_a_message_that_waits_for_evidence_sends_nothing(scene):
    """Its copy may be out. Pressed again and again, the button changes nothing until the provider says so."""
    with scene.working():
        scene.strike_names(CRITICAL, "doubt", 1, action="hang")
        (doubtful,) = scene.add(CRITICAL, "doubt")
        scene.await_place([doubtful], "delayed")
        calls = 0
        while scene.state(doubtful) == "attempting":
            calls += scene.pressed(scene.board.promote, CRITICAL, doubtful.job)
        assert calls
        assert scene.judge() == set()
        scene.noticed()
    assert scene.copies([doubtful]) == [1]


def test_promote_of_a_message_whose_provider_asked_for_a_pause_does_not_disturb_it(scene):
    with scene.working():
        scene.emulator.fault(status=429, headers={"Retry-After": PAUSE})
        (held,) = scene.add(BULK, "held")
        scene.await_place([held], "delayed")
        before = scene.requests()
        while scene.state(held) == "held":
            scene.pressed(scene.board.promote, BULK, held.job)
        assert scene.judge() == set()
    assert scene.requests() - before == 1
    assert scene.copies([held]) == [1]


PLACES: dict[str, dict[str, Any]] = {"wait": {}, "prioritized": {"priority": 5}, "delayed": {"delay": FAR}}


def test_remove_takes_that_job_and_no_other(scene):
    """Before its first attempt: this mail is not sent, by a person's wish."""
    with scene.working():
        scene.slow()
        jobs = {place: scene.add(STANDARD, place, 20, **opts) for place, opts in PLACES.items()}
        taken = [one for place in PLACES for one in jobs[place][15:17]]
        for place in PLACES:
            scene.await_place(jobs[place][15:17], place)
        for one in taken:
            scene.board.remove(STANDARD, one.job)
        scene.heal()
        assert scene.judge(jobs["delayed"]) == {one.id for one in taken}
        scene.noticed(QUE_REMOVED=6)
    assert scene.copies(taken) == [0] * 6


def test_remove_of_a_message_that_we_hold_takes_it(scene):
    """Its provider asked for a pause, and the person did not want to wait; the others go out after it."""
    with scene.working():
        scene.emulator.fault(status=429, headers={"Retry-After": PAUSE})
        (held,) = scene.add(BULK, "held")
        scene.await_place([held], "delayed")
        others = scene.add(BULK, "others", 2)
        scene.board.remove(BULK, held.job)
        assert scene.judge() == {held.id}
        scene.noticed(QUE_REMOVED=1)
        assert scene.state(held) == "cancelled"
    assert scene.copies([held, *others]) == [0, 1, 1]


def test_remove_of_an_active_job_is_refused(scene):
    with scene.working():
        scene.slow()
        (busy,) = scene.add(CRITICAL, "busy")
        scene.await_place([busy], "active")
        with pytest.raises(Refused) as no:
            scene.board.remove(CRITICAL, busy.job)
        assert no.value.status == 409
        assert scene.judge() == set()
    assert scene.copies([busy]) == [1]


@pytest.mark.parametrize("end", ["completed", "failed"])
def test_a_message_whose_finished_job_was_removed_is_not_sent_again(scene, end):
    """The producer adds it once more: what is on record of a message outlives its job."""
    fields = {"type": "no.such.type"} if end == "failed" else {}
    with scene.working():
        first = scene.everywhere("ended", 1, fields=fields)
        scene.await_place(first, end)
        for one in first:
            scene.board.remove(one.lane, one.job)
        again = scene.everywhere("ended", 1, fields=fields)
        scene.await_place(again, end)
        assert scene.judge() == set()
        scene.noticed()
    assert scene.copies(again) == [int(end == "completed")] * 3


def test_a_message_in_doubt_whose_job_was_removed_and_added_again_is_not_sent_again(scene):
    with scene.working():
        scene.strike_names(CRITICAL, "doubt", 1, action="hang")
        (doubtful,) = scene.add(CRITICAL, "doubt")
        scene.await_place([doubtful], "delayed")
        scene.board.remove(CRITICAL, doubtful.job)
        (again,) = scene.add(CRITICAL, "doubt")
        scene.await_place([again], "completed")
        assert scene.judge() == set()
    assert scene.copies([again]) == [1]


def test_a_message_in_doubt_whose_job_was_removed_ends_as_unknown(scene):
    """Nobody will look for evidence any more: a person must."""
    with scene.working():
        scene.strike_names(CRITICAL, "doubt", 1, action="hang")
        (doubtful,) = scene.add(CRITICAL, "doubt")
        scene.await_place([doubtful], "delayed")
        scene.board.remove(CRITICAL, doubtful.job)
        scene.noticed("MSG-UNKNOWN", QUE_REMOVED=1)
        assert scene.judge() == set()
    assert scene.state(doubtful) == "unknown"


def test_a_text_edited_before_the_first_attempt_is_what_is_sent(scene):
    with scene.working():
        scene.slow()
        jobs = scene.add(STANDARD, "edited", 30)
        last = jobs[25]
        scene.await_place([last], "wait")
        scene.board.edit(STANDARD, last.job, mail(last.id, type="booking.reminder", subject="Doors at eight"))
        scene.heal()
        assert scene.judge() == set()
        scene.noticed()
    box = scene.emulator.control("GET", f"/mailbox?recipient={address(last.id)}")
    assert [copy["subject"] for copy in box["copies"]] == ["Doors at eight"]


def test_a_text_edited_after_an_attempt_is_never_sent(scene):
    """What is out, or may be, stays what it was: another text needs another message."""
    with scene.working():
        scene.strike_names(CRITICAL, "doubt", 1, action="hang")
        (doubtful,) = scene.add(CRITICAL, "doubt")
        (done,) = scene.add(STANDARD, "done")
        scene.await_place([doubtful], "delayed")
        scene.await_place([done], "completed")
        for one in (doubtful, done):
            scene.board.edit(one.lane, one.job, mail(one.id, type=TYPES[one.lane], subject="Doors at eight"))
        scene.board.retry(STANDARD, done.job)
        assert scene.judge() == set()
        scene.noticed("MSG-UNKNOWN", QUE_EDITED=2)
    box = scene.emulator.control("GET", "/mailbox")
    assert {copy["subject"] for copy in box["copies"]} == {"Your booking"}
    assert scene.copies([doubtful, done]) == [1, 1]


def test_a_text_edited_during_a_call_changes_nothing_of_it(scene):
    with scene.working():
        scene.slow()
        (busy,) = scene.add(CRITICAL, "busy")
        scene.await_place([busy], "active")
        scene.board.edit(
            CRITICAL, busy.job, mail(busy.id, subject="Doors at eight", to={"email": "other@mail.example"})
        )
        assert scene.judge() == set()
        scene.noticed()
    assert scene.emulator.copies() == {address(busy.id): 1}


def test_a_duplicate_of_a_job_sends_nothing_more(scene):
    """Two jobs may carry one message. It is sent once, whichever comes first."""
    with scene.working():
        scene.slow()
        done = scene.add(CRITICAL, "done", jobId=None)
        waiting = scene.add(STANDARD, "waiting", 20, jobId=None)
        scene.await_place(waiting[10:], "wait")
        for one in waiting[10:]:
            assert scene.board.duplicate(one.lane, one.job) != one.job
        scene.heal()
        scene.await_place(done, "completed")
        scene.board.duplicate(CRITICAL, done[0].job)
        assert scene.judge() == set()
        scene.noticed()
        until("the ends of both", lambda: scene.board.counts(STANDARD)["completed"] == 30)
        until("the end of the other", lambda: scene.board.counts(CRITICAL)["completed"] == 2)
    assert scene.copies(done + waiting) == [1] * 21


def test_a_job_added_by_hand_is_sent_once_and_a_wrong_one_is_refused(scene):
    with scene.working():
        data = mail("by/hand", type="booking.reminder")
        job = scene.board.add(STANDARD, "mail", data)
        wrong = scene.board.add(STANDARD, "mail", {"hello": "world"})
        nothing = scene.board.add(STANDARD, "__default__", {})
        until("its end", lambda: scene.board.job(STANDARD, job)["status"] == "completed")
        until("theirs", lambda: scene.board.counts(STANDARD)["failed"] == 2)
        for one in (wrong, nothing):
            assert scene.board.job(STANDARD, one)["job"]["failedReason"].startswith("rejected: ")
    assert scene.emulator.copies() == {address("by/hand"): 1}


def test_another_time_and_another_priority_are_honoured(scene):
    with scene.working():
        (later, sooner) = scene.add(CRITICAL, "later", 2, delay=FAR)
        scene.await_place([later, sooner], "delayed")
        scene.board.reschedule(CRITICAL, sooner.job, int(time.time() * 1000) + 100)
        scene.await_place([sooner], "completed")
        scene.slow()
        jobs = scene.add(STANDARD, "many", 20)
        scene.await_place([jobs[15]], "wait")
        scene.board.prioritise(STANDARD, jobs[15].job, 3)
        scene.heal()
        assert scene.judge([later]) == set()
    assert scene.copies([later, sooner]) == [0, 1]
