"""Commands that only look: they write nothing, start nothing, and say so with their exit code."""

import re
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest
import redis

from conftest import Valkey, free_port
from house import PATIENCE, House, eventually, everything, mail
from lab import Lab
from notifyctl.cli.table import VERBS

LOOKS = (
    ("status",),
    ("doctor",),
    ("queue", "show"),
    ("queue", "unknown"),
    ("queue", "failed"),
    ("queue", "review"),
    ("message", "show", "one"),
    ("message", "find", "one@customers.example"),
    ("worker", "list"),
    ("history",),
    ("explain", "last-failover"),
    ("provider", "list"),
    ("provider", "show", "ses"),
    ("drill", "failover"),
    ("incident", "detect"),
    ("incident", "list"),
    ("cost", "report"),
    ("cost", "advise"),
    ("validate",),
)
READER = ("ON", ">reader-secret", "~*", "&*", "+@read", "+@connection", "+info", "+time", "+config|get")


@pytest.fixture
def unknown(house: House, emulator) -> str:
    """A newsletter's worst case: bulk, taken or not by a provider without search, nobody knows."""
    emulator.fault("ses", action="hang", times=-1)
    house.environ |= {"RESEND_API_KEY": "", "POSTMARK_API_KEY": ""}
    house.run("send", "-", stdin=mail("doubtful", "event.cancelled"))
    worker = house.start("worker")
    eventually(lambda: house.state("doubtful") == "unknown")
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)
    return "doubtful"


@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_nothing_is_written(house: House, valkey: Valkey, look: tuple[str, ...]) -> None:
    house.run("send", "-", stdin=b"\n".join([mail("one"), mail("two", "newsletter")]), NOTIFYCTL_HOME=str(house.home))
    files = sorted(house.home.rglob("*"))
    with redis.Redis(port=valkey.port) as client:
        before = everything(client)
        ran = house.execute(*look, "-o", "json")
        assert ran.code in (0, 1, 3), ran.out
        assert everything(client) == before
    assert sorted(house.home.rglob("*")) == files


def test_each_command_that_only_looks_is_in_this_test() -> None:
    """But those that ask no Redis, the demo, which brings its own, those of one incident, read as the list is, and
    preflight, which has an answer where there is no server. Reports are files."""
    elsewhere = {"explain", "commands", "demo", "emulator", "probe", "incident show", "incident report", "preflight"}
    elsewhere |= {"audit verify", "audit show", "dpia check", "secrets list", "secrets check", "config acl"}  # no Redis
    names = {verb.name for verb in VERBS if not verb.mutating and verb.group != "DOCS"} - elsewhere
    assert {name for name in names if not any(" ".join(look).startswith(name) for look in LOOKS)} == set()


@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_a_user_of_redis_who_may_only_read_can_look(house: House, lab: Lab, look: tuple[str, ...]) -> None:
    house.run("send", "-", stdin=mail("one"))
    lab.trip("resend")
    plain = house.ask(*look)
    lab.redis("ACL", "SETUSER", "reader", *READER)
    try:
        ran = house.ask(*look, BULLMQ_REDIS_USERNAME="reader", BULLMQ_REDIS_PASSWORD="reader-secret")
    finally:
        lab.redis("ACL", "DELUSER", "reader")
    assert (ran.code, ran.codes) == (plain.code, plain.codes)
    assert ran.code in (0, 1, 3)


@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_no_server_is_started(house: House, tmp_path: Path, look: tuple[str, ...]) -> None:
    home = tmp_path / "untouched"
    ran = house.ask(*look, BULLMQ_REDIS_HOST="", NOTIFYCTL_HOME=str(home))
    assert (ran.code, ran.codes) == (6, ["STORE-NOT-RUNNING"])
    assert not home.exists()


@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_a_server_that_does_not_answer_is_exit_6(house: House, look: tuple[str, ...]) -> None:
    ran = house.ask(*look, BULLMQ_REDIS_PORT=str(free_port()))
    assert (ran.code, ran.codes) == (6, ["STORE-UNREACHABLE"])


