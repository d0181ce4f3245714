"""Jobs that cannot be sent among jobs that can, and the same message many times over."""

import json
from collections.abc import Mapping

import pytest

from faults.arena import PRIORITIES, PROVIDERS, Arena, Mail, arena
from faults.checker import check

GOOD = {"v": 1, "type": "booking.confirmation", "to": {"email": "victim@guests.example"}, "subject": "s", "text": "t"}
EVIL = "x\r\nBcc: evil@elsewhere.example"


def bad(**fields: object) -> bytes:
    return json.dumps({"id": "bad", **GOOD, **fields}).encode()


UNSENDABLE: Mapping[str, bytes | None] = {
    "12-mb": bad(html="x" * 12_000_000),
    "50001-recipients": bad(to=[{"email": f"g{number}@guests.example"} for number in range(50_001)]),
    "two-recipients": bad(to={"email": "one@guests.example,two@guests.example"}),
    "bcc": bad(bcc="evil@elsewhere.example"),
    "bad-utf8": bad().replace(b'"subject": "s"', b'"subject": "\xff\xfe"'),
    "bad-utf8-in-body": bad().replace(b'"text": "t"', b'"text": "\xc3("'),
    "nul": bad(text="before\x00after"),
    "raw-nul": bad().replace(b'"text": "t"', b'"text": "a\x00b"'),
    "lone-surrogate": bad(subject="\ud800"),
    "lone-surrogate-in-body": bad(html="<p>\udfff</p>"),
    "injection-in-subject": bad(subject=EVIL),
    "injection-in-name": bad(to={"email": "victim@guests.example", "name": EVIL}),
    "injection-in-address": bad(to={"email": f"victim@guests.example{EVIL}"}),
    "injection-in-header": bad(headers={"X-Gate": EVIL}),
    "injection-in-header-name": bad(headers={f"X-Gate: {EVIL}": "1"}),
    "reserved-header": bad(headers={"Bcc": "evil@elsewhere.example"}),
    "injection-in-reply-to": bad(reply_to=f"victim@guests.example{EVIL}"),
    "injection-in-id": bad(id=EVIL),
    "unknown-type": bad(type="gig.reminder"),
    "unknown-version": bad(v=2),
    "not-json": b"hello",
    "deep": b"[" * 100_000,
    "a-list": b"[]",
    "empty": b"",
    "missing": None,
}


def test_jobs_that_cannot_be_sent_harm_no_neighbour() -> None:
    with arena() as field:
        worker = field.start()
        jobs = [Mail(name, PRIORITIES[number % 3], "") for number, name in enumerate(UNSENDABLE)]
        for job, data in zip(jobs, UNSENDABLE.values(), strict=True):
            field.enqueue(job, data)
            field.burst("good", 1)
        odd = odd_times(field)
        field.await_end()
        assert check(field, "F37-F38 good neighbours").states == {"accepted": len(jobs) * len(PRIORITIES)}
        reasons = {job.id: field.redis.hget(job.lane + job.id, "failedReason") or b"" for job in (*jobs, *odd)}
        assert [name for name, reason in reasons.items() if not reason.startswith(b"rejected: MSG-")] == []
        copies = field.emulator.call("GET", "/mailbox?limit=1000")["copies"]
        assert {copy["recipient"] for copy in copies} == {mail.recipient for mail in field.sent}
        assert {name for copy in copies for name in copy["headers"]} == {"X-Notify-Ref"}
        assert "evil" not in json.dumps(copies)
        assert worker.poll() is None
        assert not [word for word in ('"bug"', '"adopted"') if word in field.house.log]  # each was ended at once


def odd_times(field: Arena) -> list[Mail]:
    """Jobs that tell their time in words, as a careless producer's option `timestamp` makes them."""
    odd = {time: Mail(f"time-{time}", "critical", "") for time in ("2026-11-24T09:00:00Z", "NaN", "1e999", "-1")}
    for time, job in odd.items():
        field.enqueue(job, bad(), timestamp=time)
    return list(odd.values())


def test_a_job_id_that_is_no_text_stops_nobody() -> None:
    with arena() as field:
        field.redis.hset(b"bull:email-critical:\xff\xfe", mapping={"data": bad(), "timestamp": 1, "opts": "{}"})
        field.redis.lpush("bull:email-critical:wait", b"\xff\xfe")
        worker = field.start()
        mails = field.burst("good", 5)
        field.await_end(mails)
        check(field, "F37 a job id of bytes", mails)
        assert worker.poll() is None
        assert field.redis.lrange("bull:email-critical:active", 0, -1) == [b"\xff\xfe"]  # in sight, for a human


@pytest.mark.parametrize("order", [PROVIDERS, ("ses", "postmark", "resend")], ids=["resend", "ses"])
def test_one_message_in_many_jobs_is_sent_once(order: tuple[str, ...]) -> None:
    with arena(order) as field:
        field.slow_down(0.05)
        for name in ("twin", "other-text"):
            for mail in field.burst(name, 3):
                again = mail.data(**({} if name == "twin" else {"subject": "another text"}))
                for lane in PRIORITIES:
                    for job in ("1", "again"):
                        field.enqueue(mail, again, job=f"{mail.id}/{job}", lane=f"bull:email-{lane}:")
        field.start(2)
        field.await_end()
        verdict = check(field, f"F39 many jobs, {order[0]}")
        assert {life.copies for life in verdict.lives.values()} == {1}
        assert {len(life.attempts) for life in verdict.lives.values()} == {1}


def test_whatever_is_added_or_retried_again_is_not_sent_again() -> None:
    with arena(("ses", "postmark")) as field:
        everywhere = [{"provider": name, "times": -1} for name in PROVIDERS]
        done = field.burst("done", 3)
        removed = field.burst("removed", 3)
        failed = [field.mail("unknown", "bulk", {"provider": "ses", "action": "hang"})]
        failed += [field.mail("dead", name, *({**item, "status": 503} for item in everywhere)) for name in PRIORITIES]
        failed += [field.mail("no", name, *({**item, "status": 400} for item in everywhere)) for name in PRIORITIES]
        failed += [field.mail("late", name, deadline="2020-01-01T00:00:00Z") for name in PRIORITIES]
        field.start(2)
        field.await_end()
        before = check(field, "F39 before")
        for _ in range(2):
            for mail in done:
                field.retry(mail, "completed")
            for mail in failed:
                field.retry(mail, "failed")
            for mail in removed:
                field.remove(mail)
                field.enqueue(mail, mail.data())
            field.await_end()
        after = check(field, "F39 retried, re-added")
        for name, life in before.lives.items():
            assert (life.state, life.copies, life.requests) == (
                after.lives[name].state, after.lives[name].copies, after.lives[name].requests,
            )  # fmt: skip


def test_a_doubt_that_is_promoted_still_waits_for_evidence() -> None:
    with arena(("ses", "postmark")) as field:
        mails = [field.mail("hasty", priority, {"provider": "ses", "action": "hang"}) for priority in PRIORITIES]
        field.start(2)
        for _ in range(3):
            field.eventually("doubts", lambda: all(delayed(field, mail) for mail in mails))
            for mail in mails:
                field.promote(mail)
        field.await_end()
        verdict = check(field, "F39 promoted")
        assert verdict.resends == 2


def delayed(field: Arena, mail: Mail) -> bool:
    return field.redis.zscore(f"{mail.lane}delayed", mail.id) is not None
