"""Every fault by its name: what befalls an installation for the time of a block, and is over afterwards.

A trouble is a function of the arena and of a source of chance, so that a seed repeats its choices. It ends what it
began, and leaves as many workers as there were.
"""

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

from faults.arena import PRIORITIES, PROVIDERS, Arena, Fault
from faults.proxy import Kind, Stream, Toxic
from house import lives
from notifyctl.engine.failpoint import SENDING

Trouble = Callable[[Arena, random.Random], AbstractContextManager[None]]
CLOCKS = str(Path(__file__).parent / "clocks")
LONGER = 2.0  # seconds; more than a heartbeat of the demo's pace lives
ANSWERS: dict[str, Fault] = {
    "500": {"status": 500},
    "502": {"status": 502, "body": "<html>bad gateway</html>"},
    "503": {"status": 503},
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
    "silent": {"action": "hang", "accept": True},
    "silent-dropped": {"action": "hang", "accept": False},
    "late": {"delay_s": 2.0},
    "drip": {"action": "drip", "interval_s": 0.2},
    "closed": {"action": "close", "accept": True},
    "read-and-reset": {"action": "cut_response", "after_bytes": 0, "accept": True},
    "read-and-reset-dropped": {"action": "cut_response", "after_bytes": 0, "accept": False},
    "reset-in-answer": {"action": "cut_response", "after_bytes": 20},
    "reset-in-body": {"action": "cut_request", "after_bytes": 200},
    "html": {"body": "<html>Welcome to the hotel's network</html>"},
    "error-under-200": {"status": 200, "body": {"ErrorCode": 406, "Message": "inactive", "name": "error"}},
    "cut-gzip": {"action": "truncated_gzip"},
}
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # during, and afterwards
    "idle-closed": ({"close_idle_s": 0.02}, {"close_idle_s": None}),
    "rate-limited": ({"rate": 5}, {"rate": None}),
    "key-revoked": ({"keys": {"another": "x"}}, {}),
}
WAYS: dict[str, tuple[Kind, Stream, float, int]] = {
    "latency": ("latency", "down", 0.4, 0),
    "bandwidth": ("bandwidth", "up", 0, 200_000),
    "slow-close": ("slow_close", "down", 0.5, 0),
    "stall-up": ("timeout", "up", 0, 0),
    "stall-down": ("timeout", "down", 1.0, 0),
    "reset": ("reset_peer", "up", 0.3, 0),
    "slicer": ("slicer", "down", 0.002, 40),
    "cut-up": ("limit_data", "up", 0, 30_000),
    "cut-down": ("limit_data", "down", 0, 700),
}


def answering(fault: Fault) -> Trouble:
    """A provider, mostly the first, that answers many of its calls so."""

    @contextmanager
    def befall(field: Arena, chance: random.Random) -> Iterator[None]:
        victim, often = pick(field, chance), chance.choice([0.3, 0.7, 1.0])
        (number,) = field.strike({"provider": victim, "times": -1, "probability": often, **fault})
        yield
        field.emulator.call("DELETE", f"/faults?id={number}")

    return befall


def set_up(during: dict[str, Any], afterwards: dict[str, Any]) -> Trouble:
    """A provider with other settings."""

    @contextmanager
    def befall(field: Arena, chance: random.Random) -> Iterator[None]:
        victim = pick(field, chance)
        before = field.emulator.call("GET", "/settings")[victim]
        keys = list(during["keys"]) if "keys" in during and victim != "ses" else None
        field.emulator.call("PUT", "/settings", {victim: {**during, "keys": keys} if keys else during})
        yield
        field.emulator.call("PUT", "/settings", {victim: {name: before[name] for name in during} | afterwards})

    return befall


def on_the_way(kind: Kind, stream: Stream, seconds: float, amount: int, to: str = "") -> Trouble:
    """A toxic between the workers and a provider, or what is named."""

    @contextmanager
    def befall(field: Arena, chance: random.Random) -> Iterator[None]:
        with field.ways[to or pick(field, chance)].poisoned(Toxic(kind, stream, seconds, amount)):
            yield

    return befall


@contextmanager
def refused(field: Arena, chance: random.Random) -> Iterator[None]:
    """A provider that nobody can connect to."""
    victim = pick(field, chance)
    field.emulator.call("POST", f"/providers/{victim}/refuse")
    yield
    field.emulator.call("POST", f"/providers/{victim}/restore")


@contextmanager
def poison(field: Arena, chance: random.Random) -> Iterator[None]:
    """One message for which every provider answers 500."""
    field.mail("poison", chance.choice(PRIORITIES), *({"provider": name, **POISON} for name in PROVIDERS))
    yield


POISON: Fault = {"status": 500, "times": -1}


@contextmanager
def killed(field: Arena, chance: random.Random) -> Iterator[None]:
    """kill -9 of a worker; another is started afterwards."""
    strike_down(field, chance, 1)
    yield
    field.start()


