"""The books that come with notifyctl: each command in them is one that the command line of today takes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import notifyctl
from house import Ran
from notifyctl.cli.table import OFF_BOOK, VERBS
from notifyctl.cli.understand import understand
from notifyctl.domain.runbook import parse
from notifyctl.domain.runbook_lint import check, uncovered

FOLDER = Path(__file__).parent.parent / "runbooks"
BOOKS = [parse(path.stem, path.read_text(), f"runbooks/{path.name}") for path in sorted(FOLDER.iterdir())]
PHONE = 80  # columns; longer lines are broken by the screen in the middle of a word


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
class TestEachBook:
    def test_has_nothing_wrong(self, book):
        assert check(book, understand) == []

    def test_can_be_read_on_a_small_screen(self, book):
        assert [line for line in book.text.splitlines() if len(line) > PHONE] == []


def test_whatever_can_be_changed_is_in_a_book_or_has_a_reason():
    assert uncovered(BOOKS, [verb.name for verb in VERBS if verb.mutating], OFF_BOOK, understand) == []


class TestARenamedFlag:
    """In a copy of the source, as somebody would do it who knows of no book."""

    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        package = shutil.copytree(Path(notifyctl.__file__).parent, tmp_path / "src" / "notifyctl")
        shutil.copytree(FOLDER, package / "runbooks", dirs_exist_ok=True)
        return package

    def lint(self, copy: Path) -> Ran:
        line = [sys.executable, "-m", "notifyctl", "runbook", "lint", "-o", "json"]
        environ = {**os.environ, "PYTHONPATH": str(copy.parent)}
        done = subprocess.run(line, capture_output=True, text=True, env=environ, cwd=copy, timeout=60, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    def rename(self, copy: Path, file: str, old: str, new: str) -> None:
        path = copy / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def test_breaks_the_lint_with_file_and_line(self, copy: Path):
        assert self.lint(copy).code == 0
        self.rename(copy, "cli/options.py", '"--watch"', '"--follow"')
        ran = self.lint(copy)
        assert (ran.code, set(ran.codes)) == (1, {"RBK-COMMAND"})
        rows = (FOLDER / "backlog.md").read_text().splitlines()
        line = next(number for number, row in enumerate(rows, 1) if "--watch" in row)
        assert f"runbooks/backlog.md:{line}" in [finding["subject"] for finding in ran.document["findings"]]

    def test_so_does_a_renamed_command(self, copy: Path):
        self.rename(copy, "cli/table.py", '"queue unknown"', '"queue doubtful"')
        assert "RBK-COMMAND" in self.lint(copy).codes

    def test_and_a_new_command_that_changes_something_and_is_in_no_book(self, copy: Path):
        verb = 'Verb("queue purge", f"{_HERE}.queue:show", "Show what each lane holds, and since when.", RUN, True),\n'
        self.rename(copy, "cli/table.py", "VERBS = (\n", f"VERBS = (\n    {verb}")
        assert self.lint(copy).codes == ["RBK-UNCOVERED"]
