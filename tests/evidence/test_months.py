"""Files of a month: only added to, whole lines only, and sums that `sha256sum` confirms."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from notifyctl.domain.errors import Misconfigured
from notifyctl.evidence import months
from notifyctl.evidence.months import BLOCK

NOVEMBER = "2026-11"


def add(home: Path, *texts: bytes, month: str = NOVEMBER) -> None:
    with months.locked(home, "archive"):
        months.add(home, "archive", {month: texts})


def stored(home: Path, month: str = NOVEMBER) -> Path:
    return home / "archive" / f"{month}.jsonl"


def test_lines_are_added_behind_those_that_are_there(tmp_path: Path):
    add(tmp_path, b"one", b"two")
    add(tmp_path, b"three")
    assert stored(tmp_path).read_bytes() == b"one\ntwo\nthree\n"
    assert list(months.lines(tmp_path, "archive", NOVEMBER)) == [(1, b"one\n"), (2, b"two\n"), (3, b"three\n")]


def test_a_month_is_a_file_and_nothing_else_is_a_month(tmp_path: Path):
    add(tmp_path, b"x", month="2026-12")
    add(tmp_path, b"x")
    (tmp_path / "archive" / "notes.jsonl").write_text("x")
    assert months.months(tmp_path, "archive") == ["2026-11", "2026-12"]
    assert list(months.lines(tmp_path, "archive", "2020-01")) == []


def test_nobody_else_may_read_them(tmp_path: Path):
    add(tmp_path, b"x")
    assert stored(tmp_path).stat().st_mode & 0o077 == 0
    assert stored(tmp_path).parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("half", [b"half of a li", b"x" * 3_000_000], ids=["short", "longer than a look"])
def test_a_line_that_a_crash_has_cut_is_left_out_and_taken_away_by_the_next_writer(tmp_path: Path, half: bytes):
    add(tmp_path, b"one")
    with stored(tmp_path).open("ab") as file:
        file.write(half)
    assert [line for _, line in months.lines(tmp_path, "archive", NOVEMBER)] == [b"one\n"]
    assert months.sums(tmp_path, "archive", NOVEMBER).lines == 1
    add(tmp_path, b"two")
    assert stored(tmp_path).read_bytes() == b"one\ntwo\n"


def test_a_file_that_holds_half_a_line_alone_begins_anew(tmp_path: Path):
    add(tmp_path)
    stored(tmp_path).write_bytes(b"half")
    add(tmp_path, b"one")
    assert stored(tmp_path).read_bytes() == b"one\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "archive").write_text("a file")
    with pytest.raises(Misconfigured) as error, months.locked(tmp_path, "archive"):
        pass
    assert error.value.code == "EVD-DISK"


def test_the_lock_is_held_across_processes(tmp_path: Path):
    look = ["flock", "-n", str(tmp_path / "archive" / ".lock"), "true"]
    with months.locked(tmp_path, "archive"):
        assert subprocess.run(look, check=False).returncode == 1
    assert subprocess.run(look, check=False).returncode == 0


class TestSums:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        add(tmp_path, *(b"line %d" % number for number in range(2 * BLOCK + 5)))
        return tmp_path

    def test_they_are_of_the_bytes_as_they_are_stored(self, home: Path):
        found = months.sums(home, "archive", NOVEMBER)
        assert found.sha256 == hashlib.sha256(stored(home).read_bytes()).hexdigest()
        assert (found.name, found.size) == ("archive/2026-11.jsonl", stored(home).stat().st_size)
        assert [(block.first, block.last) for block in found.blocks] == [(1, 1000), (1001, 2000), (2001, 2005)]
        second = b"".join(stored(home).read_bytes().splitlines(keepends=True)[1000:2000])
        assert found.blocks[1].sha256 == hashlib.sha256(second).hexdigest()

    def test_lines_that_came_later_change_nothing(self, home: Path):
        then = months.sums(home, "archive", NOVEMBER)
        add(home, b"later")
        assert months.sums(home, "archive", NOVEMBER).sha256 != then.sha256
        assert months.sums(home, "archive", NOVEMBER, then.size) == then
        assert months.changed(home, then) == []

    @pytest.mark.parametrize(("at", "named"), [(0, "1 to 1,000"), (9000, "1,001 to 2,000"), (-1, "2,001 to 2,005")])
    def test_a_changed_byte_is_named_by_file_and_lines(self, home: Path, at: int, named: str):
        then = months.sums(home, "archive", NOVEMBER)
        text = bytearray(stored(home).read_bytes())
        text[at] ^= 1
        stored(home).write_bytes(text)
        assert f"archive/2026-11.jsonl, lines {named}" in months.changed(home, then)

    def test_lines_that_are_gone_are_named(self, home: Path):
        then = months.sums(home, "archive", NOVEMBER)
        os.truncate(stored(home), then.size - 1)
        assert months.changed(home, then) == ["archive/2026-11.jsonl, lines 2,001 to 2,005"]
        stored(home).unlink()
        assert months.changed(home, then) == ["archive/2026-11.jsonl is missing"]
