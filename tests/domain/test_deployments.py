"""One line a deployment, in a file that people write in, too."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.deployments import Deployment, added, read
from notifyctl.domain.errors import Refused

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
FIRST = Deployment("1.4.0", NOON, "ada", "New template: reminders")
NEXT = Deployment("1.4.1", NOON + timedelta(minutes=5), "bob", "A typo")
BACK = Deployment("1.4.0", NOON + timedelta(minutes=9), "ada", "Back: links were broken")
WRITTEN = """# Changelog

Ours.

## [Unreleased]

- Something to come

## [1.4.0] - 2026-11-30

### Added

- Reminders
- 09:30Z by eve: Early

## 1.3.0 - 2026-11-01

- 08:00Z by ada: First of the month
"""


def test_a_file_is_begun_with_its_first_deployment():
    text = added("", FIRST, "f")
    assert text.startswith("# Changelog\n")
    assert text.endswith("## [1.4.0] - 2026-11-30\n\n- 12:00Z by ada: New template: reminders\n")
    assert read(text, "f") == [FIRST]


def test_a_deployment_comes_above_the_others_and_below_what_is_to_come():
    text = added(WRITTEN, NEXT, "f")
    lines = text.splitlines()
    assert lines.index("- Something to come") < lines.index(NEXT.heading) < lines.index("## [1.4.0] - 2026-11-30")
    assert [line for line in lines if line not in WRITTEN.splitlines()] == [NEXT.heading, NEXT.line]


@pytest.mark.parametrize(
    "heading", ["[unreleased]", "Unreleased", "UNRELEASED", "1.5.0 - unreleased", "[1.5.0] - Unreleased"]
)
def test_what_is_to_come_may_be_headed_in_many_ways(heading: str):
    lines = added(WRITTEN.replace("[Unreleased]", heading), NEXT, "f").splitlines()
    assert lines.index(f"## {heading}") < lines.index(NEXT.heading) < lines.index("## [1.4.0] - 2026-11-30")


def test_a_version_that_was_described_that_day_gets_its_line_there():
    text = added(WRITTEN.replace("- 09:30Z by eve: Early\n", ""), FIRST, "f")
    assert text.count("## [1.4.0]") == 1
    assert "## [1.4.0] - 2026-11-30\n\n- 12:00Z by ada: New template: reminders\n### Added" in text


def test_what_was_deployed_last_is_not_deployed_again():
    with pytest.raises(Refused) as raised:
        added(WRITTEN, FIRST, "f")
    assert raised.value.code == "CHG-TWICE"


def test_a_version_may_come_back():
    text = added(added(added("", FIRST, "f"), NEXT, "f"), BACK, "f")
    assert read(text, "f") == [BACK, NEXT, FIRST]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        *(
            ("## 1.4.0", 1),
            ("## [1.4.0] - 2026-13-01", 1),
            ("## Notes\n- 12:00Z by ada: x", 2),
            ("## v1 - today", 1),
            ("## [a b] - 2026-01-01", 1),
        ),
        ("## [1] - 2026-01-01\n- 25:00Z by ada: x", 2),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, number: int):
    with pytest.raises(Refused) as raised:
        added(line, FIRST, "f")
    assert (raised.value.code, raised.value.where) == ("CHG-FORM", f"f:{number}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "1 4"},
        {"version": ""},
        {"version": "-1"},
        {"reason": "a\nb"},
        {"reason": ""},
        {"by": "a: b"},
        {"by": ""},
        {"by": "a\nb"},
    ],
)
def test_what_is_malformed_is_not_written(wrong: dict[str, str]):
    with pytest.raises(Refused) as raised:
        added(WRITTEN, FIRST._replace(**wrong), "f")
    assert raised.value.code == "CHG-FORM"


def test_a_clock_that_went_back_is_noticed():
    with pytest.raises(Refused, match="later than now"):
        added(added("", NEXT, "f"), FIRST._replace(version="2"), "f")


@pytest.mark.parametrize("by", ["a" * 81, "a" * 200, "the pipeline of Leeds"])
def test_whoever_it_is_a_deployment_is_seen_again(by: str):
    text = added(WRITTEN, FIRST._replace(version="2", by=by), "f")
    assert read(text, "f")[0].by == by
    with pytest.raises(Refused) as raised:
        added(text, NEXT._replace(version="2", by=by), "f")
    assert raised.value.code == "CHG-TWICE"


def test_other_sections_stay_as_they_are():
    other = "\n## Notes\n\n- Ask ada before Friday\n"
    text = added(WRITTEN + other, NEXT, "f")
    assert text.endswith(other)
    assert read(text, "f")[0] == NEXT
    assert read(added("# Ours\n" + other, NEXT, "f"), "f") == [NEXT]


VERSIONS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,20}", fullmatch=True)
LINES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).filter(lambda text: text.strip())


@given(st.lists(st.tuples(VERSIONS, st.integers(0, 5000), LINES), max_size=8))
def test_whatever_is_added_can_be_read_again(steps):
    text, at, wanted = WRITTEN, NOON, [*read(WRITTEN, "f")]
    for version, minutes, reason in steps:
        at += timedelta(minutes=minutes)
        one = Deployment(version, at, "ada", reason)
        if version.lower() == "unreleased" or wanted[0].version == version:
            continue
        text, wanted = added(text, one, "f"), [one, *wanted]
        found = read(text, "f")
        assert sorted(found) == sorted(wanted)
        wanted = found
