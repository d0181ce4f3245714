"""`bench`: a load through the real engine, recorded where preflight reads."""

import pytest

from house import KEYS, Emulator, House, eventually
from terminal import notifyctl


def verdict(house: House) -> str:
    told = house.ask("preflight", "--only", "PERF-003").data["checks"]
    return next(str(one["verdict"]) for one in told if one["id"] == "PERF-003")


def test_it_measures_each_lane_against_an_emulator_of_its_own(house: House) -> None:
    environ = {**house.environ, "NOTIFYCTL_RESEND_URL": "http://127.0.0.1:9"}  # nothing of the set-up is used
    ran = notifyctl("bench", "--messages", "30", "--answer", "0", "--processes", "1", "-o", "json", **environ)
    told = ran.data
    assert (told["against"], told["pace"], told["workers"], told["drained"]) == ("emulator", "production", 1, True), ran
    assert [(one["name"], one["sent"], one["accepted"]) for one in told["lanes"]] == [
        ("critical", 3, 3), ("standard", 9, 9), ("bulk", 18, 18),
    ]  # fmt: skip
    assert sum(told["providers"].values()) == told["total"]["took"]["n"] == 30
    assert told["total"]["took"]["low"] <= told["total"]["took"]["mean"] <= told["total"]["took"]["high"]
    assert "ended 30 of 30, 100 %" in ran.err
    assert (ran.code, told["grade"], verdict(house)) == (3, "too few", "error")  # so few give no mean


def test_a_staging_set_up_sends_to_the_sink_by_the_workers_that_live(house: House, emulator: Emulator) -> None:
    house.config.write_text("")  # the pace of production: nothing is given up while a process rests
    house.start("worker")
    house.await_workers(1)
    ran = house.ask("bench", "--staging", "--yes", "--messages", "10")
    assert (ran.code, ran.codes) == (3, ["PERF-003"])  # ten give no mean
    told = ran.data
    assert (told["against"], told["workers"], told["total"]["accepted"]) == ("staging", 1, 10)
    assert emulator.copies("delivered@resend.dev") == 10 + 3  # three went before
    assert verdict(house) == "error"


def test_workers_that_were_started_for_it_are_gone_with_it(house: House) -> None:
    house.config.write_text("")
    ran = house.ask("bench", "--staging", "--yes", "--messages", "3", "--processes", "1")
    assert (ran.data["workers"], ran.data["drained"]) == (1, True)
    assert eventually(lambda: house.workers() == [])


def test_nothing_is_sent_without_a_yes_in_a_dry_run_or_in_production(house: House, emulator: Emulator) -> None:
    assert house.ask("bench", "--staging").codes == ["CLI-NEEDS-YES"]
    planned = house.ask("bench", "--staging", "--dry-run")
    assert (planned.document["outcome"], planned.data["messages"], planned.data["warming"]) == ("planned", 200, 50)
    house.config.write_text("")
    pepper = {"NOTIFYCTL_MODE": "production", "NOTIFYCTL_PEPPER": "p" * 32}
    unguarded = {name: "" for name in ("NOTIFYCTL_RESEND_URL", "NOTIFYCTL_POSTMARK_URL", "NOTIFYCTL_SES_URL")}
    refused = house.ask("bench", "--staging", "--yes", **pepper, **unguarded)
    assert (refused.code, refused.codes) == (4, ["BEN-PRODUCTION"])
    assert emulator.call("GET", "/mailbox")["copies"] == []


@pytest.mark.parametrize(("words", "code"), [(("--staging", "--answer", "1", "--yes"), 2), (("--messages", "2"), 2)])
def test_what_goes_against_each_other_is_a_usage_error(house: House, words: tuple[str, ...], code: int) -> None:
    assert house.ask("bench", *words).code == code


def test_without_a_key_there_is_nothing_to_send_through(house: House) -> None:
    for name in KEYS:
        house.environ[name] = ""
    assert house.ask("bench", "--staging", "--yes").code == 7
