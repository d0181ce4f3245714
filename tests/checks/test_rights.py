"""RDS-009 and RDS-010: the printed users on a real server, each with one right too many or one too few."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.conftest import USERS, Ask, answer_of
from notifyctl.domain.check import Verdict
from notifyctl.store.server import Server
from peers import Talk, serve

PASS, FAIL, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.ERROR
WORKER, LOOK, AUDIT, _ = USERS
NO_DRYRUN = "-acl|dryrun"


def as_user(line: str, *more: str) -> dict[str, object]:
    """The server knows that user, who comes with a password; `more` are rules behind those that are printed."""
    _, name, _, _, *rules = line.split()
    told = f"{name} on >secret {' '.join((*rules, *more))}"
    return {"users": (told, "default off"), "username": name, "password": "secret"}


@pytest.mark.parametrize("user", [WORKER, LOOK, AUDIT], ids=lambda user: user.name)
@pytest.mark.parametrize("identity", ["RDS-009", "RDS-010"])
def test_a_printed_user_may_do_what_it_must_and_nothing_else(ask_server: Ask, identity: str, user) -> None:
    seen = ask_server(identity, **as_user(user.line))
    assert (seen.verdict, user.name in seen.observed) == (PASS, True), seen


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("+flushall", "FLUSHALL"),
        ("+config|get", "CONFIG GET"),
        ("~other:* ~notifyctl-*", "GET"),
        ("+@all", "and 7 more"),
    ],
)
def test_one_right_too_many_is_named_and_not_used(ask_server: Ask, more: str, words: str) -> None:
    seen = ask_server("RDS-009", **as_user(WORKER.line, *more.split()))
    assert (seen.verdict, words in seen.observed) == (FAIL, True), seen
    assert ask_server("RDS-010", **as_user(WORKER.line, *more.split())).verdict is PASS


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (WORKER.line + " -hset", "may not hset"),
        (WORKER.line.replace("~bull:email-bulk:*", ""), "may not get bull:email-bulk:preflight, set bull:email-bulk"),
        (WORKER.line.replace("~bull:email-bulk:*", "%R~bull:email-bulk:*"), "may not set bull:email-bulk:preflight"),
        (WORKER.line.replace("~nf:", "%R~nf:"), "and"),  # it may read our keys, and write none
        (AUDIT.line.replace("%R~bull:email-bulk:delayed", ""), "may not get bull:email-bulk:delayed"),
    ],
)
def test_one_right_too_few_is_named(ask_server: Ask, rules: str, words: str) -> None:
    seen = ask_server("RDS-010", **as_user(rules))
    assert (seen.verdict, words in seen.observed) == (FAIL, True), seen
    assert ask_server("RDS-009", **as_user(rules)).verdict is PASS


def test_who_goes_by_another_name_is_held_against_the_worker(ask_server: Ask) -> None:
    assert ask_server("RDS-010", **as_user(WORKER.line.replace("user notifyctl-worker", "user shop"))).verdict is PASS
    seen = ask_server("RDS-010", **as_user(LOOK.line.replace("user notifyctl-look", "user shop")))
    assert (seen.verdict, "bzpopmin" in seen.observed) == (FAIL, True), seen


def test_who_may_not_ask_has_seen_nothing_green(ask_server: Ask) -> None:
    for identity in ("RDS-009", "RDS-010"):
        seen = ask_server(identity, **as_user(WORKER.line, NO_DRYRUN))
        assert (seen.verdict, "acl|dryrun" in seen.observed, "+acl|dryrun" in seen.hint) == (ERROR, True, True), seen


@pytest.mark.parametrize(
    ("more", "words"), [("+config|get", "may CONFIG GET maxmemory"), ("+acl|list", "may ACL LIST"), ("~*", "may GET")]
)
def test_what_is_harmless_is_tried_where_nobody_may_ask(ask_server: Ask, more: str, words: str) -> None:
    seen = ask_server("RDS-009", **as_user(WORKER.line, NO_DRYRUN, more))
    assert (seen.verdict, words in seen.observed) == (FAIL, True), seen


@pytest.mark.parametrize(
    "error", ["unknown command 'ACL'", "Unknown subcommand or wrong number for 'DRYRUN'. Try HELP"]
)
@pytest.mark.parametrize("identity", ["RDS-009", "RDS-010"])
def test_a_server_that_cannot_be_asked_was_not_seen(identity: str, error: str) -> None:
    """Redis before 7, or something in between that knows no ACL; GET and CONFIG are refused by it."""

    def talk(server: Talk) -> None:
        for words in commands(server):
            told = {b"WHOAMI": "$3\r\napp\r\n", b"DRYRUN": f"-ERR {error}\r\n"}.get(words[1] if words[1:] else b"")
            refused = "-NOPERM no\r\n" if words[0] in (b"GET", b"CONFIG", b"ACL") else "+OK\r\n"
            server.send((told or refused).encode())

    with serve(talk) as peer:
        seen = asyncio.run(answer_of(identity, Server(Path("unused"), "127.0.0.1", peer.port)))
    assert (seen.verdict, "say" in seen.observed or "not tell" in seen.observed) == (ERROR, True), seen


@pytest.mark.parametrize(("identity", "asked"), [("RDS-009", b"FLUSHALL"), ("RDS-010", b"hset")])
def test_what_the_server_does_not_say_of_one_command_was_not_seen(identity: str, asked: bytes) -> None:
    """It has renamed that one; of all others it says what is well."""

    def talk(server: Talk) -> None:
        for words in commands(server):
            if words[:2] == [b"ACL", b"WHOAMI"]:
                server.send(b"$3\r\napp\r\n")
            elif words[:2] == [b"ACL", b"DRYRUN"]:
                unknown = asked.lower() in [word.lower() for word in words]
                told = "refuses" if identity == "RDS-009" else "OK"
                word = "-ERR Command not found\r\n" if unknown else f"${len(told)}\r\n{told}\r\n"
                server.send(word.encode())
            else:
                server.send(b"+OK\r\n")

    with serve(talk) as peer:
        seen = asyncio.run(answer_of(identity, Server(Path("unused"), "127.0.0.1", peer.port)))
    assert (seen.verdict, asked.decode() in seen.observed) == (ERROR, True), seen


def test_a_server_that_is_too_old_to_be_asked_is_tried_with_what_is_harmless() -> None:
    def talk(server: Talk) -> None:
        for words in commands(server):
            told = {b"WHOAMI": "$3\r\napp\r\n", b"DRYRUN": "-ERR Unknown subcommand or wrong number for 'DRYRUN'.\r\n"}
            server.send(told.get(words[1] if words[1:] else b"", "+OK\r\n").encode())

    with serve(talk) as peer:
        seen = asyncio.run(answer_of("RDS-009", Server(Path("unused"), "127.0.0.1", peer.port)))
    assert (seen.verdict, "may CONFIG GET maxmemory, ACL LIST" in seen.observed) == (FAIL, True), seen


def commands(server: Talk) -> Iterator[list[bytes]]:
    """What the client asks for, word by word, however the bytes come."""
    text = b""
    while more := server.read():
        text += more
        while (lines := text.split(b"\r\n"))[1:] and len(lines) > (end := 1 + 2 * int(lines[0][1:])):
            yield lines[2:end:2]
            text = b"\r\n".join(lines[end:])
