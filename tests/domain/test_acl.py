"""Who may do what in Redis."""

import pytest

from notifyctl.domain.acl import User, users

NEVER = {
    "config",
    "flushall",
    "flushdb",
    "keys",
    "monitor",
    "script",
    "debug",
    "shutdown",
    "acl",
    "replicaof",
    "client",
}
FOUR = users("nf:{bull}:", ["bull:a:", "bull:b:"])
WORKER, LOOK, AUDIT, PRODUCER = FOUR


@pytest.mark.parametrize("user", FOUR, ids=lambda user: user.name)
class TestEachUser:
    def test_is_off_and_without_a_password_until_it_is_given_one(self, user: User):
        assert user.line.startswith(f"user {user.name} off resetpass resetkeys resetchannels -@all ")
        assert user.with_password("ab" * 32).split()[2:4] == ["on", f"#{'ab' * 32}"]

    def test_has_no_command_that_rules_the_server(self, user: User):
        assert not NEVER & set(user.commands)

    def test_has_no_channel_and_no_category(self, user: User):
        assert "&" not in user.line
        assert "+@" not in user.line

    def test_reaches_no_key_of_another_queue(self, user: User):
        assert not any(key.endswith(("~*", "~bull:*", "~bull*")) for key in user.keys)


def test_only_the_worker_reaches_our_own_keys_for_writing():
    assert [user.name for user in FOUR if "~nf:{bull}:*" in user.keys] == ["notifyctl-worker"]
    assert not any("nf:" in key for key in PRODUCER.keys)


def test_those_who_look_cannot_write():
    for user in (LOOK, AUDIT):
        assert all(key.startswith("%R~") for key in user.keys)
        assert not {"set", "del", "hset", "evalsha", "eval", "lpush", "zadd"} & set(user.commands)


def test_the_audit_reads_no_job():
    assert "%R~bull:a:wait" in AUDIT.keys
    assert not any(key.startswith("%R~bull:") and key.endswith("*") for key in AUDIT.keys)


def test_a_prefix_is_no_pattern():
    odd = users("nf:{a*[b]?}:", ["a*[b]?:q:"])
    assert odd[3].keys == ("~a\\*\\[b\\]\\?:q:*",)
