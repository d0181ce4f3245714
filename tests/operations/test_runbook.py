"""A step as a process: whoever ends the walk ends the command, too, in whatever instant it comes."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from notifyctl.operations.runbook import start


def _leave(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_just_starting_ends_with_the_walk(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    class Told(subprocess.Popen[bytes]):
        """Between the fork and the end of its own constructor this process is told to end."""

        def __init__(self, *args: Any, **how: Any) -> None:
            super().__init__(*args, **how)
            begun.append(self)
            os.kill(os.getpid(), number)

    monkeypatch.setattr(subprocess, "Popen", Told)
    before = signal.signal(number, _leave)
    try:
        with Path(os.devnull).open() as record, pytest.raises(SystemExit) as ended:
            start(["emulator", "--port-base", "0"], record.fileno(), machine=True)
    finally:
        signal.signal(number, before)
    left = begun[0].returncode is None
    begun[0].kill()
    begun[0].wait()
    assert (ended.value.code, left) == (128 + number, False)
