"""Notices: who is told what, when, and how often."""

from dataclasses import replace

import pytest

from notifyctl.domain.cause import Cause
from notifyctl.domain.incident import Incident, opened
from notifyctl.domain.notice import (
    Due,
    claimed,
    document,
    due,
    failed,
    headline,
    notice_of,
    owing,
    sent,
    text,
)  # fmt: skip
from notifyctl.domain.pace import Watching

NOW = 1_795_510_800_000
WATCHING = Watching()
CAUSE = Cause("providers", "critical", "no provider takes mail", "All fail.", "Mail is held.", "Wait.", NOW - 7000)
SOFT = CAUSE._replace(key="provider/resend", severity="error", harm=False)
BOTH = ("pagerduty", "webhook")


def new(cause: Cause = CAUSE) -> Incident:
    return replace(opened(cause, NOW), id="INC-2026-11-24-01")


def told(incident: Incident, *keys: str, at: float = 0) -> Incident:
    """The incident when those messages went out, seconds after its beginning."""
    for key in keys:
        occasion, name = key.split("/")
        one, time = Due(occasion, name), NOW + int(at * 1000)
        incident = sent(claimed(incident, one, WATCHING, time), one, "202", time)
    return incident


def wanted(incident: Incident, seconds: float = 0, names: tuple[str, ...] = BOTH) -> list[str]:
    return [one.key for one in due(incident, names, WATCHING, NOW + int(seconds * 1000))]


def test_what_is_critical_is_told_at_once_and_the_rest_when_it_has_settled():
    assert wanted(new()) == ["opened/pagerduty", "opened/webhook"]
    assert wanted(new(SOFT), 19.9) == []
    assert wanted(new(SOFT), 20) == ["opened/pagerduty", "opened/webhook"]


def test_a_note_is_told_to_nobody():
    assert wanted(new(CAUSE._replace(severity="info")), 9999) == []


def test_each_is_told_once_and_the_one_that_was_not_still_is():
    assert wanted(told(new(), "opened/pagerduty"), 5) == ["opened/webhook"]
    assert wanted(told(new(), "opened/pagerduty", "opened/webhook"), 5) == []


def test_reminders_go_out_after_15_and_60_minutes_until_a_person_has_it():
    incident = told(new(), "opened/pagerduty", at=10)
    assert wanted(incident, 10 + 899, BOTH[:1]) == []
    assert wanted(incident, 10 + 900, BOTH[:1]) == ["reminder-1/pagerduty"]
    reminded = told(incident, "reminder-1/pagerduty", at=910)
    assert wanted(reminded, 10 + 3599, BOTH[:1]) == []
    assert wanted(reminded, 10 + 3600, BOTH[:1]) == ["reminder-2/pagerduty"]
    assert wanted(told(reminded, "reminder-2/pagerduty", at=3610), 99_999, BOTH[:1]) == []
    acked = replace(incident, acked_at=NOW + 20_000, acked_by="ada")
    assert wanted(acked, 99_999, BOTH[:1]) == ["acked/pagerduty"]
    assert wanted(told(acked, "acked/pagerduty", at=21), 99_999, BOTH[:1]) == []


def test_what_becomes_worse_is_told_once_more():
    worse = replace(told(new(SOFT), "opened/pagerduty", at=20), severity="critical", worse_at=NOW + 60_000)
    assert wanted(worse, 60, BOTH[:1]) == ["worse/pagerduty"]
    early = replace(told(new(SOFT), "opened/pagerduty", at=20), severity="critical", worse_at=NOW + 10_000)
    assert wanted(early, 60, BOTH[:1]) == []  # the first message said it


class TestTheEnd:
    def over(self, incident: Incident) -> Incident:
        return replace(incident, mitigated_at=NOW + 60_000, resolved_at=NOW + 180_000)

    def test_is_told_once_to_those_who_were_told_of_the_beginning(self):
        incident = self.over(told(new(), "opened/pagerduty"))
        assert wanted(incident, 180) == ["recovered/pagerduty"]
        assert owing(incident, BOTH, WATCHING)
        done = told(incident, "recovered/pagerduty", at=181)
        assert wanted(done, 9999) == []
        assert not owing(done, BOTH, WATCHING)

    def test_is_told_to_nobody_when_nobody_was_told_of_the_beginning(self):
        assert wanted(self.over(new()), 9999) == []
        assert not owing(self.over(new()), BOTH, WATCHING)

    def test_waits_for_a_first_message_that_is_under_way(self):
        one = Due("opened", "pagerduty")
        incident = self.over(claimed(new(), one, WATCHING, NOW + 170_000))
        assert wanted(incident, 180) == []
        assert wanted(incident, 200) == ["recovered/pagerduty"]

    def test_of_a_part_is_told_with_the_whole(self):
        part = replace(self.over(told(new(SOFT), "opened/pagerduty")), merged="INC-2026-11-24-02")
        assert wanted(part, 9999) == []
        assert not owing(part, BOTH, WATCHING)


