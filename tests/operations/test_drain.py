"""Workers that are asked to drain from anywhere: each ends what it has in hand and exits; later ones work."""

import signal

from house import House, eventually, mail


def test_a_worker_ends_what_it_has_in_hand_and_exits_with_zero(house: House, emulator) -> None:
    house.config.write_text('pace = "production"\n')  # its calls may take so long that no look misses one
    emulator.fault("resend", delay_s=3)
    house.run("send", "-", stdin=mail("drained"))
    worker = house.start("worker")
    eventually(lambda: house.state("drained") == "attempting")
    ran = house.ask("worker", "drain", "--all", "--wait", "--reason", "a new release")
    assert (ran.code, ran.document["outcome"], ran.data["left"]) == (0, "done", 0)
    assert worker.wait(30) == 0
    assert house.state("drained") == "accepted"
    assert house.workers() == []


def test_one_of_two_by_its_name(house: House) -> None:
    house.start("worker")
    house.start("worker")
    first, second = house.await_workers(2)
    ran = house.ask("worker", "drain", f"{first['host']}/{first['pid']}", "--wait")
    assert [(one["pid"], one["gone"]) for one in ran.data["workers"]] == [(first["pid"], True)]
    assert [one["pid"] for one in house.workers()] == [second["pid"]]


def test_one_that_starts_later_works(house: House) -> None:
    house.start("worker")
    house.await_workers(1)
    house.run("worker", "drain", "--all", "--wait")
    house.start("worker")
    house.await_workers(1)
    assert not house.workers()[0]["asked_to_drain"]


def test_a_fleet_ends_when_its_last_worker_was_drained(house: House) -> None:
    fleet = house.start("worker", "--processes", "2")
    house.await_workers(2)
    assert house.ask("worker", "drain", "--all", "--wait").code == 0
    assert fleet.wait(30) == 0


def test_one_that_does_not_hear_is_still_listed_as_draining_and_told_with_exit_5(house: House) -> None:
    house.config.write_text('pace = "production"\n')  # it counts as alive for 15 s
    worker = house.start("worker")
    house.await_workers(1)
    worker.send_signal(signal.SIGSTOP)
    try:
        ran = house.ask("worker", "drain", "--all", "--wait", "--timeout", "1s")
        assert (ran.code, ran.codes, ran.data["left"]) == (5, ["WRK-NOT-DRAINED"], 1)
        assert house.workers()[0]["asked_to_drain"]
        assert "draining" in house.run("worker", "list").out
    finally:
        worker.send_signal(signal.SIGCONT)
    assert worker.wait(30) == 0


def test_nobody_to_drain_is_nothing_to_do(house: House) -> None:
    assert house.ask("worker", "drain", "--all").document["outcome"] == "nothing to do"
    ran = house.ask("worker", "drain", "nobody")
    assert (ran.code, ran.codes) == (1, ["WRK-NOT-FOUND"])


def test_a_dry_run_tells_who_would_and_asks_nobody(house: House) -> None:
    house.start("worker")
    house.await_workers(1)
    ran = house.ask("worker", "drain", "--all", "--dry-run")
    assert (ran.code, ran.data["asked"], len(ran.data["workers"])) == (0, 0, 1)
    assert not house.workers()[0]["asked_to_drain"]
