"""Redis is killed under a burst, and comes back; what was sent meanwhile is not forgotten."""

import os
import signal
import time

from faults.arena import Arena, arena
from faults.checker import check

AWAY = 2.0  # seconds without Redis


def kept(field: Arena) -> int:
    """How many results are in the workers' journals."""
    return sum(path.read_bytes().count(b"\n") for path in (field.house.home / "journal").iterdir())


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
        field.eventually("empty journals", lambda: not kept(field))


def test_a_result_survives_the_death_of_redis_and_of_its_worker() -> None:
    with arena() as field:
        field.slow_down(0.6)
        worker = field.start()
        field.await_workers(1)
        mails = field.burst("kept", 8)
        field.eventually("calls under way", lambda: field.in_flight() == len(mails))
        field.kill_server()
        field.eventually("results on the disk", lambda: kept(field) == len(mails))
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        field.start_server()
        field.start()
        field.await_end()
        for life in check(field, "F24 and the worker killed").lives.values():
            (attempt,) = life.attempts
            assert (life.state, life.copies, attempt.outcome["http"]) == ("accepted", 1, 200)
        field.eventually("a word of it", lambda: "journal replayed" in field.house.log)
