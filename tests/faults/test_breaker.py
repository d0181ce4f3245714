"""What trips a breaker and what must not. One message at a time, so that calls can be counted."""

import time
from collections import Counter
from email.utils import formatdate

import pytest

from faults.arena import Arena, Fault, arena
from faults.checker import check
from faults.trail import shut, trail

ORDER = ("postmark", "resend")
DOUBT: Fault = {"status": 500, "accept": True, "match": {"method": "POST"}}  # taken, and found by the look-up
TRIPPING: dict[str, tuple[Fault, str, int]] = {  # what calls meet, the rule that follows, and after how many of them
    "F1 500, three times": ({**DOUBT, "times": 3}, "T1", 3),
    "F1 500, a hundred times": ({**DOUBT, "times": 100}, "T1", 3),
    "F2 503, come back in 120 s": ({"status": 503, "headers": {"Retry-After": "120"}, "times": -1}, "T1", 3),
    "F14 401": ({"status": 401, "times": -1}, "T3", 1),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * name.endswith("three times")) for name in TRIPPING]
)
def test_a_provider_in_trouble_is_taken_out_once_and_soon(name: str) -> None:
    trouble, rule, calls = TRIPPING[name]
    with arena(ORDER, breaker=True, in_flight=1) as field:
        field.strike({"provider": "postmark", **trouble})
        field.start()
        mails = field.burst("trouble", 8)
        field.eventually("postmark taken out", lambda: shut(field, "postmark"))
        (cause,) = field.house.ask("incident", "detect").data["causes"]
        field.end_workers()
        verdict, seen = check(field, name, mails), trail(field)
    assert verdict.states == {"accepted": len(mails)}
    assert {life.copies for life in verdict.lives.values()} == {1}
    trip = seen.moves("postmark")[0]
    assert seen.rules("postmark").count(rule) == 1
    assert len([call for call in seen.calls["postmark"] if call.at <= trip.after.until]) == calls
    assert (cause["key"], cause["severity"]) == ("provider/postmark", "critical" if rule == "T3" else "error")
    assert not seen.moves("resend")


def test_too_many_is_no_fault_and_burns_no_attempt() -> None:
    """F3: when to come back is told in seconds, as a date, and not at all."""
    with arena(breaker=True, in_flight=4) as field:
        later = formatdate(time.time() + 2, usegmt=True)
        many: Fault = {"provider": "resend", "status": 429}
        told = [{**many, "headers": {"Retry-After": when}} for when in ("1", later)]
        field.strike(*told, {**many, "times": -1})
        field.burst("storm", 2)
        field.start()
        enough = "one in vain as often as one may fail, and another"
        field.eventually(enough, lambda: shut(field, "resend") or in_vain(field)[:2] >= [3, 1])
        field.emulator.call("DELETE", "/faults")
        field.end_workers()
        verdict, seen = check(field, "F3 429"), trail(field)
    assert verdict.states == {"accepted": len(field.sent)}
    assert not seen.entries, "no breaker moved"


def in_vain(field: Arena) -> list[int]:
    """How often Resend told messages that these are too many, the most patient one first."""
    calls = trail(field).calls.get("resend", [])
    counts = Counter(call.message for call in calls if call.told.get("kind") == "throttled")
    return sorted(counts.values(), reverse=True)


def test_a_provider_that_fails_every_other_call_is_taken_out_by_its_rate() -> None:
    """F15: never three faults in a row."""
    with arena(ORDER, breaker=True, in_flight=1) as field:
        mails = [field.mail("odd", "standard", *([{"provider": "postmark", **DOUBT}] * (n % 2))) for n in range(24)]
        field.start()
        field.eventually("postmark taken out", lambda: shut(field, "postmark"))
        field.end_workers()
        verdict, seen = check(field, "F15 every other call", mails), trail(field)
    assert seen.rules("postmark")[0] == "T2"
    assert "of 2" in seen.moves("postmark")[0].after.reason
    assert verdict.states == {"accepted": len(mails)}
    assert not seen.moves("resend")
