"""Failed messages get another chance, through real workers: what surely is not out goes out once, all else is left."""

import subprocess
import sys
import uuid

import pytest
import redis

from conftest import Valkey
from endings import Past, the_past
from house import House, Ran, eventually, everything, mail
from notifyctl.domain.attempt import State

WHY = ("--reason", "the provider is well again")
CUT_OFF = """
import os, sys
from notifyctl.operations import retry
retry.BATCH = 1
first = retry._batch
async def batch(*arguments):
    await first(*arguments)
    os._exit(9)
retry._batch = batch
from notifyctl.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def past(house: House, valkey: Valkey, monkeypatch):
    with the_past(house, valkey, monkeypatch) as past:
        yield past


def named() -> str:
    """An id that no test before has used: a provider would know it."""
    return uuid.uuid4().hex


def retry(house: House, *arguments: str) -> Ran:
    return house.ask("queue", "retry", *arguments, *WHY, "--yes")


def await_state(house: House, state: str, *names: str) -> None:
    for name in names:
        eventually(lambda name=name: house.state(name) == state)


def copies(emulator, *names: str) -> list[int]:
    return [emulator.copies(f"{name}@customers.example") for name in names]


class TestRetry:
    def test_sends_dead_messages_once(self, house: House, past: Past, emulator) -> None:
        dead = [past.ended(named(), State.DEAD) for _ in range(3)]
        ran = retry(house, "--state", "dead")
        assert (ran.code, ran.document["outcome"], ran.data["given_back"]) == (0, "done", 3)
        assert ran.data["now"] == {"queued": 3}
        house.start("worker")
        await_state(house, "accepted", *dead)
        assert copies(emulator, *dead) == [1, 1, 1]
        story = house.ask("message", "show", dead[0]).data
        assert [(one["verb"], one["state"]) for one in story["decisions"]] == [("retry", "dead")]
        told = house.run("message", "show", dead[0]).out
        assert "decided: retry (the provider is well again); it was dead" in told

    def test_of_messages_that_died_of_every_attempt_counts_afresh(self, house: House, emulator) -> None:
        name = named()
        for provider in ("resend", "postmark", "ses"):
            emulator.fault(provider, status=503, times=-1)
        house.config.write_text('pace = "demo"\n[limits]\nattempts_per_provider = 1\n')
        house.run("send", "-", stdin=mail(name))
        house.start("worker")
        await_state(house, "dead", name)
        emulator.call("DELETE", "/faults")
        assert retry(house, name).code == 0
        await_state(house, "accepted", name)
        assert (copies(emulator, name), len(house.ask("message", "show", name).data["attempts"])) == ([1], 4)

    def test_again_has_nothing_to_do(self, house: House, past: Past) -> None:
        name = past.ended(named(), State.DEAD)
        assert retry(house, name).data["given_back"] == 1
        again = retry(house, name)
        assert (again.code, again.document["outcome"], again.data["given_back"]) == (0, "nothing to do", 0)
        assert retry(house, "--state", "dead").document["outcome"] == "nothing to do"

    def test_of_some_that_may_not_is_done_for_the_others(self, house: House, past: Past) -> None:
        dead, unknown = past.ended(named(), State.DEAD), past.ended(named(), State.UNKNOWN)
        ran = retry(house, dead, unknown)
        assert (ran.code, ran.data["given_back"], ran.data["left"]) == (3, 1, {"RTY-UNKNOWN": 1})
        assert (house.state(dead), house.state(unknown)) == ("queued", "unknown")

    def test_says_what_it_would_do_and_does_nothing(self, house: House, past: Past, valkey: Valkey) -> None:
        dead, unknown = past.ended(named(), State.DEAD), past.ended(named(), State.UNKNOWN)
        with redis.Redis(port=valkey.port) as client:
            before = everything(client)
            ran = house.ask("queue", "retry", "--all", "--dry-run")
            assert everything(client) == before
        assert (ran.code, ran.data["possible"], ran.data["refused"]) == (0, 1, {"RTY-UNKNOWN": 1})
        told = {one["id"]: (one["state"], one["would"]) for one in ran.data["messages"]}
        assert told == {dead: ("dead", "retry"), unknown: ("unknown", None)}

    def test_that_was_cut_off_is_continued_by_the_same_command(self, house: House, past: Past, emulator) -> None:
        """As by a kill after the first of three batches: what was done is done, and is not done again."""
        dead = [past.ended(named(), State.DEAD) for _ in range(3)]
        line = [sys.executable, "-c", CUT_OFF, "queue", "retry", "--all", *WHY, "--yes"]
        cut = subprocess.run(line, env=house.environ, capture_output=True, check=False)
        assert cut.returncode == 9, cut.stderr
        assert retry(house, "--all").data["given_back"] == 2
        house.start("worker")
        await_state(house, "accepted", *dead)
        assert copies(emulator, *dead) == [1, 1, 1]

    @pytest.mark.parametrize(
        ("flags", "meant"),
        [
            (["--lane", "email-bulk"], ["bulk"]),
            (["--type", "booking.reminder"], ["reminder"]),
            (["--reason-contains", "WHY"], ["bulk", "reminder"]),
            (["--reason-contains", "wherefore"], []),
            (["--since", "30s"], []),
            (["--since", "5m", "--state", "dead", "--state", "unknown"], ["bulk", "reminder"]),
            (["--state", "expired"], []),
        ],
    )
    def test_is_for_those_that_are_meant(self, house: House, past: Past, flags: list[str], meant: list[str]) -> None:
        past.ended("bulk", State.DEAD, "event.cancelled")
        past.ended("reminder", State.DEAD, "booking.reminder")
        plan = house.ask("queue", "retry", *flags, "--dry-run").data
        assert sorted(one["id"] for one in plan["messages"]) == meant

    def test_looks_afresh_at_what_was_rejected_at_the_door(self, house: House, valkey: Valkey, emulator) -> None:
        name = named()
        house.run("send", "-", stdin=mail(name))
        with redis.Redis(port=valkey.port) as client:
            client.hset(f"bull:email-critical:{name}", "data", mail(name, "gig.reminder"))
        worker = house.start("worker")
        await_state(house, "rejected", name)
        worker.terminate()
        worker.wait(30)
        assert retry(house, name).codes == ["RTY-UNREADABLE"]
        house.config.write_text('pace = "demo"\n[types."gig.reminder"]\npurpose = "service"\npriority = "critical"\n')
        assert retry(house, name).data["messages"][0]["would"] == "look"
        house.start("worker")
        await_state(house, "accepted", name)
        assert copies(emulator, name) == [1]

    def test_of_an_expired_one_needs_a_new_deadline(self, house: House, emulator) -> None:
        name = named()
        house.run("send", "-", stdin=mail(name, deadline="2026-01-01T00:00:00Z"))
        house.start("worker")
        await_state(house, "expired", name)
        assert retry(house, name).codes == ["RTY-LATE"]
        assert retry(house, name, "--deadline", "2h").code == 0
        await_state(house, "accepted", name)
        assert copies(emulator, name) == [1]
