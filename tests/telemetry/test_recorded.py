"""A recorded fact, for people."""

import pytest

from notifyctl.telemetry.recorded import Row, answer, row


def test_what_it_is_of_leads_and_what_is_empty_is_left_out():
    told = {"id": "INC-1", "severity": "critical", "title": "ses is out", "root": "", "resolved_at": None}
    assert row(told) == Row("INC-1 ses is out", [("severity", "critical")])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("detected_after_s", 12.5, ("detected after", "12.5 s")),
        ("used_memory", 123456, ("used memory", "123,456")),
        ("altered", 0, ("altered", "0")),
        ("dollars", "20.00", ("cost", "$20.00")),
        ("dollars for 1,000", "0.100012", ("cost of 1,000", "$0.10")),
        ("dollars for 1,000", "0.00016", ("cost of 1,000", "$0.00016")),
        ("dollars", "more than it takes", ("cost", "more than it takes")),
    ],
)
def test_values_have_their_unit(name, value, told):
    assert row({name: value}) == Row("", [told])


def test_of_the_answers_of_checks_only_what_was_not_seen_has_another_word():
    words = [answer(word) for word in ("pass", "warn", "fail", "skip", "error")]
    assert words == ["pass", "warn", "fail", "skip", "not seen"]
