"""`validate` after a deployment, with mail that was really sent."""

import time

import redis

from conftest import Valkey
from house import House, Ran, eventually, everything, mail
from notifyctl.evidence import archive
from quarters import traffic

NOW = int(time.time() * 1000)


def verdicts(ran: Ran) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in ran.data["criteria"]}


def test_the_mail_after_a_deployment_is_counted_once_and_nothing_is_written(house: House, valkey: Valkey):
    assert house.run("send", "-", stdin=b"\n".join(mail(f"v/{number}") for number in range(20))).code == 0
    worker = house.start("worker")
    eventually(lambda: house.state("v/19") == "accepted" and house.ask("validate").data["messages"] == 20)
    worker.terminate()
    worker.wait(30)
    archived = next(traffic("2026-07", 1))
    archive.write(house.home, [archived._replace(id="v/0", ended_at=NOW), archived._replace(id="old", ended_at=1)])
    with redis.Redis(port=valkey.port) as admin:
        before = everything(admin)
        found = house.ask("validate")
        assert everything(admin) == before
    told = verdicts(found)
    assert (found.data["messages"], told["permission"], told["copies"], told["delivery"]) == (
        20, "met", "met", "too few"
    )  # fmt: skip
    assert told["processing"] != "too few"
    file = house.home / "CHANGELOG.md"
    file.write_text("## [1.4.0] - 2099-01-01\n\n- 09:30Z by eve: Early\n")
    later = house.ask("validate", "--file", str(file))
    assert (later.code, later.data["deployment"], later.data["messages"]) == (3, "1.4.0", 0)
    text = house.run("validate", "--file", str(file)).out
    assert text.startswith("Since 2099-01-01 09:30:00Z (deployment of 1.4.0), 0 mails that ended: 4 too few, 6 no")
    assert house.ask("validate", "--file", str(file), "--since", "1h").data["messages"] == 20


def test_what_a_pipeline_waits_for_decides_and_a_miss_always_does(house: House):
    well = [row for row in traffic("2026-07", 100) if row.purpose == "service" and row.state == "accepted"]
    archive.write(house.home, [row._replace(ended_at=NOW, took_ms=100) for row in well])
    ran = house.ask("validate")
    assert (ran.code, ran.codes, ran.data["not_judged"]) == (3, ["VAL-OPEN"], ["delivery"])
    assert (verdicts(ran)["processing"], verdicts(ran)["complaints"]) == ("met", "no source yet")
    assert house.run("validate", "--require", "processing", "--require", "copies", "--watch").code == 0
    assert house.ask("validate", "--require", "consent").code == 3
    archive.write(house.home, [row._replace(id=f"dead{row.id}", state="dead", ended_at=NOW) for row in well[:10]])
    ran = house.ask("validate", "--require", "processing")
    assert (ran.code, ran.codes, verdicts(ran)["delivery"]) == (1, ["VAL-MISSED"], "missed")


def test_a_wrong_name_or_file_is_told_before_anything_is_opened(house: House):
    nowhere = {"BULLMQ_REDIS_PORT": "1"}
    assert house.ask("validate", "--require", "everything", **nowhere).code == 2
    assert house.ask("validate", "--file", str(house.home / "none.md"), **nowhere).codes == ["CHG-FILE"]
    assert house.ask("validate", **nowhere).code == 6
