"""Programs as a user meets them: through pipes, or at a terminal that a test types into."""

import fcntl
import os
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from house import House, Ran, eventually, standing

OURS = ("NOTIFYCTL_", "BULLMQ_REDIS_", "RESEND_", "POSTMARK_", "AWS_", "SENTRY_")
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
    return typed_into([sys.executable, str(TRIAL), *arguments], answers or {}, surroundings(**environ))


def at_notifyctl(house: House, *arguments: str, answers: Mapping[str, str] | None = None) -> Ran:
    """Run notifyctl in a house at a terminal, in the same way."""
    ours = {name: value for name, value in house.environ.items() if name.startswith(OURS)}
    return typed_into([sys.executable, "-m", "notifyctl", *arguments], answers or {}, surroundings(**ours))


def typed_into(line: Sequence[str], answers: Mapping[str, str], seen: Mapping[str, str]) -> Ran:
    """Run a program at a terminal; each answer is typed once its question stands on the screen."""
    master, slave = os.openpty()
    ends = {"stdin": slave, "stdout": slave, "stderr": slave}
    ends |= {"start_new_session": True, "preexec_fn": _take_terminal}
    with subprocess.Popen(line, env=seen, **ends) as process:
        os.close(slave)
        shown = _typing(master, dict(answers), process.pid)
        os.close(master)
    return Ran(process.returncode, shown.replace("\r\n", "\n"), "")


def _take_terminal() -> None:
    """Make the terminal the one whose Ctrl-C reaches this process, whoever runs the tests in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _typing(master: int, answers: dict[str, str], pid: int) -> str:
    """What was shown; nothing is typed before the program waits for it.

    A Ctrl-C in the microseconds between the question and the wait is noted by Python when the wait is over, so never.
    """
    shown = b""
    while piece := _read(master):
        shown += piece
        for question in [question for question in answers if question.encode() in shown]:
            eventually(lambda: standing(pid) in ("S", "Z", ""))
            os.write(master, answers.pop(question).encode())
    return shown.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:  # Linux says so when the other side is closed
        return b""
