"""Commands by which a person decides: without an answer they change nothing, and they look with a look's rights."""

import pytest
import redis

from conftest import Valkey, free_port
from endings import the_past
from house import House, everything, mail
from notifyctl.domain.attempt import State

ASKING = {
    "queue retry": (["one"], "Give them another chance?"),
    "message resend": (["two"], "Send it again?"),
}
LOOKING = (
    ("queue", "failed"),
    ("queue", "review"),
    ("queue", "retry", "--all", "--dry-run"),
    ("message", "resend", "two", "--dry-run"),
    ("worker", "drain", "--all", "--dry-run"),
    ("message", "find", "one@customers.example"),
    ("message", "find", "--ref", "nf1-x"),
)


@pytest.fixture
def failed(house: House, valkey: Valkey, monkeypatch) -> House:
    """A house with a message that is dead and one that is unknown."""
    with the_past(house, valkey, monkeypatch) as past:
        past.ended("one", State.DEAD)
        past.ended("two", State.UNKNOWN)
    return house


@pytest.mark.parametrize("verb", ASKING)
def test_without_a_terminal_the_missing_flag_is_named_and_nothing_changes(
    failed: House, valkey: Valkey, verb: str
) -> None:
    arguments, question = ASKING[verb]
    with redis.Redis(port=valkey.port) as client:
        before = everything(client)
        for given, flag in (([], "--reason"), (["--reason", "x"], "--yes"), (["--yes"], "--reason")):
            ran = failed.ask(*verb.split(), *arguments, *given)
            assert (ran.code, ran.codes) == (4, [f"CLI-NEEDS-{flag[2:].upper()}"])
            assert flag in ran.document["findings"][0]["hint"]
        assert question in failed.ask(*verb.split(), *arguments, "--reason", "x").document["findings"][0]["message"]
        assert everything(client) == before


@pytest.mark.parametrize("verb", ASKING)
def test_flags_are_checked_before_anything_is_opened(house: House, verb: str) -> None:
    nowhere = {"BULLMQ_REDIS_PORT": str(free_port())}
    line = [*verb.split(), *ASKING[verb][0]]
    assert house.ask(*line, "--reason", "x", **nowhere).code == 4
    assert house.ask(*line, "--reason", "x", "--yes", **nowhere).code == 6


@pytest.mark.parametrize("look", LOOKING, ids=" ".join)
def test_a_user_that_may_only_read_can_look(failed: House, valkey: Valkey, look: tuple[str, ...]) -> None:
    rights = {"categories": ["+@read", "+@connection"], "commands": ["+info", "+time"], "keys": ["*"]}
    with redis.Redis(port=valkey.port) as client:
        client.acl_setuser("looker", enabled=True, passwords=["+secret"], **rights)
        try:
            ran = failed.ask(*look, BULLMQ_REDIS_USERNAME="looker", BULLMQ_REDIS_PASSWORD="secret")
        finally:
            client.acl_deluser("looker")
    assert ran.code in (0, 1, 3, 8), ran.out
    assert not {"STORE-DENIED", "CLI-BUG"} & set(ran.codes)


class TestQueueFailed:
    def test_tells_why_through_whom_and_since_when(self, failed: House) -> None:
        ran = failed.ask("queue", "failed")
        assert (ran.code, ran.data["total"], ran.data["counts"]) == (3, 2, {"dead": 1, "unknown": 1})
        jobs = {one["id"]: one for one in ran.data["jobs"]}
        assert {name: (one["state"], one["provider"], one["reason"]) for name, one in jobs.items()} == {
            "one": ("dead", "ses", "why"),
            "two": ("unknown", "ses", "why"),
        }
        assert {one["type"] for one in jobs.values()} == {"booking.confirmation"}
        assert "2 jobs failed: " in failed.run("queue", "failed").out

    def test_pages_from_the_latest(self, house: House, valkey: Valkey, monkeypatch) -> None:
        with the_past(house, valkey, monkeypatch) as past:
            for number in range(5):
                past.lab.now += 1
                past.ended(f"m{number}", State.DEAD)
        pages = [
            [one["id"] for one in house.ask("queue", "failed", "--limit", "2", "--skip", str(skip)).data["jobs"]]
            for skip in (0, 2, 4)
        ]
        assert pages == [["m4", "m3"], ["m2", "m1"], ["m0"]]
        assert "2 are listed; --skip 2 lists the next." in house.run("queue", "failed", "--limit", "2").out

    def test_shows_what_has_become_of_one_since(self, failed: House, valkey: Valkey) -> None:
        with redis.Redis(port=valkey.port) as client:
            client.hset("nf:{bull}:msg:two", "state", "accepted")
        (job,) = failed.ask("queue", "failed", "--state", "unknown").data["jobs"]
        assert (job["state"], job["recorded_state"]) == ("unknown", "accepted")
        assert "unknown, now accepted" in failed.run("queue", "failed").out

    def test_hides_addresses_in_what_others_wrote(self, house: House, valkey: Valkey) -> None:
        with redis.Redis(port=valkey.port) as client:
            client.hset("bull:email-bulk:7", mapping={"name": "x", "data": mail("7"), "opts": "{}", "timestamp": 1})
            client.hset("bull:email-bulk:7", mapping={"failedReason": "550 for ada@customers.example", "finishedOn": 2})
            client.zadd("bull:email-bulk:failed", {"7": 2})
        ran = house.ask("queue", "failed", "--state", "other")
        assert [one["reason"] for one in ran.data["jobs"]] == ["550 for [address]"]

    def test_of_a_queue_that_is_none_is_a_usage_error(self, house: House) -> None:
        assert house.ask("queue", "failed", "--lane", "email-urgent").code == 2

    def test_none_is_exit_0(self, house: House) -> None:
        ran = house.ask("queue", "failed")
        assert (ran.code, ran.data["total"], ran.data["jobs"]) == (0, 0, [])


@pytest.mark.parametrize("arguments", [[], ["one", "--all"], ["one", "--state", "dead"], ["--all", "--type", "x"]])
def test_it_must_be_said_once_which_messages_are_meant(house: House, arguments: list[str]) -> None:
    assert house.ask("queue", "retry", *arguments, "--reason", "x", "--yes").code == 2


@pytest.mark.parametrize("flags", [["--since", "yesterday"], ["--deadline", "2026-11-24"], ["--since", "soons"]])
def test_a_moment_that_is_none_is_a_usage_error(house: House, flags: list[str]) -> None:
    assert house.ask("queue", "retry", "--all", *flags, "--dry-run").code == 2


def test_a_plan_tells_what_is_left_alone_and_what_to_do_about_it(failed: House) -> None:
    planned = failed.run("queue", "retry", "--all", "--dry-run").out.splitlines()
    assert planned[0] == "1 message would get another chance; 1 would be left alone."
    assert any(line.startswith("RTY-UNKNOWN: notifyctl message resend two") for line in planned)