@contextmanager
def all_killed(field: Arena, chance: random.Random) -> Iterator[None]:
    """kill -9 of every worker."""
    strike_down(field, chance, 9)
    yield
    for _ in range(3):
        field.start()


@contextmanager
def stopped(field: Arena, chance: random.Random) -> Iterator[None]:
    """A worker that is stopped until it is believed dead, and continued then."""
    victims = chance.sample(living(field), 1)
    for pid in victims:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
        threading.Event().wait(LONGER)
    finally:
        for pid in filter(lives, victims):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def restarted(field: Arena, chance: random.Random) -> Iterator[None]:
    """A worker that is told to end, and another one."""
    for pid in chance.sample(living(field), 1):
        os.kill(pid, signal.SIGTERM)
    field.start()
    yield


@contextmanager
def blocked(field: Arena, chance: random.Random) -> Iterator[None]:
    """One more worker, whose event loop stands still in the middle of its work."""
    worker = field.start(NOTIFYCTL_FAILPOINT=f"{chance.choice(SENDING)}:{chance.randrange(1, 9)}:block={LONGER}")
    yield
    worker.terminate()


@contextmanager
def fatal(field: Arena, chance: random.Random) -> Iterator[None]:
    """One more worker, which dies in the middle of its work."""
    worker = field.start(NOTIFYCTL_FAILPOINT=f"{chance.choice(SENDING)}:{chance.randrange(1, 9)}")
    yield
    worker.terminate()


@contextmanager
def out_of_time(field: Arena, chance: random.Random) -> Iterator[None]:
    """One more worker, whose clock is an hour off, or is set all the time."""
    worker = field.start(**lying(LYING_WALL_CLOCK=chance.choice(["3600", "-3600", "0,3600,-3600"])))
    yield
    worker.terminate()


@contextmanager
def server_killed(field: Arena, chance: random.Random) -> Iterator[None]:
    """kill -9 of Redis, which is started again soon."""
    field.kill_server()
    timer = threading.Timer(chance.uniform(0.1, 1.5), field.start_server)
    timer.start()
    yield
    timer.join()


def server_told(*words: object, every: float) -> Trouble:
    """A command that Redis is given again and again."""

    @contextmanager
    def befall(field: Arena, chance: random.Random) -> Iterator[None]:
        with again_and_again(field, every, *words):
            yield

    return befall


@contextmanager
def again_and_again(field: Arena, every: float, *words: object) -> Iterator[None]:
    """Give Redis a command every so many seconds, at once for the first time."""
    over = threading.Event()

    def repeat() -> None:
        with redis.Redis(port=field.port) as client:
            while not over.is_set():
                with suppress(redis.ConnectionError, redis.TimeoutError):
                    client.execute_command(*words)
                over.wait(every)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def draw(chance: random.Random) -> list[str]:
    """The names of two troubles."""
    return chance.sample(sorted(TROUBLES), 2)


def pick(field: Arena, chance: random.Random) -> str:
    """A provider: the first one more often than not, since most calls are its."""
    return chance.choice([*[field.order[0]] * 6, *field.order[1:]])


def living(field: Arena) -> list[int]:
    """The process ids of the workers that run."""
    return [process.pid for process in field.house.crew if process.poll() is None]


def strike_down(field: Arena, chance: random.Random, count: int) -> None:
    """kill -9 of so many workers."""
    alive = living(field)
    for pid in chance.sample(alive, min(count, len(alive))):
        os.kill(pid, signal.SIGKILL)


def lying(**clocks: str) -> dict[str, str]:
    """The environment of a worker whose clocks lie."""
    return {**clocks, "PYTHONPATH": os.pathsep.join([CLOCKS, *filter(None, [os.environ.get("PYTHONPATH")])])}


TROUBLES: dict[str, Trouble] = {
    **{f"provider-{name}": answering(fault) for name, fault in ANSWERS.items()},
    **{f"provider-{name}": set_up(*settings) for name, settings in SETTINGS.items()},
    "provider-refused": refused,
    "provider-poison": poison,
    **{f"network-{name}": on_the_way(*toxic) for name, toxic in WAYS.items()},
    **{f"redis-way-{name}": on_the_way(*toxic, to="valkey") for name, toxic in WAYS.items() if name != "slow-close"},
    "process-killed": killed,
    "process-all-killed": all_killed,
    "process-stopped": stopped,
    "process-restarted": restarted,
    "process-blocked": blocked,
    "process-fatal": fatal,
    "process-out-of-time": out_of_time,
    "server-killed": server_killed,
    "server-forgets-scripts": server_told("SCRIPT", "FLUSH", every=0.02),
    "server-sleeps": server_told("DEBUG", "SLEEP", str(LONGER), every=1.0),
    "server-pauses": server_told("CLIENT", "PAUSE", int(LONGER * 1000), every=LONGER + 0.5),
    "server-drops-clients": server_told("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes", every=0.3),
}
