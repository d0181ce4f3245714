"""Findings: counted where they come up, with the time and the place."""

from lab import NOON, Lab


def counts(lab: Lab) -> dict[str, int]:
    return lab.run(lab.store.attempts.findings())


def test_each_place_counts_and_the_latest_is_named_first(lab: Lab):
    findings = lab.store.findings
    assert lab.run(findings.note("QUE-REMOVED", ["a", "b"])) == 2
    lab.now += 1000
    assert lab.run(findings.note("QUE-REMOVED", ["a"])) == 1
    assert counts(lab) == {"QUE-REMOVED": 3}
    assert lab.run(findings.where("QUE-REMOVED")) == ["a", "b"]
    assert lab.run(lab.store.attempts.last()) == {"QUE-REMOVED": NOON + 1000}


def test_what_lasts_counts_once_at_each_place_and_is_dated_anew(lab: Lab):
    findings = lab.store.findings
    assert lab.run(findings.note("QUE-ORPHAN", ["a"], "new")) == 1
    lab.now += 1000
    assert lab.run(findings.note("QUE-ORPHAN", ["a", "b"], "new")) == 1
    assert counts(lab) == {"QUE-ORPHAN": 2}
    lab.now += 1000
    assert lab.run(findings.note("QUE-ORPHAN", ["c"], "known")) == 0
    assert counts(lab) == {"QUE-ORPHAN": 2}
    assert lab.run(lab.store.attempts.last()) == {"QUE-ORPHAN": NOON + 2000}


def test_what_was_counted_elsewhere_is_added_up(lab: Lab):
    findings = lab.store.findings
    assert lab.run(findings.note("RDS-LOST-WRITES", ["one"], 3)) == 3
    assert lab.run(findings.note("RDS-LOST-WRITES", ["two"], 4)) == 4
    assert counts(lab) == {"RDS-LOST-WRITES": 7}
    assert lab.run(findings.where("RDS-LOST-WRITES", 1)) == ["two"]


def test_no_place_is_no_finding(lab: Lab):
    assert lab.run(lab.store.findings.note("QUE-GHOST", [])) == 0
    assert counts(lab) == {}


def test_the_places_are_bounded_and_few_are_shown(lab: Lab):
    places = [f"{number:05}" for number in range(10_003)]
    lab.run(lab.store.findings.note("QUE-VANISHED", places))
    assert counts(lab) == {"QUE-VANISHED": 10_003}
    assert lab.redis("ZCARD", "nf:{bull}:where:QUE-VANISHED") == 10_000
    assert lab.run(lab.store.findings.where("QUE-VANISHED")) == list(reversed(places[-5:]))
