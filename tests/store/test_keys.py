"""Names of keys: ours beside BullMQ's in one slot, and job ids that no queue key can be mistaken for."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from redis.crc import key_slot

from notifyctl.store.keys import job_id, lane_base, own_base

NAMES_OF_BULLMQ = [
    *("wait", "active", "prioritized", "pc", "delayed", "completed", "failed", "waiting-children", "paused", "meta"),
    *("id", "marker", "limiter", "stalled", "stalled-check", "events", "repeat"),
]


def test_a_lane_is_what_bullmq_calls_a_queue():
    assert lane_base("bull", "email-critical") == "bull:email-critical:"


@pytest.mark.parametrize(
    ("prefix", "own"),
    [
        ("bull", "nf:{bull}:"), ("{bull}", "nf:{bull}:"), ("mail:{x}", "nf:mail:{x}:"), ("{}", "nf:{{}}:"),
        ("a}b{c", "nf:{a}b{c}:"),
    ],
)  # fmt: skip
def test_our_keys_carry_the_prefix_as_hash_tag(prefix, own):
    assert own_base(prefix) == own


@pytest.mark.parametrize("prefix", ["{bull}", "mail:{x}", "{a}b"])
def test_with_a_tag_in_the_prefix_our_keys_and_every_lane_share_a_slot(prefix):
    names = [
        own_base(prefix) + "msg:a",
        *(lane_base(prefix, lane) + "wait" for lane in ("email-critical", "email-bulk")),
    ]
    assert len({key_slot(name.encode()) for name in names}) == 1


@pytest.mark.parametrize(
    "message", ["booking-confirm/8731", "a b", "café", "{x}", "m", "x/m/y", "12a", "Meta", "meta2"]
)
def test_an_id_that_bullmq_can_keep_is_kept(message):
    assert job_id(message) == message


@pytest.mark.parametrize("message", [*NAMES_OF_BULLMQ, "12", "0", "-7", "a:b", "a:b:c", "0:1", "x:lock", "m/x"])
def test_any_other_is_marked_so_that_it_is_no_key_of_the_queue(message):
    marked = job_id(message)
    assert marked.startswith("m/")
    assert ":" not in marked


@example(["a:b%3Ac", "a%3Ab:c"])
@example(["x:y", "m/x%3Ay"])
@example(["7", "m/7"])
@given(st.lists(st.text("m/:%325Aa-", min_size=1, max_size=8), min_size=2, max_size=2, unique=True))
def test_no_two_messages_share_a_job(messages):
    assert job_id(messages[0]) != job_id(messages[1])
