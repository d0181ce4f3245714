"""A provider that would drop or cut a field is named with the field."""

import pytest

from notifyctl.domain.message import Address, Message
from notifyctl.domain.provider import Capabilities, Evidence
from notifyctl.domain.revision import Priority
from notifyctl.domain.routing import cannot_carry, lane_of

STRICT = Capabilities(
    evidence=Evidence.EVENTS,
    max_document=1000,
    max_body=10,
    max_headers=1,
    header_value_max=5,
    header_value_ascii=True,
    ascii_local_part_only=True,
    metadata_key_max=3,
    metadata_value_max=4,
    metadata_key_pattern="[a-z]+",
    metadata_value_pattern="[a-z]+",
    max_metadata=1,
)
ANYTHING = Capabilities(evidence=Evidence.EVENTS, max_document=1000)
PLAIN = Message("m-1", "offer", Address("a@b.example"), "S", html=b'"0123456789"', headers=(("X-A", "abcde"),),
                reply_to="c@d.example", metadata=(("key", "abcd"),))  # fmt: skip

BEYOND = {
    "to.email: the part before the @ is not ASCII": PLAIN._replace(to=Address("zoë@b.example")),
    "reply_to: the part before the @ is not ASCII": PLAIN._replace(reply_to="zoë@b.example"),
    "headers: 2 given, 1 is the most": PLAIN._replace(headers=(("X-A", "a"), ("X-B", "b"))),
    "headers.X-A: 6 characters, 5 is the most": PLAIN._replace(headers=(("X-A", "abcdef"),)),
    "headers.X-A: is empty or not printable ASCII": PLAIN._replace(headers=(("X-A", "é"),)),
    "headers.X-B: is empty or not printable ASCII": PLAIN._replace(headers=(("X-B", ""),)),
    "metadata: 2 entries, 1 is the most": PLAIN._replace(metadata=(("a", "b"), ("c", "d"))),
    "metadata.keys: the key is too long or outside the alphabet": PLAIN._replace(metadata=(("keys", "a"),)),
    "metadata.K: the key is too long or outside the alphabet": PLAIN._replace(metadata=(("K", "a"),)),
    "metadata.key: the value is too long or outside the alphabet": PLAIN._replace(metadata=(("key", "abcde"),)),
    "metadata.k: the value is too long or outside the alphabet": PLAIN._replace(metadata=(("k", "a b"),)),
    "html: 11 bytes, 10 is the most": PLAIN._replace(html=b'"01234567890"'),
    "text: 11 bytes, 10 is the most": PLAIN._replace(text=b'"01234567890"'),
}


def test_a_message_at_every_limit_is_carried():
    assert cannot_carry(PLAIN, STRICT, 1000) is None


@pytest.mark.parametrize("reason", BEYOND)
def test_one_step_beyond_a_limit_names_the_field(reason):
    assert cannot_carry(BEYOND[reason], STRICT) == reason


def test_a_document_that_is_too_large_is_refused_once_its_size_is_known():
    assert cannot_carry(PLAIN, STRICT, 1001) == "document: 1001 bytes, 1000 is the most"


@pytest.mark.parametrize("message", BEYOND.values(), ids=BEYOND)
def test_a_provider_without_limits_carries_everything(message):
    assert cannot_carry(message, ANYTHING, 1000) is None


def test_an_international_domain_is_no_reason():
    assert cannot_carry(PLAIN._replace(to=Address("a@münchen.example")), STRICT) is None


@pytest.mark.parametrize(
    ("lanes", "expected"), [(1, [1, 1, 1]), (2, [1, 2, 2]), (3, [1, 2, 3]), (4, [1, 2, 3])], ids=str
)
def test_each_priority_has_its_lane_and_the_last_lane_takes_the_rest(lanes: int, expected: list[int]) -> None:
    assert [lane_of(priority, lanes) for priority in Priority] == expected
