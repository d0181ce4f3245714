"""Incidents: their states, and what moves them."""

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from notifyctl.domain.cause import Cause
from notifyctl.domain.errors import Refused
from notifyctl.domain.incident import (
    Acked,
    Event,
    Gone,
    Incident,
    Merged,
    Resolved,
    Reviewed,
    Seen,
    State,
    after,
    opened,
    story,
)

NOW = 1_795_510_800_000
CALM = 120
DOWN = Cause(
    "provider/resend", "error", "Resend gets no more mail", "3 faults.", "Mail goes on.", "", NOW - 5000, False
)
ALL = Cause("providers", "critical", "no provider takes mail", "All fail.", "Mail is held.", "", NOW - 7000)


def then(incident: Incident, event: Event, seconds: float = 0) -> Incident:
    """The incident after an event that changes it."""
    changed = after(incident, event, CALM, NOW + int(seconds * 1000))
    assert changed is not None
    return changed


def nothing(incident: Incident, event: Event, seconds: float = 0) -> None:
    assert after(incident, event, CALM, NOW + int(seconds * 1000)) is None


def over(cause: Cause = ALL) -> Incident:
    return then(then(opened(cause, NOW), Gone(), 1), Gone(), 1 + CALM)


def test_the_times_to_detect_and_to_mitigate_run_from_the_beginning_of_the_cause():
    incident = opened(ALL, NOW)
    assert (incident.state, incident.detect_ms, incident.mitigate_ms) == (State.OPEN, 7000, None)
    assert then(incident, Gone(), 60).mitigate_ms == 67_000


def test_what_harms_nobody_is_mitigated_from_the_beginning():
    incident = opened(DOWN, NOW)
    assert (incident.state, incident.mitigate_ms) == (State.MITIGATED, 5000)
    assert story(None, incident)[-1] == "mail does not suffer: mitigated already"


def test_a_beginning_in_the_future_or_unknown_counts_as_now():
    assert opened(ALL._replace(since=NOW + 9), NOW).detect_ms == 0
    assert opened(ALL._replace(since=0), NOW).detect_ms == 0


def test_the_same_cause_again_changes_nothing():
    nothing(opened(ALL, NOW), Seen(ALL), 5)


def test_it_ends_when_the_cause_is_gone_for_the_calm_and_not_before():
    quiet = then(opened(ALL, NOW), Gone(), 10)
    assert quiet.state is State.MITIGATED
    nothing(quiet, Gone(), 10 + CALM - 0.001)
    end = then(quiet, Gone(), 10 + CALM)
    assert (end.state, end.resolved_by, end.mitigated_at) == (State.RESOLVED, "notifyctl", NOW + 10_000)


def test_a_cause_that_comes_back_meanwhile_is_a_flap_of_the_same_incident():
    back = then(then(opened(ALL, NOW), Gone(), 10), Seen(ALL), 20)
    assert (back.state, back.flaps, back.quiet_at, back.opened_at) == (State.OPEN, 1, 0, NOW)
    quiet = then(back, Gone(), 30)
    nothing(quiet, Gone(), 30 + CALM - 1)


def test_mail_that_suffers_again_undoes_the_mitigation_and_leaves_the_person_in_charge():
    acked = then(opened(DOWN, NOW), Acked("ada"), 1)
    assert acked.state is State.MITIGATED
    worse = then(acked, Seen(DOWN._replace(harm=True)), 2)
    assert (worse.state, worse.mitigate_ms) == (State.ACKED, None)


def test_severity_only_rises_and_the_time_of_that_is_kept():
    critical = then(opened(DOWN, NOW), Seen(DOWN._replace(severity="critical")), 3)
    assert (critical.severity, critical.worse_at) == ("critical", NOW + 3000)
    nothing(critical, Seen(DOWN._replace(severity="critical")), 4)
    again = after(critical, Seen(DOWN), CALM, NOW + 5000)
    assert again is None


def test_a_cause_of_which_nothing_new_is_known_keeps_what_was_said():
    assert then(opened(DOWN, NOW), Seen(DOWN._replace(what="", done="Probed.")), 1).what == "3 faults."


def test_an_outage_of_everything_keeps_what_made_it_whatever_its_probes_say():
    probed = ALL._replace(what="Resend: a probe went well.", done="Probed.")
    seen = then(opened(ALL, NOW), Seen(probed), 1)
    assert (seen.what, seen.done) == (ALL.what, "Probed.")
    back = then(then(seen, Gone(), 10), Seen(ALL._replace(what="Resend: suspended.")), 20)
    assert back.what == "Resend: suspended.", "it is another one"


