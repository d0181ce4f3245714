"""The printed users, on a real server: each can do what it must; with one command fewer something fails.

What is printed is held against three records: the commands of the scripts, those in the source of the store, and those
that a server counted while workers and verbs ran under the printed users.
"""

import re
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import redis

from conftest import free_port, serving
from house import House, emulated, eventually, mail, settled
from notifyctl.domain.acl import SCRIPTS, User
from notifyctl.domain.period import Cycle, containing
from notifyctl.operations.acl import least
from quarters import seeded

FOUR = {
    user.name.removeprefix("notifyctl-"): user
    for user in least("bull", ("email-critical", "email-standard", "email-bulk"))
}
PASSWORD = "correct horse"
LAST = containing(Cycle.MONTHLY, int(time.time() * 1000)).last.name
LOOKS = (
    ("status",), ("doctor",), ("queue", "show"), ("queue", "unknown"), ("queue", "failed"), ("queue", "review"),
    ("message", "show", "acl/1"), ("message", "find", "acl-1@customers.example"), ("worker", "list"), ("history",),
    ("message", "find", "--provider-id", "x"), ("incident", "list"), ("incident", "detect"), ("provider", "list"),
    ("incident", "review"), ("drill", "failover"), ("cost", "report"), ("preflight", "--profile", "live"),
    ("validate",),
)  # fmt: skip
TOLERATED = ("acl|dryrun", "acl|whoami", "client|list", "ping")  # what doctor and preflight then say they could not see
WITHOUT_JOBS = ("queue unknown", "incident list", "history", "provider list", "cost report", "validate")
ALWAYS = {"auth", "select", "quit", "hello"}  # asked before there is a user, or allowed to all
OURS = {"info", "acl|setuser", "config|resetstat"}  # of the tests themselves


@pytest.fixture(scope="module")
def guarded(tmp_path_factory) -> Iterator[tuple[House, "redis.Redis"]]:
    """A house whose Redis knows the printed users, with mail that was sent by one of them; and the admin's view."""
    with serving(free_port(), "--appendfsync", "no") as port, emulated() as emulator, redis.Redis(port=port) as admin:
        for user in FOUR.values():
            know(admin, user)
        urls = {f"NOTIFYCTL_{name.upper()}_URL": emulator.urls[name] for name in ("resend", "postmark", "ses")}
        server = {"BULLMQ_REDIS_HOST": "127.0.0.1", "BULLMQ_REDIS_PORT": str(port)}
        who = {"BULLMQ_REDIS_USERNAME": "notifyctl-worker", "BULLMQ_REDIS_PASSWORD": PASSWORD}
        with settled(tmp_path_factory.mktemp("acl") / "house", {**urls, **server, **who}) as house:
            work(house)
            yield house, admin


def know(admin: "redis.Redis", user: User, *without: str) -> None:
    """Tell the server the user, perhaps with fewer commands."""
    rules = [rule for rule in user.line.split()[2:] if rule.removeprefix("+") not in without]
    admin.execute_command("ACL", "SETUSER", user.name, *rules, "on", f">{PASSWORD}")


def work(house: House) -> None:
    """A worker sends and a person moves the mail; nothing of it is denied."""
    lines = b"\n".join(mail(f"acl/{number}") for number in range(10))
    assert house.run("send", "-", stdin=lines).code == 0
    worker = house.start("worker", "run")
    eventually(lambda: house.state("acl/9") == "accepted")
    for verb in (("failover",), ("restore",), ("pause", "queue"), ("resume", "queue"), ("incident", "log", "x")):
        asked = () if verb[0] in ("restore", "resume", "incident") else ("--yes",)
        ran = house.run(*verb, *asked, *(() if verb[0] == "incident" else ("--reason", "a test")))
        assert ran.code == 0, ran
    assert house.run("worker", "drain", "--all", "--reason", "a test").code == 0
    assert worker.wait(30) == 0


def issued(admin: "redis.Redis") -> set[str]:
    """The commands that the server counted since the last call."""
    counted = {name.removeprefix("cmdstat_") for name in admin.info("commandstats")}
    admin.config_resetstat()
    return counted - ALWAYS - OURS


def in_scripts() -> set[str]:
    """What the scripts may call."""
    text = "".join(path.read_text() for path in (files("notifyctl.store") / "lua").iterdir())
    called = re.findall(r"(?:redis\.p?call|later)\('([A-Z]+)'(?:, '([A-Z]+)')?", text)
    return {f"{name}|{more}".lower().rstrip("|") if name == "XINFO" else name.lower() for name, more in called}


CLIENT_METHODS = {
    "client_list": "client|list",
    "delete": "del",
    "execute": "",
    "aclose": "",
    "pipeline": "",
    "ask": "",
    "execute_command": "",
}


def in_store() -> set[str]:
    """What the modules of the store may ask for, by methods of the client and by names of commands."""
    found: set[str] = set()
    for path in Path(str(files("notifyctl.store"))).glob("*.py"):
        text = path.read_text() if path.stem != "connect" else ""  # which knows the names of errors
        methods = re.findall(r"(?:\.redis|\bredis|\bpipe|\bclient)\.([a-z_]+)\(", text)
        found |= {CLIENT_METHODS.get(name, name) for name in methods}
        found |= {name.lower() for name in re.findall(r'\("([A-Z]{3,})"', text)}
    return found - {""}


