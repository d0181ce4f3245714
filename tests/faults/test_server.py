"""Redis is killed under a burst, and comes back; what was sent meanwhile is not forgotten."""

import os
import signal
import time

import pytest

from faults.arena import HICCUP, arena
from faults.checker import check
from faults.proxy import Toxic
from faults.trail import trail
from faults.troubles import again_and_again

AWAY = 2.0  # seconds without Redis


def test_a_killed_server_costs_neither_a_message_nor_a_second_copy() -> None:
    with arena(in_flight=16) as field:
        field.slow_down(0.1)
        field.start(3)
        field.await_workers(3)
        field.burst("outage", 60)
        field.eventually("a burst under way", lambda: len(field.copies()) > 20)
        field.kill_server()
        time.sleep(AWAY)
        field.start_server()
        field.burst("after", 20)
        field.await_end()
        verdict = check(field, "F24 Redis killed")
        assert {life.copies for life in verdict.lives.values()} == {1}
        assert verdict.resends == 0
        assert "worker ended" not in field.house.log
        field.eventually("empty journals", lambda: not field.kept())


def test_a_result_survives_the_death_of_redis_and_of_its_worker() -> None:
    with arena() as field:
        field.slow_down(1.1)
        worker = field.start()
        field.await_workers(1)
        mails = field.burst("kept", 4)  # as many as a provider of which nothing is known is asked for at once
        field.eventually("calls under way", lambda: field.in_flight() == len(mails))
        field.kill_server()
        field.eventually("results on the disk", lambda: field.kept() == len(mails))
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        field.start_server()
        field.start()
        field.await_end()
        for life in check(field, "F24 and the worker killed").lives.values():
            (attempt,) = life.attempts
            assert (life.state, life.copies, attempt.outcome["http"]) == ("accepted", 1, 200)
        field.eventually("a word of it", lambda: "journal replayed" in field.house.log)


def test_scripts_forgotten_again_and_again_are_sent_again() -> None:
    with arena(in_flight=16) as field:
        field.start(3)
        field.await_workers(3)
        with again_and_again(field, 0.005, "SCRIPT", "FLUSH"):
            field.burst("forgotten", 60)
            field.await_end()
        flushes = field.redis.info("commandstats")["cmdstat_script|flush"]["calls"]
        verdict = check(field, f"F30 {flushes} script flushes")
        assert flushes > 20
        for life in verdict.lives.values():
            assert (len(life.attempts), life.copies, life.state) == (1, 1, "accepted")


SLOW = {"sleeps": ("DEBUG", "SLEEP", "2.5"), "pauses": ("CLIENT", "PAUSE", "2500", "ALL")}


@pytest.mark.parametrize("name", SLOW)
def test_a_server_that_stands_still_longer_than_heartbeats_live_loses_nothing(name: str) -> None:
    with arena(in_flight=16, breaker=True) as field:
        field.slow_down(0.1)
        field.start(3)
        field.await_workers(3)
        field.burst("before", 30)
        for _ in range(2):
            field.redis.execute_command(*SLOW[name])
            field.burst("after", 20)
        field.end_workers()
        verdict = check(field, f"F31 Redis {name}", late=True)
        assert verdict.states == {"accepted": 210}
        assert not trail(field).entries, "that is no provider's fault"


def test_a_slow_way_to_the_server_delays_and_does_no_more() -> None:
    """A permission that comes after its moment is given back uncalled: `late`, and asked for again."""
    with arena(by_proxy=True, in_flight=32) as field:
        field.start(2)
        field.await_workers(2)
        toxics = [Toxic("latency", stream, 0.15) for stream in ("up", "down")]
        with field.ways["valkey"].poisoned(*toxics, Toxic("slicer", "down", 0.001, 500)):
            field.burst("slow", 40)
            field.await_end()
        verdict = check(field, "F31 a slow way to Redis")
        for life in verdict.lives.values():
            calls = [attempt for attempt in life.attempts if attempt.outcome["code"] != "late"]
            uncalled = [attempt.outcome for attempt in life.attempts if attempt not in calls]
            assert {(one["certainty"], one["http"]) for one in uncalled} <= {("definite", 0)}
            assert (len(calls), life.copies, life.state) == (1, 1, "accepted")
        assert field.adoptions <= HICCUP
