"""Workers that are killed, stopped, replaced, or that die at the worst of moments."""

import os
import random
import signal
import time

import pytest

from faults.arena import Arena, arena
from faults.checker import check
from house import lives
from notifyctl.engine.failpoint import NAMES

ORDERS = [("resend", "ses"), ("ses", "resend")]  # where evidence is certain, and where there is none
IDS = [order[0] for order in ORDERS]
KILLS = 30
FATAL_COUNTS = (1, 2, 5)


@pytest.fixture
def seed() -> int:
    """FAULTS_SEED repeats the choices of a run; the histogram names it."""
    return int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**6))


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
def test_thirty_kills_of_random_workers(order: tuple[str, ...], seed: int) -> None:
    chance = random.Random(seed)
    with arena(order, in_flight=16) as field:
        field.slow_down(0.15)
        for _ in range(2):  # as on two machines: a supervisor waits longer each time before it starts a worker again
            field.start(3)
        field.await_workers(3)
        for _ in range(KILLS):
            field.burst("flow", 7)
            time.sleep(chance.uniform(0.05, 0.4))
            living = field.eventually("a worker", lambda: [pid for pid in field.workers() if lives(pid)])
            os.kill(chance.choice(living), signal.SIGKILL)
        field.await_end()
        verdict = check(field, f"F19 30 kills, {order[0]} ({seed})")
        assert field.house.log.count('"exit":-9') == KILLS
        assert any(life.ambiguous or len(life.attempts) > 1 for life in verdict.lives.values())


@pytest.mark.parametrize("order", ORDERS, ids=IDS)
def test_death_at_each_named_place(order: tuple[str, ...]) -> None:
    with arena(order, in_flight=8) as field:
        field.slow_down(0.05)
        doomed = [
            field.start(NOTIFYCTL_FAILPOINT=f"{name}:{count}") for name in NAMES for count in FATAL_COUNTS
        ]  # fmt: skip
        while any(process.poll() is None for process in doomed):
            field.burst("fatal", 5)
            time.sleep(0.1)
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
        assert '"event":"adopted"' not in field.house.log
        for life in verdict.lives.values():
            assert (len(life.attempts), life.copies, life.job["ats"]) == (1, 1, "1")
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
        assert '"event":"adopted"' in field.house.log
        assert order[0] != "resend" or (verdict.resends, verdict.states["unknown"]) == (
            0,
            0,
        )  # its keys bring certainty


def holds(field: Arena, token: str) -> bool:
    """Whether a worker's lock lies on any active job."""
    for priority in ("critical", "standard", "bulk"):
        base = f"bull:email-{priority}:"
        for job in field.redis.lrange(f"{base}active", 0, -1):
            if field.redis.get(f"{base}{job.decode()}:lock") == token.encode():
                return True
    return False