def test_nothing_that_the_source_asks_for_is_missing():
    worker = FOUR["worker"].commands
    assert sorted(in_scripts() - set(worker)) == []
    assert sorted(in_store() - set(worker) - {"acl"}) == []


def test_nothing_is_printed_that_nobody_asks_for(guarded: tuple[House, "redis.Redis"]):
    house, admin = guarded
    recorded = issued(admin)
    for look in LOOKS:
        house.ask(*look)
    recorded |= issued(admin)
    assert sorted(set(FOUR["worker"].commands) - recorded - in_scripts() - in_store()) == []


@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_whoever_looks_can_look_at_all(guarded: tuple[House, "redis.Redis"], look: tuple[str, ...]):
    house, admin = guarded
    before = len(admin.acl_log())
    ran = house.ask(*look, BULLMQ_REDIS_USERNAME="notifyctl-look")
    assert "STORE-DENIED" not in ran.out
    assert len(admin.acl_log()) == before


def test_with_one_command_fewer_a_look_fails(guarded: tuple[House, "redis.Redis"]):
    house, admin = guarded
    issued(admin)
    uses: dict[str, tuple[str, ...]] = {}
    for look in LOOKS:
        house.ask(*look, BULLMQ_REDIS_USERNAME="notifyctl-look")
        uses = {command: look for command in issued(admin)} | uses
    look_user = FOUR["look"]
    for command, look in uses.items():
        know(admin, look_user, command)
        ran = house.ask(*look, BULLMQ_REDIS_USERNAME="notifyctl-look")
        assert command in {one["object"] for one in admin.acl_log(3)}, (command, look)
        assert ran.code in (3, 7) or command in TOLERATED, (command, look)
    know(admin, look_user)
    assert set(look_user.commands) - set(uses) <= in_store() | OURS


@pytest.mark.parametrize("command", ["bzpopmin", "hincrby", "rpoplpush"])
def test_with_one_command_fewer_a_worker_does_not_send(guarded: tuple[House, "redis.Redis"], command: str):
    house, admin = guarded
    know(admin, FOUR["worker"], command)
    try:
        house.run("send", "-", stdin=mail(f"fewer/{command}"))
        worker = house.start("worker", "run")
        assert worker.wait(30) != 0
        assert "STORE-DENIED" in house.log
    finally:
        know(admin, FOUR["worker"])


@pytest.mark.parametrize("look", WITHOUT_JOBS)
def test_an_audit_needs_no_job(guarded: tuple[House, "redis.Redis"], look: str):
    house, _ = guarded
    assert house.ask(*look.split(), BULLMQ_REDIS_USERNAME="notifyctl-audit").code in (0, 3)


def test_a_preflight_before_deployment_needs_no_job(guarded: tuple[House, "redis.Redis"]):
    house, _ = guarded
    ran = house.ask("preflight", "--profile", "deploy", BULLMQ_REDIS_USERNAME="notifyctl-audit")
    assert "Redis refuses this user" not in ran.out


def test_an_audit_of_a_month_is_made_by_the_worker_s_user_alone(guarded: tuple[House, "redis.Redis"]):
    """It records in Redis that the report exists, and the user for audits writes nothing."""
    house, _ = guarded
    seeded(house.home, (LAST,), 20)
    refused = house.ask("audit", "monthly", BULLMQ_REDIS_USERNAME="notifyctl-audit")
    assert (refused.code, refused.codes) == (7, ["STORE-DENIED"])
    made = house.ask("audit", "monthly")
    assert (made.code, [one["period"] for one in made.data["made"]]) == (3, [LAST])


def test_an_audit_sees_no_job(guarded: tuple[House, "redis.Redis"]):
    house, _ = guarded
    ran = house.ask("message", "show", "acl/1", BULLMQ_REDIS_USERNAME="notifyctl-audit")
    assert (ran.code, ran.codes) == (7, ["STORE-DENIED"])


@pytest.mark.parametrize("user", ["look", "audit", "producer"])
def test_nobody_else_moves_the_mail(guarded: tuple[House, "redis.Redis"], user: str):
    house, _ = guarded
    ran = house.run("failover", "--yes", "--reason", "x", "-o", "json", BULLMQ_REDIS_USERNAME=f"notifyctl-{user}")
    assert (ran.code, ran.codes) == (7, ["STORE-DENIED"])


def test_a_script_has_the_rights_of_its_user(guarded: tuple[House, "redis.Redis"]):
    """So a producer cannot write our keys, or read the server's settings, by a script of its own."""
    _, admin = guarded
    port = admin.connection_pool.connection_kwargs["port"]
    with redis.Redis(port=port, username="notifyctl-producer", password=PASSWORD) as producer:
        for text in ("return redis.call('GET', 'nf:{bull}:board')", "return redis.call('CONFIG', 'GET', '*')"):
            with pytest.raises(redis.exceptions.ResponseError):
                producer.eval(text, 0)
        assert producer.eval("return redis.call('EXISTS', 'bull:email-critical:meta')", 0) in (0, 1)
    assert set(SCRIPTS) <= set(FOUR["producer"].commands)
