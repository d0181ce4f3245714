"""Records of runs: on the disk line by line, locked while they are walked, readable after any crash."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from notifyctl.domain.errors import Misconfigured, Refused
from notifyctl.domain.runbook_run import Event, Kind
from notifyctl.store.runs import Began, Note, Runs

BEGAN = Began("backlog", "# text é", {"P": "ses"}, 7, "ada")
STARTED = Event(Kind.STARTED, 8, "ada", 1)
ENDED = Event(Kind.ENDED, 9, "ada", 1, 0)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runbooks")


def left(runs: Runs, *events: Event) -> Path:
    """The file of a run that nobody walks any more."""
    record = runs.begin("one", BEGAN)
    for event in events:
        record.write(event)
    record.close()
    return next(path for path in runs._folder.iterdir())


def test_a_record_tells_what_was_written(runs: Runs):
    left(runs, STARTED, ENDED)
    assert list(runs.all()) == [("one", BEGAN, [STARTED, ENDED])]


def test_it_can_be_gone_on_with(runs: Runs):
    left(runs, STARTED)
    record = runs.open("one")
    record.write(ENDED)
    record.close()
    assert list(runs.all()) == [("one", BEGAN, [STARTED, ENDED])]


def test_values_are_those_that_were_given_last(runs: Runs):
    left(
        runs,
        Event(Kind.VALUES, 8, "ada", values={"Q": "1", "P": "resend"}),
        Event(Kind.VALUES, 9, "ada", values={"Q": "2"}),
    )
    record = runs.open("one")
    assert record.values == {"P": "resend", "Q": "2"}
    record.close()


def test_only_its_user_can_read_it(runs: Runs):
    path = left(runs)
    assert [oct(place.stat().st_mode & 0o777) for place in (path, path.parent)] == ["0o600", "0o700"]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_line_that_a_crash_has_cut_counts_for_nothing_and_spoils_nothing(runs: Runs, cut: int):
    path = left(runs, STARTED, ENDED)
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(runs.all()) == [("one", BEGAN, [STARTED])]
    record = runs.open("one")
    record.write(ENDED)
    record.close()
    assert list(runs.all()) == [("one", BEGAN, [STARTED, ENDED])]


def test_a_record_whose_first_line_was_cut_is_no_run(runs: Runs):
    path = left(runs)
    path.write_bytes(path.read_bytes()[:-1])
    assert list(runs.all()) == []


def test_two_cannot_walk_one_run(runs: Runs):
    record = runs.begin("one", BEGAN)
    with pytest.raises(Refused, match="another process"):
        runs.open("one")
    record.close()
    runs.open("one").close()


def test_a_command_that_outlives_the_walker_keeps_the_record(runs: Runs):
    record = runs.begin("one", BEGAN)
    line = [sys.executable, "-c", "input()"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, pass_fds=(record.fileno(),)) as command:
        record.close()
        with pytest.raises(Refused):
            runs.open("one")
        command.communicate(b"\n")
    runs.open("one").close()


def test_a_disk_that_takes_nothing_is_told(runs: Runs):
    left(runs, STARTED)
    record = runs.open("one")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, record.fileno())
    os.close(full)
    with pytest.raises(Misconfigured) as caught:
        record.write(ENDED)
    record.close()
    assert caught.value.code == "RBK-RECORD"
    assert list(runs.all()) == [("one", BEGAN, [STARTED])]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for write in (lambda runs: runs.begin("one", BEGAN), lambda runs: runs.note(Note("b", "t", 1, "ada"))):
        with pytest.raises(Misconfigured, match="recorded"):
            write(Runs(tmp_path / "file"))


def test_notes_are_kept_by_book_in_their_order(runs: Runs):
    first, other, second = Note("a", "one", 1, "ada"), Note("b", "two", 2, "ada"), Note("a", "three", 3, "bob")
    for note in (first, other, second):
        runs.note(note)
    assert runs.notes("a") == [first, second]
    assert list(runs.all()) == []


def test_looking_writes_nothing(runs: Runs, tmp_path: Path):
    assert (list(runs.all()), runs.notes("a"), list(tmp_path.iterdir())) == ([], [], [])
