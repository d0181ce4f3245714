"""What is wrong with a runbook is found, with file and line; what is right is not complained about."""

from collections.abc import Sequence

import pytest

from notifyctl.domain.runbook import Book, parse
from notifyctl.domain.runbook_lint import Complaint, Form, check, uncovered

RIGHT = """\
# Title
**When:** it breaks.
**You need:**
- `<P>`: the provider, such as `ses`

## 1. Look
```console
notifyctl status
```
**You should see (exit 0 or 3):** all.
**If not:** see `notifyctl status`.

## 2. Move
```console
notifyctl move --to <P>
```
**You should see:** all.
**If not:** ask.
**If interrupted:** look with `notifyctl status`.
"""


def understand(words: Sequence[str]) -> Form:
    """A command line of two: `status`, and `move --to ses`, which changes something."""
    if words[:1] == ["status"]:
        return Form("status", False, frozenset(), "" if len(words) == 1 else "too much")
    right = list(words) == ["move", "--to", "ses"]
    return Form("move" if words[:1] == ["move"] else "", True, frozenset(), "" if right else "not that")


def wrong(old: str, new: str) -> list[Complaint]:
    assert RIGHT.count(old) == 1, "the change must have one place"
    return check(book(RIGHT.replace(old, new)), understand)


def book(text: str) -> Book:
    return parse("b", text, "runbooks/b.md")


def test_a_right_book_is_right():
    assert check(book(RIGHT), understand) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("# Title\n", "\n", 1, "no title"),
        ("**When:** it breaks.", "", 1, "no **When:**"),
        ("**When:** it breaks.", "**When:**", 1, "no **When:**"),
        ("## 1. Look", "## Look", 6, "this is step 1"),
        ("## 2. Move", "## 3. Move", 13, "this is step 2"),
        ("notifyctl status\n```", "notifyctl status\nnotifyctl status\n```", 6, "2 commands"),
        ("```console\nnotifyctl move --to <P>\n```", "`notifyctl move --to <P>`", 13, "0 commands"),
        ("**If not:** ask.", "", 13, "no **If not:**"),
        ("**You should see:** all.", "See.", 13, "no **You should see:**"),
        ("exit 0 or 3", "exit 0 or 9", 6, "no exit code 9"),
        ("- `<P>`: the provider, such as `ses`", "", 15, "<P> is not explained"),
        ("- `<P>`: the provider, such as `ses`", "- `<P>`: the provider", 15, "<P> is not explained"),
        ("- `<P>`", "- `<Q>`: never, such as `x`\n- `<P>`", 4, "<Q> is explained and never used"),
        ("**If interrupted:** look with `notifyctl status`.", "", 13, "say under **If interrupted:**"),
        ("**If interrupted:** look with `notifyctl status`.", "**If interrupted:** look.", 13, "with which command"),
        ("look with `notifyctl status`.", "look with `notifyctl move --to <P>`.", 19, "look with another one"),
    ],
)
def test_what_is_missing_or_odd_is_found_where_it_is(old: str, new: str, line: int, said: str):
    found = [one for one in wrong(old, new) if one.code == "RBK-FORM"]
    assert any(said in one.what and one.place == f"runbooks/b.md:{line}" for one in found), found


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("notifyctl status\n```", "notifyctl statsu\n```", 8),
        ("notifyctl status\n```", "rm -rf x\n```", 8),
        ("notifyctl status\n```", 'notifyctl "status\n```', 8),
        ("notifyctl move --to <P>", "notifyctl move --into <P>", 15),
        ("notifyctl move --to <P>", "notifyctl move", 15),
        ("such as `ses`", "such as `nobody`", 15),
        ("see `notifyctl status`", "see `notifyctl status --all`", 11),
        ("look with `notifyctl status`", "look with `notifyctl status --all`", 19),
        ("see `notifyctl status`", "see `notifyctl status\n--all`, `notifyctl statsu`", 12),
    ],
)
def test_a_command_that_the_command_line_does_not_take_is_found(old: str, new: str, line: int):
    found = [one.place for one in wrong(old, new) if one.code == "RBK-COMMAND"]
    assert f"runbooks/b.md:{line}" in found


class TestCoverage:
    def test_a_command_that_changes_something_is_in_a_book_or_has_a_reason(self):
        books = [book(RIGHT)]
        assert uncovered(books, ["move"], {}, understand) == []
        assert uncovered(books, ["move", "send"], {"send": "repairs nothing"}, understand) == []

    @pytest.mark.parametrize("reasons", [{}, {"send": ""}])
    def test_without_either_it_is_found(self, reasons):
        assert [one.place for one in uncovered([book(RIGHT)], ["move", "send"], reasons, understand)] == ["send"]

    def test_a_mention_in_running_text_counts(self):
        text = RIGHT.replace("notifyctl move --to <P>\n", "notifyctl status\n").replace("ask.", "`notifyctl move`")
        assert uncovered([book(text)], ["move"], {}, understand) == []

    @pytest.mark.parametrize("name", ["move", "gone"])
    def test_a_reason_that_nothing_needs_is_found(self, name):
        assert [one.place for one in uncovered([book(RIGHT)], ["move"], {name: "why"}, understand)] == [name]