def test_a_variable_with_a_typo_is_told(house: House) -> None:
    ran = house.run("status", NOTIFYCTL_FORM="x", NOTIFYCTL_ACTOR="ada")
    assert "nothing reads NOTIFYCTL_FORM; did you mean NOTIFYCTL_FROM?" in ran.err
    assert len(ran.err.splitlines()) == 1


class TestStatus:
    def test_nothing_to_do(self, house: House) -> None:
        ran = house.run("status", "-o", "short")
        assert (ran.code, ran.out) == (0, "Nothing to do, and nobody works.\n")

    def test_an_incident_that_is_open_is_told_with_who_has_it(self, house: House) -> None:
        house.run("incident", "log", "the lights flicker", "--severity", "error")
        house.run("incident", "ack", "--yes", NOTIFYCTL_ACTOR="ada")
        ran = house.ask("status")
        (told,) = ran.data["incidents"]
        assert (told["title"], told["state"], told["acked_by"]) == ("the lights flicker", "acked", "ada")
        assert f"notifyctl incident show {told['id']}" in ran.document["next"]
        for form in ("short", "table"):
            answer, incident = house.run("status", "-o", form).out.splitlines()[:2]
            assert answer == "Nothing to do, and nobody works."
            assert incident.startswith(f"{told['id']} ({told['key']}) is open since {told['since'][11:19]}Z")
            assert incident.endswith(", ada has it: the lights flicker.")
        house.run("incident", "resolve", "--yes", "--reason", "a new fuse")
        assert house.ask("status").data["incidents"] == []

    def test_nobody_works(self, house: House) -> None:
        house.run("send", "-", stdin=mail("one"))
        ran = house.ask("status")
        assert (ran.code, ran.codes, ran.data["flowing"]) == (3, ["WRK-NONE"], False)
        assert ran.document["next"] == ["notifyctl worker"]
        told = house.run("status", "-o", "short").out
        assert told.startswith("Nobody works: 1 message to do since 2")

    def test_mail_flows_and_then_is_out(self, house: House, emulator) -> None:
        emulator.fault("resend", delay_s=0.3, times=-1)
        house.config.write_text('pace = "demo"\n[limits]\nin_flight = 1\n')
        house.run("send", "-", stdin=b"\n".join(mail(f"m{number}") for number in range(12)))
        house.start("worker")
        flowing = eventually(lambda: ran if (ran := house.ask("status")).data["accepted_at"] else None)
        assert (flowing.code, flowing.data["flowing"], flowing.data["failed_at"]) == (0, True, None)
        assert "Mail is flowing, through resend since " in house.run("status").out
        emulator.call("DELETE", "/faults")
        done = eventually(lambda: ran if (ran := house.ask("status")).data["idle"] else None)
        assert (done.code, done.data["messages"]) == (0, {"accepted": 12})
        told = done.data["providers"]["resend"]
        assert (told["configured"], told["calls"], told["closed_until"]) == (True, {"accepted.definite": 12}, None)
        told = house.run("status").out
        assert told.startswith("Nothing is left to do. Somebody works since 2")
        assert "ended so far: 12 accepted" in told

    def test_a_living_worker_is_no_proof_that_mail_flows(self, house: House, emulator) -> None:
        for provider in ("resend", "postmark", "ses"):
            emulator.fault(provider, status=503, times=-1)
        house.config.write_text(
            'pace = "demo"\n[limits]\nattempts = 50\nattempts_per_provider = 50\n'
            "[breaker]\nfaults = 1000\ncalls = 1000\n"
        )
        house.run("send", "-", stdin=b"\n".join(mail(f"m{number}", "booking.reminder") for number in range(50)))
        house.start("worker")
        stuck = eventually(lambda: ran if (ran := house.ask("status")).data["failed_at"] else None)
        assert (stuck.code, stuck.codes, stuck.data["flowing"]) == (3, ["PRB-UNREACHABLE"], False)
        assert eventually(lambda: house.run("status", "-o", "short").out.startswith("No mail gets out: "))

    def test_jobs_of_a_kind_that_is_not_served_are_told(self, house: House, valkey: Valkey, emulator) -> None:
        with redis.Redis(port=valkey.port) as client:
            fields = {"name": "x", "data": mail("one"), "opts": "{}", "timestamp": 1, "parentKey": "bull:other:1"}
            client.hset("bull:email-critical:child", mapping=fields)
            client.lpush("bull:email-critical:wait", "child")
        house.start("worker")
        told = eventually(lambda: ran if "QUE-FLOW" in (ran := house.ask("status")).codes else None)
        assert told.code == 3
        assert eventually(lambda: house.ask("status").data["idle"])  # it is told before the job has ended

    def test_a_paused_queue_is_degraded(self, house: House, valkey: Valkey) -> None:
        with redis.Redis(port=valkey.port) as client:
            client.hset("bull:email-bulk:meta", "paused", 1)
        ran = house.ask("status")
        assert (ran.code, ran.codes) == (3, ["QUE-PAUSED"])

    def test_eviction_is_degraded(self, house: House, valkey: Valkey) -> None:
        with redis.Redis(port=valkey.port) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            try:
                ran = house.ask("status")
            finally:
                client.config_set("maxmemory-policy", "noeviction")
        assert (ran.code, ran.codes, ran.data["eviction"]) == (3, ["RDS-EVICTION"], "allkeys-lru")

    def test_a_quota_that_comes_to_its_end_is_told_and_bulk_leaves_the_rest(self, house: House, emulator) -> None:
        house.environ |= {"POSTMARK_API_KEY": "", "AWS_SES_ACCESS_KEY": "", "AWS_SES_SECRET_KEY": ""}
        house.run("send", "-", stdin=b"\n".join(mail(f"m{number}") for number in range(10)))
        house.start("worker")
        eventually(lambda: house.ask("status").data["messages"].get("accepted") == 10)
        try:
            used = emulator.usage()["daily"]["used"]
            emulator.call("PUT", "/settings", {"resend": {"daily_quota": used + 1}})
            eventually(lambda: "LIM-QUOTA" in house.ask("status").codes)
            house.run("send", "-", stdin=b"\n".join([mail("bulk", "event.cancelled"), mail("ticket")]))
            eventually(lambda: house.state("ticket") == "accepted")
            told = house.run("status").out
            assert house.ask("doctor").codes == ["LIM-QUOTA"]
        finally:
            emulator.call("PUT", "/settings", {"resend": {"daily_quota": None}})
        assert "mails of the daily quota are sent; bulk waits" in told
        assert house.state("bulk") in ("queued", "held")

    def test_a_closed_provider_and_one_without_a_key_are_shown(self, house: House, emulator) -> None:
        emulator.fault("resend", status=429, headers={"Retry-After": "600"})
        house.environ["POSTMARK_API_KEY"] = ""
        house.run("send", "-", stdin=mail("one"))
        house.start("worker")
        ran = eventually(lambda: ran if (ran := house.ask("status")).data["idle"] else None)
        assert ran.data["providers"]["resend"]["closed_until"]
        told = house.run("status").out
        assert "resend asked us to wait until 2" in told
        assert "no key" in told

    def test_a_provider_that_was_taken_out_is_told_in_the_first_line(self, house: House, lab: Lab, emulator) -> None:
        """What happened, that mail flows, and that nobody has to do anything."""
        lab.trip("resend")
        for provider in ("resend", "postmark"):
            emulator.fault(provider, delay_s=0.3, times=-1)
        house.config.write_text('pace = "production"\n[limits]\nin_flight = 1\n')
        house.run("send", "-", stdin=b"\n".join(mail(f"m{number}") for number in range(30)))
        house.start("worker")
        ran = eventually(lambda: ran if (ran := house.ask("status")).data["flowing"] else None)
        assert (ran.code, ran.codes) == (3, ["BRK-OPEN"])
        assert (ran.data["carrier"], ran.data["moved"]) == ("postmark", True)
        assert [(one["provider"], one["rule"]) for one in ran.data["out"]] == [("resend", "T1")]
        told = house.run("status").out
        assert re.match(
            r"Mail is flowing, through postmark since \S+Z: resend was taken out at \S+Z: 3 faults in a row, over 2 "
            r"messages or more; nothing to do\. \d+ waiting, ",
            told,
        )
        assert re.search(r"^resend +open, [45] min", told, re.MULTILINE)

    def test_that_nobody_gets_the_mail_is_critical(self, house: House, lab: Lab, emulator) -> None:
        for provider in ("resend", "postmark", "ses"):
            lab.trip(provider)
        house.start("worker")
        house.await_workers(1)
        ran = house.ask("status")
        assert (ran.code, ran.codes[0], ran.data["carrier"]) == (3, "RTE-NOBODY", None)
        assert house.run("status").out.startswith("No provider gets the mail: resend was taken out at ")

    def test_what_people_laid_over_it_is_shown_with_its_end_and_its_owner(self, house: House) -> None:
        move = ("--reason", "it is slow", "--yes", "--for", "10m")
        house.run("failover", *move, NOTIFYCTL_ACTOR="ann")
        house.run("pause", "queue", *move, NOTIFYCTL_ACTOR="bob")
        ran = house.ask("status")
        assert (ran.code, ran.codes) == (3, ["RTE-ENDS", "RTE-HELD", "RTE-ENDS"])
        told = house.run("status").out
        assert re.search(
            r"^postmark first until \S+ \S+Z \(9 min \d+ s left\), by ann: it is slow$", told, re.MULTILINE
        )
        assert re.search(r"^queue is paused until .* by bob: it is slow$", told, re.MULTILINE)

    def test_a_watch_ends_when_nothing_is_left_and_prints_only_changes(self, house: House, emulator) -> None:
        house.run("send", "-", stdin=mail("one"))
        watch = house.start("status", "--watch", "--every", "0.1")
        eventually(lambda: house.out)
        house.start("worker", stdout=subprocess.DEVNULL)
        assert watch.wait(PATIENCE) == 0
        pictures = re.split(r"^(?=Nobody |Mail |No mail |Nothing )", house.out, flags=re.MULTILINE)[1:]
        assert pictures[0].startswith("Nobody works: 1 message to do")
        assert pictures[-1].startswith("Nothing is left to do")
        assert all(picture != before for before, picture in pairwise(pictures))


