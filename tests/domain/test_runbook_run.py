"""Where a run stands, by its record alone: nothing is skipped, and what may have happened is not simply repeated."""

from itertools import product

import pytest

from notifyctl.domain.exits import EXITS
from notifyctl.domain.runbook import Step
from notifyctl.domain.runbook_run import Event, Kind, Was, following, traces

STEPS = tuple(Step(number, f"step {number}", number, (), (0, 3), {}) for number in (1, 2, 3))


def started(step: int) -> Event:
    return Event(Kind.STARTED, 1, "ada", step)


def ended(step: int, exit: int = 0) -> Event:
    return Event(Kind.ENDED, 2, "ada", step, exit)


def skipped(step: int) -> Event:
    return Event(Kind.SKIPPED, 3, "ada", step)


def upto(step: int) -> list[Event]:
    """The record of a run that did all steps before this one."""
    return [event for number in range(1, step) for event in (started(number), ended(number))]


def test_a_fresh_run_begins_with_the_first_step():
    assert following(STEPS, []) == STEPS[0]


@pytest.mark.parametrize("step", [1, 2, 3])
class TestTheNextStep:
    def test_is_the_one_that_was_under_way(self, step):
        events = [*upto(step), started(step)]
        assert following(STEPS, events) == STEPS[step - 1]
        assert traces(STEPS, events)[step].was is Was.UNDER_WAY

    def test_is_the_one_that_failed(self, step):
        events = [*upto(step), started(step), ended(step, 6)]
        assert following(STEPS, events) == STEPS[step - 1]
        assert traces(STEPS, events)[step].exit == 6

    def test_comes_after_a_step_that_ended_as_expected(self, step):
        events = [*upto(step), started(step), ended(step, 3)]
        assert following(STEPS, events) == (STEPS[step] if step < 3 else None)

    def test_comes_after_a_step_that_was_skipped(self, step):
        events = [*upto(step), started(step), skipped(step)]
        assert following(STEPS, events) == (STEPS[step] if step < 3 else None)

    def test_comes_after_a_step_that_failed_and_then_went_well(self, step):
        events = [*upto(step), started(step), ended(step, 6), started(step), ended(step)]
        assert following(STEPS, events) == (STEPS[step] if step < 3 else None)


def test_a_step_that_is_behind_us_stays_there():
    events = [*upto(3), started(1), ended(2, 6)]
    assert following(STEPS, events) == STEPS[2]


def test_a_run_that_was_given_up_is_over():
    assert following(STEPS, [started(1), Event(Kind.GIVEN_UP, 4, "ada")]) is None


class TestDoubt:
    def test_a_step_that_was_under_way_may_have_changed_something(self):
        assert traces(STEPS, [started(1)])[1].may_have_changed

    @pytest.mark.parametrize("entry", EXITS, ids=lambda entry: entry.name)
    def test_a_step_that_failed_may_have_changed_something_unless_its_code_rules_it_out(self, entry):
        trace = traces(STEPS, [started(1), ended(1, entry.code)])[1]
        surely_not = entry.changed in ("no", "never")
        assert trace.may_have_changed is (entry.code not in (0, 3) and not surely_not)

    def test_a_step_that_a_signal_killed_may_have_changed_something(self):
        assert traces(STEPS, [started(1), ended(1, -9)])[1].may_have_changed

    @pytest.mark.parametrize("events", [[], [started(1), ended(1)], [started(1), skipped(1)]])
    def test_no_other_step_is_in_doubt(self, events):
        assert not traces(STEPS, events)[1].may_have_changed


def test_whatever_the_record_looks_like_the_next_step_is_the_first_that_is_not_behind_us():
    """Every record of up to four events."""
    kinds = [event for step in (1, 2, 3) for event in (started(step), ended(step), ended(step, 6), skipped(step))]
    for length in range(5):
        for events in product(kinds, repeat=length):
            known = traces(STEPS, events)
            expected = next((step for step in STEPS if not known[step.number].behind), None)
            assert following(STEPS, events) == expected
            done = {event.step for event in events if event.exit == 0 or event.kind is Kind.SKIPPED}
            assert {number for number, trace in known.items() if trace.behind} == done
