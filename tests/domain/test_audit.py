"""What became of jobs that are no longer where they were: the rules one by one, then random histories of a queue."""

from dataclasses import replace

import pytest

import queue_histories
from notifyctl.domain.attempt import Record, State
from notifyctl.domain.audit import (
    FINE,
    WAIT,
    Missing,
    Pass,
    Verdict,
    foreign_workers,
    judge,
    mixed_pause,
    obliterated,
)
from notifyctl.domain.counted import COUNTED, counted
from notifyctl.domain.finding import SEVERITIES
from situations import ACCEPTED, DOUBT, FAULT, call, record

NOW = 100_000
LOOK = Pass(number=7, began_at=NOW, max_send=20_000)
JUST = Missing("m", last_seen=6, there=False, ended=False)
LONG = replace(JUST, last_seen=5)
OPEN = record(call("resend", FAULT))
HISTORIES = 3000


class TestAJobWhoseHashIsThere:
    @pytest.mark.parametrize("known", [None, record(call("resend", ACCEPTED), state=State.ACCEPTED)])
    def test_is_fine_when_it_has_ended_as_its_record_has(self, known: Record | None):
        assert judge(replace(LONG, there=True, ended=True, record=known), LOOK) == FINE

    @pytest.mark.parametrize("outcome", [FAULT, DOUBT])
    def test_leaves_an_open_record_behind_when_it_ends_without_it(self, outcome):
        verdict = judge(replace(JUST, there=True, ended=True, record=record(call("resend", outcome))), LOOK)
        assert (verdict.finding, verdict.state, verdict.forget) == ("QUE-EDITED", State.UNKNOWN, True)

    @pytest.mark.parametrize("known", [None, OPEN])
    def test_is_an_orphan_when_two_passes_saw_it_in_no_list(self, known: Record | None):
        adrift = replace(LONG, there=True, record=known)
        assert judge(adrift, LOOK) == Verdict("QUE-ORPHAN", forget=False)
        assert judge(replace(adrift, last_seen=6), LOOK) == WAIT

    def test_is_on_its_way_when_it_was_started_since_the_pass_began(self):
        assert judge(replace(LONG, there=True, started_at=NOW), LOOK) == WAIT
        assert judge(replace(LONG, there=True, started_at=NOW - 1), LOOK).finding == "QUE-ORPHAN"

    def test_is_told_as_long_as_it_is_adrift_and_counted_once(self):
        told = replace(LONG, there=True, last_seen=-1)
        assert (judge(told, LOOK).finding, told.counted, LONG.counted) == ("QUE-ORPHAN", True, False)


class TestAJobWhoseHashIsGone:
    def test_without_a_record_is_lost_when_somebody_removed_it(self):
        assert judge(replace(JUST, removed=True), LOOK) == Verdict("QUE-REMOVED")

    def test_without_a_record_or_a_word_is_lost_when_it_stays_away(self):
        assert judge(JUST, LOOK) == WAIT
        assert judge(LONG, LOOK) == Verdict("QUE-VANISHED")

    @pytest.mark.parametrize(("removed", "code"), [(True, "QUE-REMOVED"), (False, "QUE-VANISHED")])
    def test_ends_its_open_record_at_once(self, removed: bool, code: str):
        verdict = judge(replace(JUST, removed=removed, record=OPEN), LOOK)
        assert (verdict.finding, verdict.state, verdict.forget) == (code, State.CANCELLED, True)

    def test_ends_it_as_unknown_when_a_copy_may_be_out(self):
        verdict = judge(replace(JUST, record=record(call("postmark", DOUBT))), LOOK)
        assert (verdict.state, verdict.provider) == (State.UNKNOWN, "postmark")
        assert verdict.reason.endswith("; a copy may be out through postmark")

    def test_is_not_judged_while_a_call_may_be_under_way(self):
        calling = replace(JUST, record=record(call("resend", None, at=NOW - 19_999)))
        assert judge(calling, LOOK) == WAIT
        assert judge(calling, replace(LOOK, began_at=NOW + 1)).state is State.UNKNOWN

    @pytest.mark.parametrize("state", [state for state in State if state.terminal])
    def test_is_no_loss_when_its_message_has_ended(self, state: State):
        assert judge(replace(LONG, removed=True, record=replace_state(state)), LOOK) == FINE


def replace_state(state: State) -> Record:
    return record(call("resend", ACCEPTED), state=state)


def test_a_counter_that_begins_anew_tells_of_an_obliterated_queue():
    assert [obliterated(5, now, False) for now in (0, 4, 5, 6)] == [True, True, False, False]
    assert obliterated(5, 6, True)


