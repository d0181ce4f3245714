"""The JSON of the commands only grows: its shape is pinned by golden files, with the types of what varies.

GOLDEN=write writes them anew; read the difference.
"""

import json
import os
import re
import time
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import redis

from conftest import Valkey
from endings import the_past
from house import House, Ran, eventually, mail
from lab import Lab
from notifyctl.domain.attempt import State
from notifyctl.domain.revision import PROVIDERS

GOLDEN = Path(__file__).parent.parent / "golden" / "commands"
_WHY = ("--reason", "why", "--yes")
COMMANDS = (
    ("status",), ("doctor",), ("queue", "show"), ("queue", "unknown"), ("queue", "failed"), ("message", "show", "one"),
    ("message", "find", "one@customers.example"),
    ("worker", "list"), ("probe",), ("send", "-"), ("runbook", "show", "backlog"), ("runbook", "run", "backlog"),
)  # fmt: skip
AFTER_A_TRIP = (
    ("history",), ("explain", "last-failover"), ("provider", "list"), ("provider", "show", "ses"),
    ("drill", "failover"), ("failover", *_WHY), ("restore", *_WHY[:2]), ("pause", "queue", *_WHY),
    ("resume", "queue", *_WHY[:2]), ("switchover", "--to", "ses", *_WHY),
)  # fmt: skip


def shape(value: Any) -> Any:
    """The value with the names of types in place of what may vary; a document in a document is pinned by its own."""
    if isinstance(value, dict):
        return {key: "document" if key == "document" else shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return "null" if value is None else type(value).__name__


def pinned(name: str, document: Any) -> None:
    """Compare with the golden file, or write it."""
    file = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=1) + "\n")
    assert document == json.loads(file.read_text()), name


@pytest.fixture
def busy(house: House, valkey: Valkey) -> House:
    """A house with one message that is out, a worker that lives, and one finding that is no trouble."""
    with redis.Redis(port=valkey.port) as client:
        client.hset("nf:{bull}:findings", "QUE-EVENTS-GAP", 1)
        client.hset("nf:{bull}:last", "QUE-EVENTS-GAP", int(time.time() * 1000))
        client.zadd("nf:{bull}:where:QUE-EVENTS-GAP", {"email-bulk": 1})
    house.run("send", "-", stdin=mail("one"))
    house.start("worker")
    eventually(lambda: house.state("one") == "accepted")
    eventually(lambda: all(house.ask("doctor").data["audited_at"].values()))
    return house


def test_the_documents_have_their_shape(busy: House, lab: Lab) -> None:
    for command in COMMANDS:
        pinned("-".join(word for word in command if word.isalpha()), shape(busy.ask(*command).document))
    busy.crew[0].terminate()  # else the prober would go on from here
    busy.crew[0].wait(30)
    lab.trip("postmark")
    for provider in PROVIDERS:  # of which the prober may have asked some
        lab.run(lab.store.boards.note_health(provider, "ready", "full key", lab.now))
    for command in AFTER_A_TRIP:
        words = takewhile(lambda word: not word.startswith("-"), command)
        pinned("-".join(words), shape(busy.ask(*command).document))


_VARIES = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?Z", "2026-11-24 09:00:00Z"),
    (r"(?<!24 )\b\d\d:\d\d:\d\dZ", "09:00:00Z"),
    (r"\b\d+ (h|min|s)( \d+ (min|s))?\b", "5 min"),
    (r"\b\d{13}\b", "generation"),
    (r"(?<=\S) {2,}", "  "),
    (r"─+", "─"),
)


def words(ran: Ran) -> str:
    """What a human sees, with one time, one length of time and one generation in place of all, and narrow columns."""
    text = f"{ran.out}{'--- stderr' if ran.err else ''}\n{ran.err}--- exit {ran.code}\n"
    for pattern, instead in _VARIES:
        text = re.sub(pattern, instead, text)
    return text


def test_what_the_verbs_of_the_route_say(house: House, lab: Lab) -> None:
    house.environ["NOTIFYCTL_ACTOR"] = "ada"
    house.run("failover", *_WHY)
    house.run("restore", *_WHY[:2])
    lab.trip("postmark")
    for provider in PROVIDERS:  # of which the prober may have asked some
        lab.run(lab.store.boards.note_health(provider, "ready", "full key", lab.now))
    for command in AFTER_A_TRIP:
        file = GOLDEN / f"{'-'.join(takewhile(lambda word: not word.startswith('-'), command))}.txt"
        told = words(house.run(*command))
        if os.environ.get("GOLDEN") == "write":
            file.write_text(told)
        assert told == file.read_text(), command


DECISIONS = (
    ("queue", "retry", "dead", "--reason", "x", "--yes"),
    ("queue", "retry", "--all", "--dry-run"),
    ("queue", "review"),
    ("message", "resend", "unknown", "--reason", "x", "--yes"),
    ("worker", "drain", "--all"),
)


def test_the_documents_of_decisions_have_their_shape(house: House, valkey: Valkey, monkeypatch) -> None:
    with the_past(house, valkey, monkeypatch) as past:
        past.ended("dead", State.DEAD)
        past.ended("unknown", State.UNKNOWN)
    for command in DECISIONS:
        if command[0] == "worker":
            house.start("worker", "run")
            house.await_workers(1)
        words = [word.strip("-") for word in command if word not in ("x", "--yes", "--reason")]
        pinned("-".join(words), shape(house.ask(*command).document))