class TestDoctor:
    def test_nothing_is_wrong(self, house: House) -> None:
        ran = house.run("doctor")
        assert (ran.code, ran.out) == (0, "Nothing is wrong.\nNo worker has audited each queue yet.\n")

    def test_jobs_that_somebody_removed_are_counted_and_named(self, house: House, valkey: Valkey, emulator) -> None:
        """As a dashboard does it, while a provider makes us wait."""
        lane = "bull:email-critical:"
        emulator.fault("resend", status=429, headers={"Retry-After": "600"}, times=-1)
        house.environ |= {"POSTMARK_API_KEY": "", "AWS_SES_ACCESS_KEY": "", "AWS_SES_SECRET_KEY": ""}
        house.run("send", "-", stdin=b"\n".join([mail("one"), mail("two")]))
        house.start("worker")
        with redis.Redis(port=valkey.port) as client:
            eventually(lambda: client.zcard(lane + "delayed") == 2)
            eventually(lambda: house.ask("doctor").data["audited_at"]["email-bulk"])
            for job in ("one", "two"):
                client.zrem(lane + "delayed", job)
                client.delete(lane + job)
            client.xadd(lane + "events", {"event": "removed", "jobId": "one", "prev": "delayed"})
        ran = eventually(lambda: ran if len((ran := house.ask("doctor")).data["checks"]) == 2 else None)
        checks = {check["code"]: check for check in ran.data["checks"]}
        assert (ran.code, list(checks)) == (1, ["QUE-VANISHED", "QUE-REMOVED"])
        assert (checks["QUE-REMOVED"]["count"], checks["QUE-REMOVED"]["where"]) == (1, [lane + "one"])
        assert (checks["QUE-VANISHED"]["severity"], checks["QUE-VANISHED"]["where"]) == ("critical", [lane + "two"])
        assert all(check["last_at"] for check in checks.values())
        assert [house.state(name) for name in ("one", "two")] == ["cancelled", "cancelled"]
        status = house.ask("status")
        assert (status.code, status.codes) == (3, ["QUE-VANISHED", "QUE-REMOVED"])
        told = house.run("doctor").out.splitlines()
        assert told[0] == "2 findings: 1 critical, 1 warning."
        assert any("QUE-REMOVED   warning   1" in line and line.endswith(lane + "one") for line in told)

    def test_a_journal_of_another_redis_is_named(self, house: House) -> None:
        """As one that was moved to another address; what is in the file, only a worker of that one may tell."""
        left = house.home / "journal" / "nf.dead.0badcafe"
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"{}\n")
        ran = house.ask("doctor")
        (check,) = ran.data["checks"]
        assert (ran.code, check["code"], check["where"]) == (1, "WRK-JOURNAL-ELSEWHERE", [str(left)])
        assert left.read_bytes() == b"{}\n"

    def test_a_foreign_worker_is_seen_at_once_and_a_gap_alone_is_no_trouble(self, house: House, valkey: Valkey) -> None:
        with redis.Redis(port=valkey.port) as client:
            client.hset("nf:{bull}:findings", "QUE-EVENTS-GAP", 1)
            client.hset("nf:{bull}:last", "QUE-EVENTS-GAP", int(time.time() * 1000))
            assert (house.ask("doctor").code, house.ask("status").code) == (0, 0)
            client.client_setname("bull:ZW1haWwtYnVsaw==")
            ran = house.ask("doctor")
        assert (ran.code, ran.codes) == (1, ["QUE-FOREIGN-WORKER", "QUE-EVENTS-GAP"])

    def test_a_resume_that_would_lose_jobs_is_foreseen_without_any_worker(self, house: House, valkey: Valkey) -> None:
        with redis.Redis(port=valkey.port) as client:
            client.hset("bull:email-bulk:meta", "paused", 1)
            client.lpush("bull:email-bulk:paused", "a")
            client.lpush("bull:email-bulk:wait", "b")
        ran = house.ask("doctor")
        assert (ran.code, ran.codes) == (1, ["WRK-NONE", "QUE-PAUSE-MIXED", "QUE-PAUSED"])
        assert house.ask("status").codes == ran.codes

    def test_a_server_that_does_not_tell_who_is_connected_is_looked_at_otherwise(
        self, house: House, valkey: Valkey
    ) -> None:
        with redis.Redis(port=valkey.port) as client:
            client.acl_setuser(
                "narrow",
                enabled=True,
                passwords=["+secret"],
                categories=["+@all"],
                commands=["-client|list"],
                keys=["*"],
                channels=["*"],
            )
            try:
                ran = house.ask("doctor", BULLMQ_REDIS_USERNAME="narrow", BULLMQ_REDIS_PASSWORD="secret")
            finally:
                client.acl_deluser("narrow")
        assert (ran.code, ran.data["clients_seen"]) == (0, False)


