"""Mails are counted where they are on record: in Redis, and in the archive of those that ended long ago."""

from datetime import UTC, datetime
from pathlib import Path

from lab import NOON, Lab
from notifyctl.domain.archive import Call, Row
from notifyctl.domain.cost import Traffic
from notifyctl.domain.revision import Revision, overlay
from notifyctl.evidence import archive
from notifyctl.operations.cost import accounts, count, granted

DAY = datetime.fromtimestamp(NOON / 1000, UTC).date()
MONTH = f"{DAY:%Y-%m}"


def call(name: str, kind: str = "accepted", certainty: str = "definite", provider: str = "ses") -> Call:
    return Call(name, provider, NOON, NOON, kind, certainty, 200, "", "first", 1, 0)


def archived(home: Path, *calls: Call, at: int = NOON) -> None:
    ended = ("accepted", "", at, 0, 0, 0, 1, "ses", "p", 1)
    archive.write(home, [Row("m", "newsletter", "marketing", "bulk", *ended, calls)])


def in_redis(lab: Lab, name: str, outcome: str) -> None:
    lab.redis("HSET", f"nf:{{bull}}:att:{name}", "provider", "resend", "at", NOON, "outcome", outcome)


def test_what_was_accepted_counts_and_what_is_in_doubt_is_told_apart(lab: Lab, tmp_path: Path):
    for name, outcome in (("a", "2{}"), ("b", "1{}"), ("c", "0{}"), ("d", "")):
        in_redis(lab, name, outcome)
    lab.redis("HSET", "nf:{bull}:att:open", "provider", "resend", "at", NOON)
    archived(tmp_path, call("x"), call("y", "fault", "ambiguous"), call("z", "fault"))
    found = lab.run(count(lab.store.queue, tmp_path, MONTH))
    assert found.accepted == {(DAY, "resend"): 1, (DAY, "ses"): 1}
    assert found.doubtful == {(DAY, "resend"): 1, (DAY, "ses"): 1}


def test_a_call_in_both_places_counts_once(lab: Lab, tmp_path: Path):
    in_redis(lab, "a", "2{}")
    archived(tmp_path, call("a", provider="resend"), call("b", provider="resend"))
    assert lab.run(count(lab.store.queue, tmp_path, MONTH)).accepted == {(DAY, "resend"): 2}


def test_a_call_that_the_server_tells_again_counts_once(lab: Lab, tmp_path: Path, stuttering: None):
    in_redis(lab, "a", "2{}")
    assert lab.run(count(lab.store.queue, tmp_path, MONTH)).accepted == {(DAY, "resend"): 1}


def test_months_before_are_not_read(lab: Lab, tmp_path: Path):
    archived(tmp_path, call("a"), at=NOON - 40 * 86_400_000)
    assert lab.run(count(lab.store.queue, tmp_path, MONTH)).accepted == {}
    assert lab.run(count(lab.store.queue, tmp_path, "2020-01")).accepted == {(DAY, "ses"): 1}


def test_what_amazon_granted_is_known_when_a_worker_has_asked(lab: Lab):
    watched = f'[{{"quota":{{"name":"24 hours","limit":200,"used":3,"resets_at":0}},"at":{NOON},'
    lab.redis("HSET", "nf:{bull}:limit:ses", "quotas", f'{watched}"used_before":0,"before":{NOON}}}]')
    assert lab.run(granted(lab.store.limits, ("resend", "ses"))) == {"ses": 200}


def test_a_plan_that_nobody_told_is_the_cheapest_that_its_place_needs():
    traffic = Traffic(120_000, 120_000, 12_000)
    told = overlay(Revision(), {"providers": {"ses": {"plan": "pro"}}}, "f")
    found = accounts(told, ("postmark", "resend", "ses"), traffic, {"ses": 5})
    assert [(one.tariff.name, one.told, one.granted) for one in found] == [
        *(("platform", False, None), ("pro", False, None), ("pro", True, 5))
    ]
