"""The first half of noxfile.py: it starts anywhere, and says what is missing where it cannot go on."""

import ast
import re
import subprocess
import sys
from pathlib import Path

NOXFILE = Path(__file__).parent.parent / "noxfile.py"


def start(prepare: str) -> subprocess.CompletedProcess[str]:
    """Run `noxfile.py tests` in a fresh interpreter after the given statements."""
    lines = (
        "import sys, runpy",
        prepare,
        "sys.argv[1:] = ['tests']",
        f"runpy.run_path({str(NOXFILE)!r}, run_name='__main__')",
    )
    program = "\n".join(lines)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_it_parses_on_the_oldest_python_that_is_around():
    ast.parse(NOXFILE.read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_what_is_needed():
    ended = start("sys.version_info = (3, 8, 18)")
    assert ended.returncode == 1
    assert ended.stderr.startswith("notifyctl needs Python 3.11 or newer, and this is 3.8.")


def test_a_python_that_cannot_make_environments_is_told_what_to_install():
    ended = start("sys.modules['ensurepip'] = None")
    assert ended.returncode == 1
    assert re.search(r"^    apt install python3\.\d+-venv$", ended.stderr, re.MULTILINE)


def test_the_oldest_python_is_the_one_that_the_project_names():
    (oldest,) = re.findall(r"^OLDEST = \((\d+), (\d+)\)$", NOXFILE.read_text(), re.MULTILINE)
    assert f'requires-python = ">={".".join(oldest)}"' in (NOXFILE.parent / "pyproject.toml").read_text()
