"""Providers are down, and mail is queued: all of it goes out elsewhere, or afterwards and in order, or is listed.

How long that took is printed at the end of the run, beside an undisturbed one of the same messages.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

import pytest

from faults.arena import PRIORITIES, PROVIDERS, Arena, Fault, arena
from faults.checker import REPORTS, Verdict, check
from faults.trail import Trail, trail

QUEUED = 1000
IN_FLIGHT = 16
TEXT = "Doors at seven."
GONE: dict[str, list[Fault]] = {
    "undisturbed": [],
    "refuses": [{"provider": "resend", "action": "refuse"}],
    "answers 503": [{"provider": "resend", "status": 503, "times": -1}],
}


def drained(field: Arena) -> float:
    """Start two workers; the seconds until nothing is left."""
    field.start(2)
    field.await_workers(2)
    began = time.monotonic()
    field.await_end()
    return time.monotonic() - began


def test_with_a_thousand_queued_a_dead_provider_costs_no_message() -> None:
    took = {name: through(name) for name in GONE}
    REPORTS.append(f"{QUEUED} messages drained in s: " + ", ".join(f"{name} {s:.1f}" for name, s in took.items()))


def through(name: str) -> float:
    with arena(breaker=True) as field:
        field.strike(*GONE[name])
        field.flood("queued", QUEUED, html=TEXT)
        seconds = drained(field)
        field.end_workers()
        verdict, seen = check(field, f"1,000 queued, Resend {name}"), trail(field)
    assert verdict.states == {"accepted": QUEUED}
    assert {life.copies for life in verdict.lives.values()} == {1}
    if GONE[name]:
        assert seen.rules("resend")[0] == "T1"
        assert not [call for call in seen.calls["resend"] if not call.failed]
        assert not (seen.moves("postmark") or seen.moves("ses"))
    return seconds


def test_where_a_provider_answers_500_bulk_in_doubt_is_what_was_under_way_and_it_is_listed() -> None:
    """Only a replay there would end the doubt, and Resend stays down. A person orders a second copy of one mail."""
    with arena(breaker=True) as field:
        broken = [{"provider": name, "status": 500, "times": -1, "delay_s": 0.5} for name in ("resend", "postmark")]
        poison = field.mail("poison", "critical", *broken)
        field.strike(broken[0])
        bulk = field.flood("doubt", QUEUED, ("bulk",), html=TEXT)
        drained(field)
        listed = {mail["id"] for mail in field.house.ask("queue", "unknown").data["messages"]}
        field.emulator.call("DELETE", "/faults?provider=postmark")
        ordered = field.house.run("message", "resend", poison.id, "--yes", "--reason", "the guest waits at the door")
        field.end_workers()
        verdict, seen = check(field, "1,000 queued, Resend answers 500"), trail(field)
    trip = seen.moves("resend")[0]
    under_way = {call.message for call in seen.calls["resend"] if call.at <= trip.at}
    unknown = {mail.id for mail in bulk if verdict.of(mail).state == "unknown"}
    assert set() < unknown <= under_way
    assert listed == unknown | {poison.id}
    assert verdict.states["accepted"] == QUEUED + 1 - len(unknown), ordered.err
    assert (verdict.of(poison).resends, verdict.of(poison).unasked) == (2, 1)
    REPORTS.append(f"500: {len(unknown)} of {QUEUED:,} bulk mails in doubt and listed, {len(under_way)} were under way")


def test_when_all_are_down_mail_is_held_and_told_once_and_drains_in_order() -> None:
    all_down(QUEUED)


@pytest.mark.long
def test_ten_thousand_are_held_as_well() -> None:
    all_down(10 * QUEUED)


def all_down(count: int) -> None:
    """F18: ten minutes at the demo's pace, in which each provider's window ends twice."""
    with arena(breaker=True, in_flight=IN_FLIGHT) as field:
        pager = field.house.home / "pager"
        field.house.environ["NOTIFYCTL_NOTIFY_COMMAND"] = f"tee -a {pager}"
        turn(field, "refuse")
        field.flood("held", count, html=TEXT)
        field.start(2)
        field.eventually("all of them out, and tried twice", lambda: tried_twice(trail(field)))
        waiting = [line(field, priority) for priority in PRIORITIES]
        turn(field, "restore")
        field.await_end()
        field.eventually("the end told", lambda: "incident.recovered" in told(pager))
        field.end_workers()
        verdict, seen = check(field, f"F18 all down, {count:,} queued"), trail(field)
        assert told(pager) == ["incident.opened", "incident.recovered"]
    assert verdict.states == {"accepted": count}
    nothing_tried(seen)
    in_order(verdict, seen, waiting)


def nothing_tried(seen: Trail) -> None:
    """No call but the probes from the last trip to the return of the first one; each message has one call more."""
    trips, wells = (
        [move.at for name in PROVIDERS for move in seen.moves(name) if move.after.rule == rule] for rule in ("T1", "T5")
    )
    calls = [call for made in seen.calls.values() for call in made]
    assert len(trips) == len(PROVIDERS)
    assert not [call for call in calls if max(trips) < call.at < min(wells)]
    assert {call.told["code"] for call in calls if call.failed} == {"connect"}, "which burns no attempt"


def in_order(verdict: Verdict, seen: Trail, waiting: Sequence[Sequence[str]]) -> None:
    """Lane after lane, and in each the oldest first, on the whole: workers carry several, and each has its turn.

    A message that was taken and given back, since another one had the place of the probe, stands in line again.
    """
    out = {call.message: call.at for made in seen.calls.values() for call in made}
    once = [[name for name in names if verdict.lives[name].job["ats"] == "1"] for names in waiting]
    middles = [median(out[name] for name in names) for names in once]
    assert middles == sorted(middles)
    off = [places_off(names, sorted(names, key=out.__getitem__)) for names in once]
    assert all(each < len(names) / 6 for each, names in zip(off, once, strict=True)), "by chance it were a third"
    REPORTS.append("drained oldest first; on average places off: " + ", ".join(f"{each:.1f}" for each in off))


def places_off(names: Sequence[str], others: Sequence[str]) -> float:
    """How far the places of a name in the two orders are from each other, on average."""
    places = {name: place for place, name in enumerate(others)}
    return mean(abs(places[name] - place) for place, name in enumerate(names))


def line(field: Arena, priority: str) -> list[str]:
    """What waits in a lane and was never taken, oldest first."""
    return [name.decode() for name in reversed(field.redis.lrange(f"bull:email-{priority}:wait", 0, -1))]


def turn(field: Arena, verb: str) -> None:
    """Have every provider refuse connections, or listen again."""
    for name in PROVIDERS:
        field.emulator.call("POST", f"/providers/{name}/{verb}")


def tried_twice(seen: Trail) -> bool:
    return all(seen.rules(name).count("T7") >= 2 for name in PROVIDERS)


def told(pager: Path) -> list[str]:
    """What the pager was told, in order; reminders left out."""
    lines = pager.read_text().splitlines() if pager.exists() else []
    return [kind for line in lines if "reminder" not in (kind := json.loads(line)["type"])]
