"""RDS: real servers, each well or ill in one way."""

import asyncio
import time
from pathlib import Path

import pytest

from checks.conftest import Ask, answer_of
from conftest import free_port
from notifyctl.domain.check import Verdict
from notifyctl.domain.secret import Secret
from notifyctl.store.server import Server
from peers import Talk, serve

AS_APP = {"users": ("app on >secret ~* &* +@all", "default off"), "username": "app", "password": "secret"}


@pytest.mark.parametrize(
    ("identity", "options", "verdict", "words"),
    [
        ("RDS-002", (), Verdict.PASS, "noeviction"),
        ("RDS-002", ("--maxmemory-policy", "allkeys-lru"), Verdict.FAIL, "allkeys-lru"),
        ("RDS-003", (), Verdict.PASS, "append-only file"),
        ("RDS-003", ("--appendonly", "no"), Verdict.FAIL, "a restart forgets mail"),
        ("RDS-004", (), Verdict.WARN, "no limit"),
        ("RDS-004", ("--maxmemory", "1gb"), Verdict.PASS, "of 1,024 MB"),
        ("RDS-004", ("--maxmemory", "1mb"), Verdict.FAIL, "of 1 MB"),
        ("RDS-005", (), Verdict.PASS, "Valkey"),
        ("RDS-006", (), Verdict.PASS, "does not leave this host"),
        ("RDS-007", (), Verdict.FAIL, "default"),
        ("RDS-008", (), Verdict.FAIL, "may give it commands"),
    ],
)
def test_what_a_server_tells(
    ask_server: Ask, identity: str, options: tuple[str, ...], verdict: Verdict, words: str
) -> None:
    seen = ask_server(identity, *options)
    assert (seen.verdict, words in seen.observed) == (verdict, True), seen


@pytest.mark.parametrize("identity", ["RDS-001", "RDS-007", "RDS-008"])
def test_a_user_of_its_own_on_a_server_without_strangers_passes(ask_server: Ask, identity: str) -> None:
    seen = ask_server(identity, **AS_APP)
    assert seen.verdict in (Verdict.PASS, Verdict.WARN), seen  # the pings of a busy machine may be slow
    assert seen.verdict is Verdict.PASS or identity == "RDS-001"


def test_a_user_who_may_not_ask_has_seen_nothing(ask_server: Ask) -> None:
    seen = ask_server("RDS-002", **{**AS_APP, "users": ("app on >secret ~* &* +@all -info", "default off")})
    assert seen.verdict is Verdict.ERROR
    assert "refuses this user" in seen.observed


AGES = {"4.0.14": Verdict.FAIL, "5.0.0": Verdict.WARN, "6.2.0": Verdict.PASS, "": Verdict.ERROR}


@pytest.mark.parametrize("version", AGES)
def test_an_old_server_is_told_by_its_version(version: str) -> None:
    info = f"# Server\r\nredis_version:{version}\r\n"

    def talk(server: Talk) -> None:
        while words := server.read():
            server.send(f"${len(info)}\r\n{info}\r\n".encode() if b"INFO" in words else b"+OK\r\n")

    with serve(talk) as peer:
        seen = asyncio.run(answer_of("RDS-005", Server(Path("unused"), "127.0.0.1", peer.port)))
    assert (seen.verdict, version in seen.observed) == (AGES[version], True), seen


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(0, Verdict.PASS), (10, Verdict.WARN), (-10, Verdict.WARN), (-60, Verdict.FAIL)]
)
def test_the_clock_of_the_server_is_held_against_ours(ahead: int, verdict: Verdict) -> None:
    def talk(server: Talk) -> None:
        while words := server.read():
            now = f"{int(time.time()) + ahead}"
            told = f"*2\r\n${len(now)}\r\n{now}\r\n$6\r\n500000\r\n".encode()
            server.send(told if b"TIME" in words else b"+OK\r\n")

    with serve(talk) as peer:
        seen = asyncio.run(answer_of("ENV-004", Server(Path("unused"), "127.0.0.1", peer.port)))
    assert seen.verdict is verdict, seen


@pytest.mark.parametrize("tls", [True, False])
def test_the_way_to_another_host_must_be_encrypted(ask: Ask, tls: bool) -> None:
    place = Server(Path("unused"), "redis.venue.example", password=Secret("secret"), tls=tls)
    assert ask("RDS-006", place=place).verdict is (Verdict.PASS if tls else Verdict.FAIL)


@pytest.mark.parametrize("identity", ["RDS-001", "RDS-002", "RDS-006", "NET-001"])
def test_without_a_server_nothing_is_seen(ask: Ask, identity: str) -> None:
    seen = ask(identity, place=Server(Path("unused")))
    assert (seen.verdict, seen.hint) == (Verdict.ERROR, "set BULLMQ_REDIS_HOST to the server to look at")


def test_one_that_lets_us_not_in_was_not_seen_and_one_that_is_away_fails(ask_server: Ask) -> None:
    assert ask_server("RDS-001", **{**AS_APP, "password": "wrong"}).verdict is Verdict.ERROR
    away = Server(Path("unused"), "127.0.0.1", free_port())
    assert asyncio.run(answer_of("RDS-001", away)).verdict is Verdict.FAIL
