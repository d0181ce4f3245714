"""`retention run`, and what is told of a message that is archived."""

import json
import os
import time
from pathlib import Path

import pytest

from house import House, eventually
from lab import W1, Lab, intent, outcome_of
from notifyctl.domain.archive import Facts
from notifyctl.domain.attempt import State
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.engine.failpoint import RETENTION

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1", http=200)
DAY = 86_400_000
ALL = ("--keep", "0s")


@pytest.fixture(autouse=True)
def now(lab: Lab) -> None:
    """What has ended did so 40 days ago."""
    lab.now = int(time.time() * 1000) - 40 * DAY


def ended(lab: Lab, message: str, state: State = State.ACCEPTED, outcome: Outcome = ACCEPTED) -> None:
    lab.claimed(message)
    lab.admit(W1, intent(message, f"{message}-a1"))
    facts = Facts(lab.now - 900, lab.now, 300, "booking.confirmation", "critical")
    action = "complete" if state is State.ACCEPTED else "fail"
    end = outcome_of(message, f"{message}-a1", outcome, state=state, action=action, value="{}", facts=facts)
    assert lab.settle(W1, end)[0].code == "ok"


def lines(home: Path) -> list[dict[str, object]]:
    files = sorted((home / "archive").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_plan_is_told_and_nothing_done(house: House, lab: Lab) -> None:
    ended(lab, "m1")
    ran = house.ask("retention", "run", "--dry-run")
    assert (ran.code, ran.document["outcome"], ran.data["total"], ran.data["moved"]) == (0, "planned", 1, 0)
    assert list(ran.data) == ["before", "folder", "months", "total", "staying", "looked_at", "moved"]
    assert sum(ran.data["months"].values()) == 1
    assert lines(house.home) == []
    assert "1 message that ended before" in house.run("retention", "run", "--dry-run").out


def test_what_ended_a_month_ago_moves_and_the_rest_stays(house: House, lab: Lab) -> None:
    ended(lab, "old")
    lab.now += 39 * DAY
    ended(lab, "young")
    ran = house.ask("retention", "run", "--yes")
    assert (ran.code, ran.document["outcome"], ran.data["moved"]) == (0, "done", 1)
    assert [line["id"] for line in lines(house.home)] == ["old"]
    assert house.ask("retention", "run", *ALL, "--yes").data["moved"] == 1
    ran = house.ask("retention", "run", *ALL, "--yes")
    assert (ran.document["outcome"], ran.data["moved"]) == ("nothing to do", 0)


def test_before_a_time(house: House, lab: Lab) -> None:
    ended(lab, "m1")
    assert house.ask("retention", "run", "--before", "2020-01-01T00:00:00Z", "--yes").data["moved"] == 0
    assert house.ask("retention", "run", "--before", "10d", "--yes").data["moved"] == 1


def test_a_time_that_is_still_to_come_is_refused(house: House, lab: Lab) -> None:
    ended(lab, "m1")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    assert house.ask("retention", "run", "--before", soon, "--yes").code == 2
    assert lines(house.home) == []


def test_the_files_may_be_kept_elsewhere(house: House, lab: Lab, tmp_path: Path) -> None:
    ended(lab, "m1")
    house.ask("retention", "run", "--yes", NOTIFYCTL_EVIDENCE=str(tmp_path / "vault"))
    assert [line["id"] for line in lines(tmp_path / "vault")] == ["m1"]
    assert lines(house.home) == []


def test_where_nobody_can_answer_it_names_the_flag(house: House, lab: Lab) -> None:
    ended(lab, "m1")
    ran = house.execute("retention", "run", "-o", "json")
    assert (ran.code, ran.codes) == (4, ["CLI-NEEDS-YES"])
    assert lines(house.home) == []


def test_two_ways_to_say_when_exclude_each_other(house: House) -> None:
    assert house.execute("retention", "run", "--keep", "1d", "--before", "1d", "--yes").code == 2


@pytest.mark.parametrize("place", RETENTION)
def test_killed_anywhere_it_is_finished_by_the_next(house: House, lab: Lab, place: str) -> None:
    ended(lab, "m1")
    ended(lab, "m2")
    house.environ["NOTIFYCTL_FAILPOINT"] = place
    assert house.execute("retention", "run", "--yes").code == -9
    del house.environ["NOTIFYCTL_FAILPOINT"]
    assert house.ask("retention", "run", "--yes").data["moved"] == 2
    assert sorted(line["id"] for line in lines(house.home)) == ["m1", "m2"]


def test_a_worker_does_it_by_itself_and_two_do_it_once(house: House, lab: Lab) -> None:
    ended(lab, "m1")
    for _ in range(2):
        house.start("worker")
    eventually(lambda: lines(house.home))
    eventually(lambda: lab.redis("HGET", "nf:{bull}:retention", "moved") == "1")
    assert [line["id"] for line in lines(house.home)] == ["m1"]
    eventually(lambda: house.log.count('"event":"archived"') == 1)


class TestAnArchivedMessage:
    @pytest.fixture(autouse=True)
    def archived(self, house: House, lab: Lab, now: None) -> None:
        ended(lab, "m1")
        house.run("retention", "run", "--yes")

    def test_is_told_from_the_disk(self, house: House, lab: Lab) -> None:
        ran = house.ask("message", "show", "m1")
        assert (ran.data["state"], ran.data["archived"]["here"]) == ("accepted", True)
        (attempt,) = ran.data["attempts"]
        assert (attempt["provider"], attempt["outcome"]["kind"], attempt["outcome"]["http"]) == (
            *("resend", "accepted"),
            200,
        )
        told = house.run("message", "show", "m1").out
        assert "archived in archive/" in told
        assert "resend: accepted (200)" in told

    def test_is_told_by_its_tombstone_where_the_line_is_not(self, house: House, tmp_path: Path) -> None:
        ran = house.ask("message", "show", "m1", NOTIFYCTL_EVIDENCE=str(tmp_path / "nothing"))
        assert (ran.data["state"], ran.data["provider_id"], ran.data["attempts"]) == ("accepted", "p-1", [])
        assert ran.data["archived"] == {**ran.data["archived"], "host": os.uname().nodename, "here": False}

    def test_is_found_by_what_its_provider_calls_it(self, house: House) -> None:
        ran = house.ask("message", "find", "--provider-id", "p-1")
        assert [one["id"] for one in ran.data["messages"]] == ["m1"]

    def test_is_not_retried(self, house: House, lab: Lab) -> None:
        ended(lab, "dead", State.DEAD, Outcome(Kind.FAULT, code="503", http=503))
        house.run("retention", "run", "--yes")
        ran = house.execute("queue", "retry", "dead", "--reason", "x", "--yes", "-o", "json")
        assert "RTY-ARCHIVED" in ran.out
        assert lab.place("dead") == "failed"


def test_the_doctor_tells_when_nobody_moves_any_more(house: House, lab: Lab) -> None:
    assert "RET-LATE" not in house.execute("doctor", "-o", "json").codes
    lab.redis("HSET", "nf:{bull}:retention", "at", int(time.time() * 1000) - 4 * DAY, "by", "one", "moved", 0)
    assert "RET-LATE" in house.execute("doctor", "-o", "json").codes