class TestTrying:
    ONE = Due("opened", "pagerduty")

    def test_nobody_else_sends_what_is_claimed_until_the_claim_runs_out(self):
        incident = claimed(new(), self.ONE, WATCHING, NOW)
        assert wanted(incident, 29.9, BOTH[:1]) == []
        assert wanted(incident, 30, BOTH[:1]) == ["opened/pagerduty"]

    def test_what_failed_is_tried_again_ever_more_rarely_and_eight_times_in_all(self):
        incident, at, pauses = new(), 0.0, []
        while pauses == [] or len(pauses) < 20:
            assert wanted(incident, at, BOTH[:1]) == ["opened/pagerduty"]
            now = NOW + int(at * 1000)
            incident = failed(claimed(incident, self.ONE, WATCHING, now), self.ONE, "503", WATCHING, now)
            later = [pause for pause in WATCHING.retry if wanted(incident, at + pause, BOTH[:1])]
            if not later:
                break
            assert wanted(incident, at + later[0] - 0.001, BOTH[:1]) == []
            pauses.append(later[0])
            at += later[0]
        assert pauses == [5, 15, 60, 300, 300, 900, 900]
        assert incident.sendings["opened/pagerduty"].tries == 8

    def test_one_that_failed_and_then_went_out_is_done(self):
        incident = failed(claimed(new(), self.ONE, WATCHING, NOW), self.ONE, "no answer", WATCHING, NOW)
        later = NOW + 6000
        incident = sent(claimed(incident, self.ONE, WATCHING, later), self.ONE, "202", later)
        assert (incident.sendings["opened/pagerduty"].tries, wanted(incident, 99, BOTH[:1])) == (2, [])


class TestWords:
    def test_say_what_happened_what_was_done_and_what_to_do(self):
        assert text(notice_of(new(), "opened", "production/bull", NOW)).splitlines() == [
            "no provider takes mail (INC-2026-11-24-01)",
            "What happened: All fail.",
            "What was done: Mail is held.",
            "What you may need to do: Wait.",
            "More: notifyctl incident show INC-2026-11-24-01",
        ]

    def test_of_the_end_say_from_when_to_when(self):
        over = replace(new(), mitigated_at=NOW + 60_000, resolved_at=NOW + 180_000, flaps=2)
        said = text(notice_of(over, "recovered", "production/bull", NOW))
        assert said.startswith("over: no provider takes mail (INC-2026-11-24-01)\nFrom 2026-11-24 08:59:53Z to 2026-")
        assert "The cause came back 2 times." in said

    @pytest.mark.parametrize(("occasion", "begins"), [("reminder-1", "still: "), ("worse", "worse: ")])
    def test_of_a_reminder_say_that_it_is_one(self, occasion: str, begins: str):
        assert headline(notice_of(new(), occasion, "r", NOW)).startswith(begins)

    def test_for_machines_are_the_same_and_only_grow(self):
        told = document(notice_of(new(), "opened", "production/bull", NOW))
        assert (told["type"], told["timestamp"]) == ("incident.opened", "2026-11-24T09:00:00Z")
        assert set(told["data"]) == {
            *("id", "key", "dedup_key", "realm", "state", "severity", "title", "what", "done", "todo", "text"),
            *("started_at", "opened_at", "mitigated_at", "resolved_at", "flaps", "command"),
        }

    def test_are_the_same_message_when_sent_again_and_another_when_a_person_asks_for_it(self):
        first, again = (notice_of(new(), "opened", "r", at) for at in (NOW, NOW + 9000))
        assert first.id == again.id == f"{first.dedup}/opened"
        assert notice_of(new(), "opened", "r", NOW, again="/2").id != first.id
        assert first.dedup == notice_of(new(), "recovered", "r", NOW).dedup
        assert first.dedup != notice_of(new(), "opened", "staging/bull", NOW).dedup
