"""The tests notice every one of these bugs, each planted in a copy of the source; the table of it is printed."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from seeded.bug import Bug
from seeded.bugs import BUGS
from seeded.table import CAUGHT

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"
FAILED = 1  # what pytest exits with when tests ran and some failed
DEMANDED = ("claim", "admit", "settle", "adopt", "enqueue", "reconcile", "client", "serialisers")
FEWEST = 4  # bugs in each of these parts


def verdict(source: Path, tests: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    """Run test files against a source tree, up to the first failure."""
    line = [sys.executable, "-m", "pytest", "-x", "--tb=line", "-o", "faulthandler_timeout=300"]
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    files = [str(TESTS / name) for name in tests]
    return subprocess.run(
        [*line, *files], env=environment, cwd=TESTS.parent, capture_output=True, text=True, check=False
    )


def who(run: "subprocess.CompletedProcess[str]") -> str:
    """The test that failed, as `room/test_file.py::name`; nobody when none did, as in a run that was cut off."""
    found = re.search(r"^(?:FAILED|ERROR) (?:tests/)?(\S+)", run.stdout, re.MULTILINE)
    return found[1] if found and run.returncode == FAILED else ""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the source tree, with the runbooks beside it."""
    shutil.copytree(TESTS.parent / "runbooks", tmp_path / "runbooks")
    return shutil.copytree(SOURCE, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))


def test_every_bug_has_its_place_in_the_source():
    texts = {bug.file: (SOURCE / "notifyctl" / bug.file).read_text() for bug in BUGS}
    misplaced = [words for bug in BUGS if (words := bug.misplaced(texts[bug.file]))]
    assert misplaced == [], "\n".join(misplaced)


def test_no_part_of_the_engine_is_left_out():
    counts = Counter(bug.part for bug in BUGS)
    assert [part for part in DEMANDED if counts[part] < FEWEST] == [], counts


def test_without_a_bug_they_pass(source: Path):
    files = tuple(sorted({name for bug in BUGS for name in bug.tests}))
    run = verdict(source, files)
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.mark.parametrize("bug", BUGS, ids=[f"{bug.name.replace(' ', '-')}-{bug.tests[0]}" for bug in BUGS])
def test_they_notice_code_that(source: Path, bug: Bug):
    path = source / "notifyctl" / bug.file
    text = path.read_text()
    assert not bug.misplaced(text), bug.misplaced(text)
    path.write_text(text.replace(bug.old, bug.new))
    run = verdict(source, bug.tests)
    CAUGHT[bug] = who(run) or "**nobody**"
    assert who(run), run.stdout[-3000:]
