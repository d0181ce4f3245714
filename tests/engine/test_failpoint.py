"""Failpoints: where, at which time, and what happens there."""

import subprocess
import sys

import pytest

from notifyctl.engine.failpoint import Failpoint

PROGRAM = """
from notifyctl.engine.failpoint import Failpoint
point = Failpoint({spec!r})
for _ in range(3):
    print("there", flush=True)
    point.reach("after-intent")
"""


@pytest.mark.parametrize(("spec", "times"), [("after-intent", 1), ("after-intent:2", 2), ("after-answer", 3), ("", 3)])
def test_the_process_dies_at_the_named_place_as_often_as_was_asked(spec: str, times: int):
    ended = subprocess.run([sys.executable, "-c", PROGRAM.format(spec=spec)], capture_output=True, check=False)
    assert (ended.stdout.split().count(b"there"), ended.returncode) == (times, 0 if times == 3 else -9)


def test_the_process_stands_still_there_once(monkeypatch: pytest.MonkeyPatch):
    slept: list[float] = []
    monkeypatch.setattr("notifyctl.engine.failpoint.time.sleep", slept.append)
    point = Failpoint("after-intent:2:block=0.5")
    for _ in range(4):
        point.reach("after-claim")
        point.reach("after-intent")
    assert slept == [0.5]