def test_a_person_cannot_end_it_while_the_cause_holds():
    with pytest.raises(Refused, match="still holds") as caught:
        after(opened(DOWN, NOW), Resolved("ada"), CALM, NOW)
    assert caught.value.code == "INC-HOLDS"
    quiet = then(opened(DOWN, NOW), Gone(), 1)
    assert then(quiet, Resolved("ada"), 2).resolved_by == "ada"


def test_one_opened_by_hand_ends_by_hand_alone():
    manual = opened(ALL._replace(key="manual/1"), NOW, "ada")
    nothing(manual, Gone(), 10 * CALM)
    assert then(manual, Resolved("ada"), 1).state is State.RESOLVED


def test_it_is_reviewed_after_its_end():
    with pytest.raises(Refused) as caught:
        after(opened(ALL, NOW), Reviewed("ada", "a bad key"), CALM, NOW)
    assert caught.value.code == "INC-NOT-OVER"
    reviewed = then(over(), Reviewed("ada", "a bad key"), 500)
    assert (reviewed.state, reviewed.root) == (State.REVIEWED, "a bad key")
    nothing(reviewed, Reviewed("bob", "another"), 501)


def test_what_is_over_moves_no_more():
    for event in (Seen(ALL), Gone(), Acked("ada"), Resolved("ada"), Merged("INC-2")):
        nothing(over(), event, 1000)


def test_one_that_becomes_part_of_another_is_over_with_it_named():
    part = then(opened(DOWN, NOW), Merged("INC-2026-11-24-02"), 1)
    assert (part.state, part.merged) == (State.RESOLVED, "INC-2026-11-24-02")
    assert story(opened(DOWN, NOW), part) == ["became part of INC-2026-11-24-02"]


def test_the_timeline_tells_each_step_once():
    first = opened(ALL, NOW)
    quiet = then(first, Gone(), 1)
    back = then(quiet, Seen(ALL), 2)
    assert story(first, quiet) == ["the cause is gone", "mitigated: mail flows"]
    assert story(quiet, back) == ["the cause is back: a flap", "mail suffers again: All fail."]
    assert story(quiet, then(quiet, Gone(), 1 + CALM)) == ["resolved"]


class Lifecycle(RuleBasedStateMachine):
    """An incident under any order of events: a diary beside it says what must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.incident = opened(ALL, NOW)
        self.holds = True
        self.gone_since = 0
        self.flaps = 0

    def send(self, event: Event) -> bool:
        try:
            changed = after(self.incident, event, CALM, self.now)
        except Refused:
            return False
        assert changed != self.incident, "a change that changes nothing"
        self.incident = changed or self.incident
        return changed is not None

    @rule(seconds=st.sampled_from([0.5, 30, CALM - 1, CALM, 3600]))
    def wait(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    @rule(harm=st.booleans(), severity=st.sampled_from(["critical", "error"]))
    @precondition(lambda self: not self.incident.resolved_at)
    def seen(self, harm: bool, severity: str) -> None:
        self.flaps += not self.holds
        self.holds, self.gone_since = True, 0
        self.send(Seen(ALL._replace(harm=harm, severity=severity)))
        assert bool(self.incident.mitigated_at) is not harm
        assert not self.incident.resolved_at

    @rule()
    @precondition(lambda self: not self.incident.resolved_at)
    def gone(self) -> None:
        calm = not self.holds and self.now - self.gone_since >= CALM * 1000
        self.gone_since = self.now if self.holds else self.gone_since
        self.holds = False
        self.send(Gone())
        assert bool(self.incident.resolved_at) is calm

    @rule()
    def acked(self) -> None:
        before = self.incident
        assert self.send(Acked("ada")) is not bool(before.acked_at or before.resolved_at)

    @rule()
    def resolved(self) -> None:
        before = self.incident
        assert self.send(Resolved("ada")) is (not self.holds and not before.resolved_at)

    @rule()
    def reviewed(self) -> None:
        before = self.incident
        assert self.send(Reviewed("bob", "x")) is bool(before.resolved_at and not before.reviewed_at)

    @invariant()
    def times_are_in_order(self) -> None:
        one = self.incident
        assert one.flaps == self.flaps
        assert one.started_at <= one.opened_at <= self.now
        assert not one.resolved_at or one.opened_at <= one.mitigated_at <= one.resolved_at
        assert not one.reviewed_at or one.resolved_at <= one.reviewed_at
        assert not (one.resolved_at and self.holds)

    @invariant()
    def the_state_is_the_furthest_reached(self) -> None:
        expected = [State.OPEN]
        for time, state in (
            (self.incident.acked_at, State.ACKED), (self.incident.mitigated_at, State.MITIGATED),
            (self.incident.resolved_at, State.RESOLVED), (self.incident.reviewed_at, State.REVIEWED),
        ):  # fmt: skip
            expected += [state] if time else []
        assert self.incident.state is expected[-1]


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = hypothesis_settings(max_examples=120, stateful_step_count=25, deadline=None)
