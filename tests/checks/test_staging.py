"""STG, PERF and PRV-004: what a drill and a load test proved, and for how long."""

from dataclasses import replace
from pathlib import Path

import pytest

from checks.conftest import Ask
from notifyctl.domain.bench import Bench, Lane, Spread
from notifyctl.domain.check import Verdict
from notifyctl.domain.trial import Run, Trial
from notifyctl.store import drills

HOUR = 3_600_000
NOW = 1_800_000_000_000
TAKEN = Trial("resend", "venue.example", "accepted", "", (100.0,))
RUN = Run(NOW - HOUR, "ci", "1", "abc", (TAKEN,))
SENDERS = {"resend": "tickets@venue.example"}


def asked(ask: Ask, home: Path, identity: str, run: Run | None, **changes: object) -> Verdict:
    if run:
        drills.add(home, run)
    given = {"home": home, "now": NOW, "version": "1", "setup": "abc", "senders": SENDERS, **changes}
    verdict: Verdict = ask(identity, **given).verdict
    return verdict


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (RUN, Verdict.PASS),
        (RUN._replace(at=NOW - 24 * HOUR), Verdict.PASS),
        (RUN._replace(at=NOW - 25 * HOUR), Verdict.WARN),
        (RUN._replace(at=NOW - 8 * 24 * HOUR), Verdict.ERROR),
        (RUN._replace(version="2"), Verdict.WARN),
        (RUN._replace(setup="xyz"), Verdict.WARN),
        (RUN._replace(trials=(TAKEN._replace(kind="sender", code="403"),)), Verdict.FAIL),
        (RUN._replace(trials=(TAKEN._replace(provider="ses"),)), Verdict.ERROR),
        (None, Verdict.ERROR),
    ],
)
def test_a_message_must_have_gone_through_each_provider(
    ask: Ask, tmp_path: Path, run: Run | None, verdict: Verdict
) -> None:
    assert asked(ask, tmp_path, "STG-001", run) is verdict


def test_the_last_drill_counts(ask: Ask, tmp_path: Path) -> None:
    drills.add(tmp_path, RUN._replace(trials=(TAKEN._replace(kind="fault"),)))
    assert asked(ask, tmp_path, "STG-001", RUN) is Verdict.PASS


def test_a_record_of_something_else_fails(ask: Ask, tmp_path: Path) -> None:
    drills.add(tmp_path, RUN)
    (tmp_path / drills.NAME).write_text('{"at": 1}\n')
    assert asked(ask, tmp_path, "STG-001", None) is Verdict.FAIL


@pytest.mark.parametrize(
    ("ms", "calls", "verdict"),
    [
        (399, 20, Verdict.PASS), (400, 20, Verdict.WARN), (499, 20, Verdict.WARN), (500, 20, Verdict.FAIL),
        (100, 19, Verdict.ERROR), (900, 19, Verdict.ERROR),
    ],
)  # fmt: skip
def test_a_mean_is_said_of_enough_calls(ask: Ask, tmp_path: Path, ms: float, calls: int, verdict: Verdict) -> None:
    quick = TAKEN._replace(provider="ses", ms=20 * (10.0,))  # a quick one hides no slow one
    run = RUN._replace(trials=(quick, TAKEN._replace(ms=calls * (float(ms),))))
    assert asked(ask, tmp_path, "PERF-001", run) is verdict


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (RUN._replace(at=NOW - 25 * HOUR), Verdict.WARN),
        (RUN._replace(version="2"), Verdict.WARN),
        (RUN._replace(setup="xyz"), Verdict.WARN),
        (RUN._replace(trials=(TAKEN._replace(provider="ses"),)), Verdict.ERROR),
    ],
)
def test_a_mean_is_of_today_of_this_set_up_and_of_each_provider(
    ask: Ask, tmp_path: Path, run: Run, verdict: Verdict
) -> None:
    measured = run._replace(trials=tuple(one._replace(ms=20 * (10.0,)) for one in run.trials))
    assert asked(ask, tmp_path, "PERF-001", measured) is verdict


def test_what_was_never_measured_is_not_green(ask: Ask, tmp_path: Path) -> None:
    assert asked(ask, tmp_path, "PERF-001", None) is Verdict.ERROR


DAY = 24 * HOUR
TOOK = Spread(300, 120.0, 118.0, 122.0, 118.0, 160.0, 190.0)
ALL = Lane("all", 300, 300, 0, Spread(300), TOOK)
LOAD = Bench(NOW - HOUR, "ci", "1", "", "emulator", "production", 2, 0, 2.0, {"resend": 300}, ALL, (ALL,))
STAGED = replace(LOAD, against="staging", setup="abc")


def slow(mean: float, high: float) -> Bench:
    return replace(LOAD, total=ALL._replace(took=TOOK._replace(mean=mean, high=high)))


@pytest.mark.parametrize(
    ("load", "verdict"),
    [
        (LOAD, Verdict.PASS),
        (STAGED, Verdict.PASS),
        (slow(500.0, 510.0), Verdict.FAIL),
        (slow(495.0, 505.0), Verdict.WARN),
        (replace(LOAD, total=ALL._replace(accepted=299)), Verdict.FAIL),
        (replace(LOAD, total=ALL._replace(accepted=299, failed=1)), Verdict.FAIL),
        (replace(LOAD, total=ALL._replace(took=TOOK._replace(n=199))), Verdict.ERROR),
        (replace(LOAD, at=NOW - 30 * DAY), Verdict.PASS),
        (replace(LOAD, at=NOW - 31 * DAY), Verdict.WARN),
        (replace(LOAD, at=NOW - 184 * DAY), Verdict.ERROR),
        (replace(LOAD, version="2"), Verdict.WARN),
        (replace(LOAD, setup="xyz"), Verdict.PASS),  # the emulator knows nothing of our set-up
        (replace(STAGED, setup="xyz"), Verdict.WARN),
        (None, Verdict.ERROR),
    ],
)
def test_a_load_test_must_have_passed_lately(ask: Ask, tmp_path: Path, load: Bench | None, verdict: Verdict) -> None:
    drills.add_load(tmp_path, slow(900.0, 910.0))  # the last one counts
    if load:
        drills.add_load(tmp_path, load)
    home = tmp_path if load else tmp_path / "elsewhere"
    assert ask("PERF-003", home=home, now=NOW, version="1", setup="abc").verdict is verdict


def test_a_load_test_is_read_as_it_was_written(tmp_path: Path) -> None:
    drills.add_load(tmp_path, STAGED)
    assert drills.read_loads(tmp_path) == [STAGED]
