"""Commands that only look: they write nothing, start nothing, and say so with their exit code."""

import re
import signal
from itertools import pairwise
from pathlib import Path

import pytest
import redis

from conftest import Valkey, free_port
from house import House, eventually, everything, mail

LOOKS = (("status",), ("queue", "show"), ("queue", "unknown"), ("message", "show", "one"), ("worker", "list"))


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
        ran = house.ask(*look)
        assert ran.code in (0, 3), ran.out
        assert everything(client) == before
    assert sorted(house.home.rglob("*")) == files


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
        assert "Mail is flowing: " in house.run("status").out
        emulator.call("DELETE", "/faults")
        done = eventually(lambda: ran if (ran := house.ask("status")).data["idle"] else None)
        assert (done.code, done.data["messages"]) == (0, {"accepted": 12})
        assert done.data["providers"]["resend"] == {
            "configured": True, "calls": {"accepted.definite": 12}, "closed_until": None,
        }  # fmt: skip
        told = house.run("status").out
        assert told.startswith("Nothing is left to do. Somebody works since 2")
        assert "ended so far: 12 accepted" in told

    def test_a_living_worker_is_no_proof_that_mail_flows(self, house: House, emulator) -> None:
        for provider in ("resend", "postmark", "ses"):
            emulator.fault(provider, status=503, times=-1)
        house.config.write_text('pace = "demo"\n[limits]\nattempts = 50\nattempts_per_provider = 50\n')
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
        ran = eventually(lambda: ran if "QUE-FLOW" in (ran := house.ask("status")).codes else None)
        assert (ran.code, ran.data["idle"]) == (3, True)

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

    def test_a_closed_provider_and_one_without_a_key_are_shown(self, house: House, emulator) -> None:
        emulator.fault("resend", status=429, headers={"Retry-After": "600"})
        house.environ["POSTMARK_API_KEY"] = ""
        house.run("send", "-", stdin=mail("one"))
        house.start("worker")
        ran = eventually(lambda: ran if (ran := house.ask("status")).data["idle"] else None)
        assert ran.data["providers"]["resend"]["closed_until"]
        told = house.run("status").out
        assert "resend is closed until 2" in told
        assert "no key" in told

    def test_a_watch_ends_when_nothing_is_left_and_prints_only_changes(self, house: House, emulator) -> None:
        emulator.fault("resend", delay_s=1.0)
        house.run("send", "-", stdin=mail("one"))
        house.start("worker")
        eventually(lambda: house.state("one") == "attempting")
        ran = house.run("status", "--watch", "--every", "0.1")
        pictures = re.split(r"^(?=Mail is|Nothing )", ran.out, flags=re.MULTILINE)[1:]
        assert ran.code == 0
        assert pictures[-1].startswith("Nothing is left to do")
        assert all(picture != before for before, picture in pairwise(pictures))


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
