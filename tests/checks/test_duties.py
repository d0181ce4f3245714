"""OBS, CON-009, RDS-013: what is on record of duties, on a real server; and what has no record in this version."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from checks.conftest import NOTHING, Ask
from lab import Lab
from notifyctl.checks import REGISTRY, Given
from notifyctl.domain import exits
from notifyctl.domain.check import Report, Seen, Verdict, answer
from notifyctl.domain.notice import OPENED, Due, claimed, failed, sent
from notifyctl.domain.period import Cycle, Ran, Watcher
from notifyctl.domain.retention import LastMove
from notifyctl.domain.revision import Revision
from notifyctl.operations import incident
from notifyctl.store.duty_facts import DutyFacts
from notifyctl.store.queue_facts import QueueFacts
from notifyctl.store.reports import Reports

PASS, WARN, FAIL, ERROR, SKIP = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.ERROR, Verdict.SKIP
DAY = 86_400_000


def asked(lab: Lab, identity: str, notifiers: Sequence[str] = ("webhook",), revision: Revision | None = None) -> Seen:
    """The answer of a check to what this store has on record."""
    store = lab.store
    readers = NOTHING._replace(
        on_record=DutyFacts(store.incidents, reports(lab), store.retired), given=Given(notifiers=notifiers),
        lanes=QueueFacts(store.queue, store.workers, store.metrics), revision=revision,
    )  # fmt: skip
    return lab.run(REGISTRY[identity].look(readers))


def reports(lab: Lab) -> Reports:
    return Reports(lab.store.link, lab.store.queue.own)


class TestSomebodyIsTold:
    @staticmethod
    def tell(lab: Lab, name: str, *, well: bool = True, ended: bool = True) -> None:
        """A message to a notifier, of an incident that somebody wrote down."""
        lab.now += 1000
        store, watching, one = lab.store.incidents, Revision().pace.watching, Due(OPENED, name)
        made = lab.run(incident.log(store, None, f"a test of {name}", "error", "ada", new=True)).incident
        told = claimed(made, one, watching, lab.now)
        if ended:
            told = sent(told, one, "ok", lab.now) if well else failed(told, one, "no", watching, lab.now)
        lab.run(store.save(told))

    def test_when_its_notifiers_took_a_message(self, lab: Lab) -> None:
        self.tell(lab, "webhook")
        seen = asked(lab, "OBS-001")
        assert (seen.verdict, seen.observed) == (PASS, "webhook sent on 2026-11-24"), seen

    def test_but_not_without_a_notifier(self, lab: Lab) -> None:
        self.tell(lab, "webhook")
        assert asked(lab, "OBS-001", ()).verdict is FAIL

    def test_which_is_not_known_of_one_that_was_never_tried(self, lab: Lab) -> None:
        self.tell(lab, "webhook")
        self.tell(lab, "command", ended=False)  # under way, and nobody knows whether it will arrive
        seen = asked(lab, "OBS-001", ("webhook", "command"))
        assert (seen.verdict, "command was never tried" in seen.observed) == (ERROR, True), seen

    def test_which_the_last_message_decides(self, lab: Lab) -> None:
        self.tell(lab, "webhook")
        self.tell(lab, "webhook", well=False)
        assert asked(lab, "OBS-001").verdict is FAIL
        self.tell(lab, "webhook")
        assert asked(lab, "OBS-001").verdict is PASS

    @pytest.mark.parametrize(("days", "verdict"), [(90, PASS), (91, WARN)])
    def test_and_tried_each_quarter(self, lab: Lab, days: int, verdict: Verdict) -> None:
        self.tell(lab, "webhook")
        lab.now += days * DAY
        assert asked(lab, "OBS-001").verdict is verdict


class TestSomebodyWatchesCron:
    @staticmethod
    def ran(
        lab: Lab, days: float = 0, watcher: Watcher = Watcher.HEARD, cycles: Sequence[Cycle] = tuple(Cycle)
    ) -> None:
        for cycle in cycles:
            lab.run(reports(lab).ran(cycle, Ran(lab.now - round(days * DAY), watcher)))

    @pytest.mark.parametrize(("days", "verdict"), [(0, PASS), (1.9, PASS), (2.1, WARN), (6.9, WARN), (7.1, FAIL)])
    def test_when_each_audit_ran_lately(self, lab: Lab, days: float, verdict: Verdict) -> None:
        self.ran(lab)
        self.ran(lab, days, cycles=(Cycle.QUARTERLY,))
        assert asked(lab, "OBS-002").verdict is verdict

    @pytest.mark.parametrize(("watcher", "verdict"), [(Watcher.NONE, FAIL), (Watcher.SILENT, WARN)])
    def test_and_its_watcher_heard_it(self, lab: Lab, watcher: Watcher, verdict: Verdict) -> None:
        self.ran(lab)
        self.ran(lab, 0, watcher, (Cycle.BIANNUAL,))
        assert asked(lab, "OBS-002").verdict is verdict

    def test_but_not_where_one_never_ran(self, lab: Lab) -> None:
        self.ran(lab, cycles=(Cycle.MONTHLY, Cycle.QUARTERLY))
        seen = asked(lab, "OBS-002")
        assert (seen.verdict, "biannual never ran" in seen.observed) == (FAIL, True), seen


class TestNothingIsKeptBeyondItsTime:
    @staticmethod
    def message(lab: Lab, name: str, days: float, state: str = "accepted") -> None:
        """One that ended so many days ago."""
        changed_at = lab.now - round(days * DAY)
        lab.redis("HSET", f"{lab.store.queue.own}msg:{name}", "state", state, "changed_at", changed_at, "version", 1)

    @pytest.mark.parametrize(
        ("days", "moved", "verdict"),
        [(30, 1, PASS), (32.9, 2.9, PASS), (30, 3.1, WARN), (33.1, 1, WARN), (36.9, 1, WARN), (37.1, 1, FAIL)],
    )
    def test_when_it_is_moved_daily(self, lab: Lab, days: float, moved: float, verdict: Verdict) -> None:
        self.message(lab, "one", days)
        lab.run(lab.store.retired.note(LastMove(lab.now - round(moved * DAY), "a worker", 1)))
        assert asked(lab, "CON-009").verdict is verdict

    def test_but_for_what_a_person_must_decide(self, lab: Lab) -> None:
        self.message(lab, "one", 90, "unknown")
        lab.sending("in doubt")
        self.message(lab, "in doubt", 90, "rejected")  # of which a call has no outcome
        lab.run(lab.store.retired.note(LastMove(lab.now, "a worker", 1)))
        assert asked(lab, "CON-009").verdict is PASS

    def test_which_was_not_seen_before_the_first_move(self, lab: Lab) -> None:
        assert asked(lab, "CON-009").verdict is ERROR

    def test_as_long_as_the_configuration_says(self, lab: Lab) -> None:
        self.message(lab, "one", 20)
        lab.run(lab.store.retired.note(LastMove(lab.now, "a worker", 1)))
        bounds = Revision().bounds
        week = replace(Revision(), bounds=replace(bounds, archive_after=7 * 86_400))
        assert (asked(lab, "CON-009").verdict, asked(lab, "CON-009", revision=week).verdict) == (PASS, FAIL)


@pytest.mark.parametrize(("count", "verdict"), [(0, PASS), (20, PASS), (22, PASS), (23, FAIL)])
def test_jobs_that_have_ended_are_forgotten(lab: Lab, count: int, verdict: Verdict) -> None:
    if count:
        pairs = [word for number in range(count) for word in (number, f"job-{number}")]
        lab.redis("ZADD", f"{lab.store.queue.bases[0]}completed", *pairs)
    few = replace(Revision(), bounds=replace(Revision().bounds, completed_keep=10, failed_keep=10))
    assert asked(lab, "RDS-013", revision=few).verdict is verdict


Spoil = Callable[[Lab], Sequence[str]]  # a fault is seeded; returns the notifiers that are configured


def nothing(lab: Lab) -> Sequence[str]:
    return ("webhook",)


def nobody(lab: Lab) -> Sequence[str]:
    return ()


def another(lab: Lab) -> Sequence[str]:
    return ("webhook", "pagerduty")


def unwatched(lab: Lab) -> Sequence[str]:
    TestSomebodyWatchesCron.ran(lab, 0, Watcher.NONE, (Cycle.MONTHLY,))
    return ("webhook",)


def stopped(lab: Lab) -> Sequence[str]:
    TestSomebodyWatchesCron.ran(lab, 30)
    return ("webhook",)


def stayed(lab: Lab) -> Sequence[str]:
    TestNothingIsKeptBeyondItsTime.message(lab, "old", 60)
    return ("webhook",)


def piled(lab: Lab) -> Sequence[str]:
    lab.redis("ZADD", f"{lab.store.queue.bases[1]}failed", *(word for at in range(300) for word in (at, f"job-{at}")))
    return ("webhook",)


@pytest.mark.parametrize(
    ("codes", "spoil"),
    [("OBS-001", nobody), ("OBS-001", another), ("OBS-002", unwatched), ("OBS-002", stopped), ("CON-009", stayed),
     ("RDS-013", piled), ("", nothing)],
)  # fmt: skip
def test_a_seeded_fault_is_told_by_its_code_alone(lab: Lab, codes: str, spoil: Spoil) -> None:
    TestSomebodyIsTold.tell(lab, "webhook")
    TestSomebodyWatchesCron.ran(lab)
    lab.run(lab.store.retired.note(LastMove(lab.now, "a worker", 1)))
    notifiers = spoil(lab)
    few = replace(Revision(), bounds=replace(Revision().bounds, completed_keep=100, failed_keep=100))
    asked_ = ("OBS-001", "OBS-002", "CON-009", "RDS-013")
    assert [one for one in asked_ if asked(lab, one, notifiers, few).verdict is not PASS] == codes.split()


@pytest.mark.parametrize("identity", ["CON-002", "CON-003", "CON-004", "CON-010"])
def test_what_has_no_record_in_this_version_is_never_fine(ask: Ask, identity: str) -> None:
    seen, check = ask(identity), REGISTRY[identity].check
    assert (seen.verdict, seen.observed, check.profile) == (SKIP, "no consent store yet", "live")
    assert answer([Report(check, seen)]) == exits.DEGRADED


@pytest.mark.parametrize("identity", ["OBS-001", "OBS-002", "CON-009", "RDS-013"])
def test_without_a_server_nothing_is_seen(ask: Ask, identity: str) -> None:
    assert ask(identity, given=Given(notifiers=("webhook",))).verdict is ERROR
