"""The tests of the policy and of the scripts notice every one of these bugs, each planted in a copy of the source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seeded.bugs import BUGS, Bug

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"
FAILED = 1  # what pytest exits with when tests ran and some failed


def verdict(source: Path, tests: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    """Run test files against a source tree, up to the first failure."""
    line = [sys.executable, "-m", "pytest", "-x", "--tb=line", "-o", "faulthandler_timeout=60"]
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    files = [str(TESTS / name) for name in tests]
    return subprocess.run(
        [*line, *files], env=environment, cwd=TESTS.parent, capture_output=True, text=True, check=False
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the source tree."""
    return shutil.copytree(SOURCE, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))


def test_without_a_bug_they_pass(source: Path):
    files = tuple(sorted({name for bug in BUGS for name in bug.tests}))
    run = verdict(source, files)
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name.replace(" ", "-") for bug in BUGS])
def test_they_notice_code_that(source: Path, bug: Bug):
    path = source / "notifyctl" / bug.file
    text = path.read_text()
    assert text.count(bug.old) == 1, f"{bug.file} has changed: give this bug its new text"
    path.write_text(text.replace(bug.old, bug.new))
    run = verdict(source, bug.tests)
    assert run.returncode == FAILED, run.stdout[-3000:]