class TestQueue:
    def test_lanes_in_detail(self, house: House) -> None:
        house.run("send", "-", stdin=b"\n".join([mail("one"), mail("two")]))
        house.run("send", "-", "--priority", "7", stdin=b"\n".join([mail("three"), mail("four")]))
        house.run("send", "-", "--priority", "2", stdin=mail("five"))
        lane = house.ask("queue", "show").data["queues"][0]
        assert (lane["waiting"], lane["prioritized"]) == (2, 3)
        assert lane["by_priority"] == {"2": 1, "7": 2}
        assert lane["oldest_age_ms"] >= 0
        assert "email-critical by priority: 2: 1, 7: 2" in house.run("queue", "show").out

    def test_no_unknown_is_exit_0(self, house: House) -> None:
        ran = house.ask("queue", "unknown")
        assert (ran.code, ran.data) == (0, {"total": 0, "messages": []})

    def test_unknown_mails_are_listed_with_what_to_do(self, house: House, unknown: str) -> None:
        ran = house.ask("queue", "unknown")
        assert (ran.code, ran.data["total"]) == (3, 1)
        assert [(one["id"], one["provider"]) for one in ran.data["messages"]] == [(unknown, "ses")]
        assert ran.document["next"] == ["notifyctl message show doubtful"]
        assert "Look each one up at its provider." in house.run("queue", "unknown").out
        status = house.ask("status")
        assert (status.code, status.codes, status.data["unknown"]) == (3, ["MSG-UNKNOWN"], 1)


