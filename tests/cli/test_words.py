"""Numbers and times as people read them."""

import pytest

from notifyctl.cli.words import instant, many, moment, span, stamp


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 s"), (999, "0 s"), (61_000, "1 min 1 s"), (3_600_000, "1 h"), (3_605_000, "1 h"),
        (90_061_000, "1 d 1 h"),
    ],
)  # fmt: skip
def test_a_length_of_time_has_two_units_at_most(ms: int, words: str) -> None:
    assert span(ms) == words


def test_times_are_utc() -> None:
    assert moment(1_795_512_849_638) == "2026-11-24 09:34:09Z"
    assert instant(1_795_512_849_038) == "2026-11-24 09:34:09.038Z"
    assert stamp(1_795_512_849_038) == "2026-11-24T09:34:09.038Z"
    assert stamp(0) is None


def test_one_thing_is_no_things() -> None:
    assert [many(count, "message") for count in (0, 1, 2000)] == ["0 messages", "1 message", "2,000 messages"]
