"""Workers that are killed, stopped, replaced, or that die at the worst of moments."""

import os
import signal
import subprocess
import time

import pytest

from faults.arena import HICCUP, PROVIDERS, Arena, Fault, arena
from faults.checker import check
from faults.conftest import Extent
from faults.troubles import ANSWERS
from notifyctl.engine.failpoint import SENDING

ORDERS = [("resend", "ses"), ("ses", "resend")]  # where evidence is certain, and where there is none
IDS = [order[0] for order in ORDERS]
FATAL_COUNTS = (1, 2, 5)


def owners(field: Arena) -> dict[str, list[str]]:
    """The tokens of the workers that have calls under way, each with its attempts."""
    found: dict[str, list[str]] = {}
    for name in field.redis.zrange("nf:{bull}:inflight", 0, -1):
        attempt = name.decode()
        found.setdefault("nf." + attempt.rpartition(".")[0], []).append(attempt)
    return found


def pid_of(token: str) -> int:
    return int(token.split(".")[-2])


@pytest.mark.parametrize("order", ORDERS, ids=IDS)
def test_kills_of_random_workers_at_random_moments(order: tuple[str, ...], extent: Extent) -> None:
    chance, kills = extent.chance("kills", order), 0
    with arena(order, seed=extent.seed, in_flight=16) as field:
        field.strike(*weather())
        for _ in range(3):
            field.start()
        field.await_workers(3)
        while kills < extent.kills and not extent.over:
            field.burst("flow", 7)
            time.sleep(chance.uniform(0.05, 0.4))
            victim = chance.choice(field.eventually("a worker", lambda: at_work(field)))
            victim.kill()
            victim.wait()
            field.start()
            kills += 1
        field.end_workers()
        verdict = check(field, f"F19 {kills} kills, {order[0]}", late=True)
        assert [process.returncode for process in field.house.crew].count(-signal.SIGKILL) == kills
        assert verdict.ambiguous > kills / 2


def at_work(field: Arena) -> "list[subprocess.Popen[bytes]]":
    """The workers that live by their own word, and do."""
    beating = field.workers()
    return [process for process in field.house.crew if process.pid in beating and process.poll() is None]


def weather() -> list[Fault]:
    """A mix of answers and delays, of all providers."""
    mix: list[Fault] = [
        {**ANSWERS[name], "probability": often}
        for name, often in {"503": 0.03, "500": 0.01, "silent": 0.01, "reset-in-answer": 0.02, "late": 0.01}.items()
    ]
    mix += [{"delay_s": 0.5, "probability": 0.1}, {"delay_s": 0.15}]
    return [{"provider": name, "times": -1, **fault} for name in PROVIDERS for fault in mix]


@pytest.mark.parametrize("order", ORDERS, ids=IDS)
def test_death_at_each_named_place(order: tuple[str, ...]) -> None:
    with arena(order, in_flight=8) as field:
        field.slow_down(0.05)
        doomed = [
            field.start(NOTIFYCTL_FAILPOINT=f"{name}:{count}") for name in SENDING for count in FATAL_COUNTS
        ]  # fmt: skip

        def all_dead() -> bool:
            field.burst("fatal", 5)
            return all(process.poll() is not None for process in doomed)

        field.eventually("each of them dead", all_dead)
        assert {process.returncode for process in doomed} == {-signal.SIGKILL}
        field.start()
        field.await_end()
        check(field, f"F22 failpoints, {order[0]}")


def test_a_rolling_restart_leaves_nothing_behind() -> None:
    with arena(in_flight=16) as field:
        field.slow_down(0.2)
        crew = [field.start() for _ in range(3)]
        field.await_workers(3)
        for old in crew:
            field.burst("rolling", 20)
            field.eventually("work for it", lambda old=old: old.pid in map(pid_of, owners(field)))
            field.start()
            old.terminate()
            assert old.wait(30) == 0
        field.await_end()
        verdict = check(field, "F23 rolling restart")
        assert field.adoptions <= HICCUP
        for life in verdict.lives.values():
            assert (len(life.attempts), life.copies) == (1, 1)  # one that stood in line may have been given back
            assert "stc" not in life.job


@pytest.mark.parametrize("order", ORDERS, ids=IDS)
def test_stopped_workers_come_back_to_jobs_that_others_took_over(order: tuple[str, ...]) -> None:
    with arena(order, in_flight=16) as field:
        field.slow_down(0.8)
        for _ in range(2):
            field.start()
        field.await_workers(2)
        field.burst("stopped", 8)
        tokens = field.eventually("calls of both", lambda: found if len(found := owners(field)) == 2 else None)
        early, late = map(pid_of, tokens)
        for pid in (early, late):
            os.kill(pid, signal.SIGSTOP)
        field.start()
        field.eventually("their jobs adopted", lambda: not any(holds(field, token) for token in tokens))
        os.kill(early, signal.SIGCONT)
        field.await_end()
        os.kill(late, signal.SIGCONT)
        for process in field.house.crew:  # each hears that what it held is another's, or brings late evidence
            process.terminate()
            assert process.wait(30) == 0
        verdict = check(field, f"F20 stopped workers, {order[0]}", late=True)
        assert field.adoptions
        assert order[0] != "resend" or (verdict.resends, verdict.states["unknown"]) == (
            0,
            0,
        )  # its keys bring certainty


@pytest.mark.parametrize("order", [pytest.param(ORDERS[0], marks=pytest.mark.long), ORDERS[1]], ids=IDS)
def test_blocked_event_loops_are_no_different_from_stopped_workers(order: tuple[str, ...]) -> None:
    with arena(order, in_flight=16) as field:
        field.slow_down(0.1)
        for name in SENDING:
            field.start(NOTIFYCTL_FAILPOINT=f"{name}:3:block=3")  # more than two heartbeats
        field.await_workers(len(SENDING))
        field.burst("blocked", 20)
        field.eventually("all of them standing still", lambda: not field.workers())
        another = field.start()
        field.eventually("another one at work", lambda: another.pid in field.workers())
        field.burst("beside", 5)
        field.eventually("their jobs adopted", lambda: field.adoptions)
        field.end_workers()
        check(field, f"F21 blocked loops, {order[0]}", late=True)
        assert {process.returncode for process in field.house.crew} == {0}


def holds(field: Arena, token: str) -> bool:
    """Whether a worker's lock lies on any active job."""
    for priority in ("critical", "standard", "bulk"):
        base = f"bull:email-{priority}:"
        for job in field.redis.lrange(f"{base}active", 0, -1):
            if field.redis.get(f"{base}{job.decode()}:lock") == token.encode():
                return True
    return False
