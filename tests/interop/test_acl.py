"""A BullMQ producer under the user that `config acl` prints for it, and nothing more."""

from collections.abc import Iterator

import pytest
from redis import Redis

from conftest import free_port, serving
from interop.parties import Node
from interop.test_producers import jobs
from notifyctl.operations.acl import least

QUEUE, PASSWORD = "email-critical", "correct horse"
FORGIVEN = "client|setinfo"  # ioredis goes on without it, and servers before 7.2 would refuse a line that names it
USER = least("bull", (QUEUE,))[3]


@pytest.fixture
def port() -> Iterator[int]:
    with serving(free_port(), "--appendfsync", "no") as port:
        yield port


def know(port: int, *without: str) -> None:
    rules = [rule for rule in USER.line.split()[2:] if rule.removeprefix("+") not in without]
    with Redis(port=port) as admin:
        admin.execute_command("ACL", "SETUSER", USER.name, *rules, "on", f">{PASSWORD}")


def add_all(line: str, port: int) -> None:
    """Every way to add a job, one by one and in bulk, twice: the second time each is a duplicate."""
    node = Node(line, port, USER.name, PASSWORD)
    try:
        for _ in range(2):
            node.addBulk(queue=QUEUE, jobs=jobs("bulk"))
            for job in jobs("single"):
                node.add(queue=QUEUE, **job)
    finally:
        node.stop()


def test_it_adds_jobs_in_every_way(port: int, line: str):
    know(port)
    add_all(line, port)
    with Redis(port=port) as admin:
        assert {one["object"] for one in admin.acl_log()} <= {FORGIVEN}
        assert admin.llen("bull:email-critical:wait") > 10


@pytest.mark.parametrize("command", ["incr", "zadd", "hmset", "evalsha"])
def test_with_one_command_fewer_it_does_not(port: int, line: str, command: str):
    know(port, command)
    with pytest.raises(AssertionError, match=r"NOPERM|ACL failure"):
        add_all(line, port)