def test_a_resume_by_bullmq_5_loses_jobs_when_both_lists_have_some():
    assert mixed_pause(True, 1, 1)
    assert not any(mixed_pause(*case) for case in ((False, 1, 1), (True, 0, 1), (True, 1, 0)))


def test_workers_of_our_queues_that_are_not_ours_are_foreign():
    theirs = ["bull:YQ==", "bull:YQ==:w:node"]
    others = ["bull:YQ==:w:nf.host.1.a", "bull:YQ==:qe", "bull:Yg==", "other:YQ==", "bull:YQ==x", "", "nf.host.1.a"]
    assert foreign_workers([*others, *theirs, *theirs], ["bull:YQ==", "bull:Yw=="]) == theirs


@pytest.mark.parametrize("code", [*COUNTED, "QUE-FLOW"])
def test_a_counted_finding_says_how_grave_it_is_and_what_to_do(code: str):
    told = counted(code)
    assert told.severity in SEVERITIES
    assert told.what and told.hint


class Model:
    """A lane in memory, with the census that the scripts keep; each job is named after its message."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.done: set[str] = set()
        self.stray: set[str] = set()
        self.records: dict[str, Record] = {}
        self.events: list[tuple[str, str]] = []
        self.census: dict[str, int] = {}
        self.number = 0
        self.found: set[tuple[str, str]] = set()
        self.look()

    @property
    def hashes(self) -> set[str]:
        return self.open | self.done | self.stray

    def add(self, name: str) -> None:
        self.open.add(name)
        self.events.append(("added", name))

    def work(self, ends: dict[str, str]) -> None:
        for name, end in ends.items():
            if end in ("hold", "doubt"):
                self.records[name] = record(call("resend", FAULT if end == "hold" else DOUBT))
                continue
            self.open.discard(name)
            self.events.append(("ended", name))
            if not end.endswith("rule"):
                self.done.add(name)
            if end.startswith("alone"):
                self.census.pop(name, None)  # as `settle` does
            else:
                self.records[name] = record(call("resend", ACCEPTED), state=State.ACCEPTED)

    def remove(self, name: str) -> None:
        self.events += [("removed", name)] if name in self.open else []
        self.open.discard(name)
        self.done.discard(name)

    def drain(self) -> None:
        self.open.clear()

    def adrift(self, name: str) -> None:
        self.open.discard(name)
        self.stray.add(name)

    def put_back(self, name: str) -> None:
        self.stray.discard(name)
        self.open.add(name)

    def retry(self, name: str) -> None:
        self.done.discard(name)
        self.open.add(name)
        self.events.append(("added", name))

    def obliterate(self) -> None:
        for names in (self.open, self.done, self.stray):
            names.clear()
        self.trim()

    def trim(self) -> None:
        self.events.clear()

    def look(self) -> None:
        """One pass: the events, then the open jobs, then those that are missing."""
        self.number += 1
        removed = [name for what, name in self.events if what == "removed"]
        for what, name in self.events:
            if what == "added":
                self.census.setdefault(name, self.number - 1)
            elif what == "ended" and not self._open_record(name):
                self.census.pop(name, None)
        self.events.clear()
        self.census |= dict.fromkeys(self.open, self.number)
        for name in removed:
            if name not in self.hashes:
                self._judge(name, removed=True)
        for name in [name for name, seen in self.census.items() if seen < self.number]:
            self._judge(name)

    def _open_record(self, name: str) -> bool:
        return name in self.records and not self.records[name].state.terminal

    def _judge(self, name: str, removed: bool = False) -> None:
        if name in self.records and not self._open_record(name):
            self.census.pop(name, None)
            return
        there, ended = name in self.hashes, name in self.done
        seen = self.census.get(name, self.number - 1)
        job = Missing(name, seen, there, ended, removed=removed, record=self.records.get(name))
        verdict = judge(job, Pass(self.number, NOW, 0))
        if verdict.finding:
            self.found.add((verdict.finding, name))
        if verdict.state:
            self.records[name] = self.records[name]._replace(state=verdict.state)
        if verdict.forget:
            self.census.pop(name, None)

    def lost(self) -> set[str]:
        return {name for code, name in self.found if code in ("QUE-REMOVED", "QUE-VANISHED")}

    def orphans(self) -> set[str]:
        return {name for code, name in self.found if code == "QUE-ORPHAN"}

    def state(self, name: str) -> str:
        state = self.records[name].state
        return "held" if not state.terminal else state.value


def test_in_any_history_every_loss_is_found_and_nothing_that_was_none():
    for seed in range(HISTORIES):
        lane = Model()
        account = queue_histories.play(seed, lane)
        assert queue_histories.check(lane, account) == [], f"seed {seed}"
