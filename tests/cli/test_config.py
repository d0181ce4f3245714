"""What other programs must be told: the users of Redis."""

import hashlib
import sys

import pytest
import redis

from conftest import free_port, serving
from terminal import notifyctl, surroundings, typed_into

PASSWORD = "correct horse"
DIGEST = hashlib.sha256(PASSWORD.encode()).hexdigest()


def test_the_lines_make_an_acl_file_for_the_own_prefix_and_queues():
    ran = notifyctl("config", "acl", BULLMQ_REDIS_PREFIX="{venue}", NOTIFYCTL_QUEUES="mail")
    lines = ran.out.splitlines()
    assert [line.split()[1] for line in lines] == [
        f"notifyctl-{name}" for name in ("worker", "look", "audit", "producer")
    ]
    assert " ~nf:{venue}:* ~{venue}:mail:* +" in lines[0]


def test_a_server_takes_them_and_lets_in_whom_it_should(tmp_path):
    """The server begins with the file, as one does that is configured by it."""
    file = tmp_path / "users.acl"
    given = notifyctl("config", "acl", "worker", "--sha256", DIGEST).out
    file.write_text("user default on nopass ~* &* +@all\n" + given + notifyctl("config", "acl", "look").out)
    with serving(free_port(), "--aclfile", str(file)) as port:
        with redis.Redis(port=port, username="notifyctl-worker", password=PASSWORD) as worker:
            assert worker.execute_command("ACL", "WHOAMI") == b"notifyctl-worker"
        look = redis.Redis(port=port, username="notifyctl-look", password=PASSWORD)
        with look, pytest.raises(redis.exceptions.AuthenticationError):
            look.ping()
    assert PASSWORD not in file.read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("nobody",),
        ("--sha256", DIGEST),
        ("worker", "--sha256", "abc"),
        ("worker", "--sha256", DIGEST.upper()),
        ("worker", "--sha256", hashlib.sha256().hexdigest()),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: tuple[str, ...]):
    assert notifyctl("config", "acl", *arguments).code == 2


def test_machines_get_the_rules_apart():
    users = notifyctl("config", "acl", "notifyctl-producer", "-o", "json").document["data"]["users"]
    assert [user["name"] for user in users] == ["notifyctl-producer"]
    assert "evalsha" in users[0]["commands"]
    assert all(key.startswith("~bull:email-") for key in users[0]["keys"])


def test_a_narrow_terminal_does_not_break_a_line_that_another_program_reads():
    shown = typed_into([sys.executable, "-m", "notifyctl", "config", "acl", "producer"], {}, surroundings()).out
    assert [line.rstrip() for line in shown.splitlines()] == notifyctl("config", "acl", "producer").out.splitlines()
