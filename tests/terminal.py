"""Programs as a user meets them: through pipes, or at a terminal that a test types into."""

import fcntl
import os
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from house import Ran

TRIAL = Path(__file__).parent / "trial.py"


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a plain 80-column user: no CI, no colours asked for or refused."""
    odd = ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "LINES")
    plain = {name: value for name, value in os.environ.items() if name not in odd}
    return {**plain, "COLUMNS": "80", "TERM": "xterm-256color", "PYTHONUTF8": "1", **more}


def notifyctl(*arguments: str, **environ: str) -> Ran:
    """Run notifyctl through pipes to its end."""
    return _piped([sys.executable, "-m", "notifyctl", *arguments], environ)


def trial(*arguments: str, **environ: str) -> Ran:
    """Run the trial command line through pipes to its end."""
    return _piped([sys.executable, str(TRIAL), *arguments], environ)


def _piped(line: Sequence[str], environ: Mapping[str, str]) -> Ran:
    done = subprocess.run(
        line, stdin=subprocess.DEVNULL, capture_output=True, env=surroundings(**environ), timeout=60, check=False
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def at_terminal(*arguments: str, answers: Mapping[str, str] | None = None, **environ: str) -> Ran:
    """Run the trial at a terminal; each answer is typed once its question stands on the screen."""
    master, slave = os.openpty()
    line, seen = [sys.executable, str(TRIAL), *arguments], surroundings(**environ)
    ends = {"stdin": slave, "stdout": slave, "stderr": slave}
    ends |= {"start_new_session": True, "preexec_fn": _take_terminal}
    with subprocess.Popen(line, env=seen, **ends) as process:
        os.close(slave)
        shown = _typing(master, dict(answers or {}))
        os.close(master)
    return Ran(process.returncode, shown.replace("\r\n", "\n"), "")


def _take_terminal() -> None:
    """Make the terminal the one whose Ctrl-C reaches this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _typing(master: int, answers: dict[str, str]) -> str:
    shown = b""
    while piece := _read(master):
        shown += piece
        for question in [question for question in answers if question.encode() in shown]:
            os.write(master, answers.pop(question).encode())
    return shown.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:  # Linux says so when the other side is closed
        return b""