class TestMessage:
    def test_an_id_that_nobody_knows(self, house: House) -> None:
        ran = house.ask("message", "show", "nobody")
        assert (ran.code, ran.codes) == (1, ["MSG-NOT-FOUND"])

    def test_one_that_waits(self, house: House) -> None:
        house.run("send", "-", stdin=mail("one"))
        ran = house.ask("message", "show", "one")
        assert (ran.code, ran.data["state"], ran.data["final"], ran.data["attempts"]) == (0, "queued", False, [])
        assert (ran.data["job"]["queue"], ran.data["job"]["state"]) == ("email-critical", "waiting")

    def test_the_story_of_a_failover(self, house: House, emulator) -> None:
        emulator.fault("resend", status=503)
        house.run("send", "-", stdin=mail("one"))
        house.start("worker")
        eventually(lambda: house.state("one") == "accepted")
        data = house.ask("message", "show", "one").data
        calls = [(one["provider"], one["outcome"]["kind"], one["outcome"]["http"]) for one in data["attempts"]]
        assert calls == [("resend", "fault", 503), ("postmark", "accepted", 200)]
        assert data["provider"] == "postmark"
        assert data["provider_id"] == data["attempts"][1]["outcome"]["provider_id"] != ""
        assert data["job"]["state"] == "completed"
        assert all(one["duration_ms"] >= 0 for one in data["attempts"])
        told = house.run("message", "show", "one").out.splitlines()
        assert told[0] == "one: accepted."
        words = ["enqueued in email-critical", "resend: fault (503", "postmark: accepted (200", "ended as accepted"]
        assert [next(word for word in words if word in line) for line in told[-4:]] == words

    def test_one_that_a_node_producer_gave_another_job_id(self, house: House, valkey: Valkey) -> None:
        with redis.Redis(port=valkey.port) as client:
            job = {"name": "mail", "data": mail("mine"), "opts": "{}", "timestamp": "1000", "delay": 0, "priority": 0}
            client.hset("bull:email-critical:17", mapping=job)
            client.lpush("bull:email-critical:wait", "17")
        house.start("worker")
        eventually(lambda: house.run("message", "show", "mine").code == 0)
        eventually(lambda: house.state("mine") != "queued")
        assert house.ask("message", "show", "mine").data["job"]["id"] == "17"

    def test_doubt_is_shown(self, house: House, unknown: str) -> None:
        data = house.ask("message", "show", unknown).data
        assert (data["state"], data["final"]) == ("unknown", True)
        assert [one["outcome"]["certainty"] for one in data["attempts"]] == ["ambiguous"]
        assert "fault, ambiguous" in house.run("message", "show", unknown).out
