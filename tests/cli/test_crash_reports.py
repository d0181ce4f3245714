"""Crashes as Sentry hears of them: the real client, a real server, and nothing in it that must stay secret."""

import json
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import redis

from canaries import Aviary, names, shaped
from cli.test_light import loaded
from conftest import Valkey
from house import House, eventually
from notifyctl import __version__
from notifyctl.cli import main
from notifyctl.cli.given import strangers
from notifyctl.domain.outcome import Request
from notifyctl.net.control import Control
from notifyctl.settings import load
from notifyctl.telemetry.crashes import scrub
from terminal import trial
from witness import Witness, witnessing


@pytest.fixture
def birds() -> Aviary:
    return Aviary()


@pytest.fixture
def witness(birds: Aviary) -> Iterator[Witness]:
    with witnessing(birds.hatch("SENTRY_DSN")) as witness:
        yield witness


def test_a_command_that_crashes_is_told_of_and_nothing_that_it_held(
    birds: Aviary, witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error quotes the whole request, and each secret of the settings is a canary."""

    async def call(self: Control, request: Request) -> NoReturn:
        held = [request, birds.hatch("held")]
        try:
            raise ValueError(f"of {birds.hatch('ADDRESS')}@customers.example")
        except ValueError as error:
            raise ExceptionGroup(f"sent {held[0]}", [RuntimeError("within")]) from error

    for name in names():
        monkeypatch.setenv(name, shaped(name, birds.hatch(name), tmp_path, "http://127.0.0.1:9"))
    monkeypatch.setenv("SENTRY_DSN", witness.dsn)
    monkeypatch.setattr(Control, "call", call)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ending = signal.getsignal(signal.SIGTERM)
    try:
        assert main.run(["probe", "resend", "-o", "json"]) == 70
    finally:
        signal.signal(signal.SIGTERM, ending)
    (event,) = eventually(lambda: witness.events)
    errors = [one["type"] for one in event["exception"]["values"]]
    frames = [frame["function"] for one in event["exception"]["values"] for frame in one["stacktrace"]["frames"]]
    assert {"ExceptionGroup", "RuntimeError", "ValueError"} <= set(errors)
    assert {"call", "run", "_ask"} <= set(frames)
    assert (event["tags"], event["level"], event["environment"]) == ({"command": "probe"}, "fatal", "development")
    assert event["release"] == f"notifyctl@{__version__}"
    assert birds.found("\n".join(witness.heard), without=("SENTRY_DSN",)) == []
    assert birds.found(json.dumps(event)) == []


def test_a_worker_that_crashes_is_told_of(house: House, valkey: Valkey, birds: Aviary, witness: Witness) -> None:
    """A board that nobody of ours wrote: the worker cannot know what holds."""
    with redis.Redis(port=valkey.port) as client:
        client.hset("nf:{bull}:board", "version", "none")
    ran = house.run("worker", SENTRY_DSN=witness.dsn, TMPDIR=str(house.home))
    assert ran.code == 70, ran
    assert [event["tags"]["command"] for event in witness.events] == ["worker run"]


def test_nothing_is_told_without_a_dsn_or_of_what_is_no_bug(house: House, tmp_path: Path, witness: Witness) -> None:
    assert trial("crash", TMPDIR=str(tmp_path)).code == 70
    assert house.run("probe", "nobody", SENTRY_DSN=witness.dsn).code == 2
    assert witness.events == []


def test_a_dead_sentry_changes_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        for port in (deaf.getsockname()[1], 9):
            ran = trial("crash", "-o", "json", TMPDIR=str(tmp_path), SENTRY_DSN=f"http://key@127.0.0.1:{port}/7")
            assert (ran.code, ran.codes, ran.err) == (70, ["CLI-BUG"], "")


@pytest.mark.parametrize("dsn", ["x", "https://sentry.example/7", "http://key@sentry.example/7", "https://k@[::/7"])
def test_what_is_no_dsn_is_a_wrong_setting_that_is_not_shown(house: House, dsn: str) -> None:
    ran = house.run("status", SENTRY_DSN=dsn)
    assert (ran.code, "SENTRY_DSN" in ran.err, f"{dsn} " in ran.err) == (7, True, False)


def test_who_lacks_the_extra_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "http://key@127.0.0.1:9/7")
    assert strangers(load()) == []
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    (line,) = strangers(load())
    assert "pip install 'notifyctl[sentry]'" in line


def test_who_does_not_crash_does_not_load_it() -> None:
    assert loaded("status", SENTRY_DSN="http://key@127.0.0.1:9/7") & {"sentry_sdk", "urllib3"} == set()


def test_only_what_is_named_leaves() -> None:
    frame = {"function": "f", "lineno": 1, "vars": {"key": "x"}, "abs_path": "x"}
    error = {"type": "E", "value": "to ann@customers.example", "mechanism": {"data": "x"}}
    error |= {"stacktrace": {"frames": [frame]}}
    event = {"event_id": 32 * "a", **dict.fromkeys(("user", "request", "extra", "breadcrumbs", "modules"), "x")}
    assert scrub({**event, "exception": {"values": [error]}}) == {
        "event_id": 32 * "a",
        "exception": {"values": [{"type": "E", "module": None, "value": "to [address]", "stacktrace": {
            "frames": [{"function": "f", "lineno": 1}]}}]},
    }  # fmt: skip
