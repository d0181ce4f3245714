"""The command: a real process, the message on its stdin, a bounded time."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from alarms import notice
from house import eventually, lives
from notifyctl.domain.notice import Told, document
from notifyctl.notify.command import Command


def tell(program: str, *arguments: str, patience: float = 20) -> Told:
    return asyncio.run(Command((sys.executable, "-c", program, *arguments), patience).tell(notice("opened")))


def test_it_is_given_the_message_as_json_and_its_words_as_they_are(tmp_path: Path):
    copy = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read() + sys.argv[2])"
    path = tmp_path / "seen"
    assert tell(copy, str(path), "$HOME; *") == Told(True, "exit 0")
    line, _, rest = path.read_text().partition("\n")
    assert json.loads(line) == document(notice("opened"))
    assert rest == "$HOME; *"  # no shell was there to read it


def test_it_sees_none_of_our_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in (
        "RESEND_API_KEY",
        "AWS_SES_SECRET_KEY",
        "BULLMQ_REDIS_PASSWORD",
        "NOTIFYCTL_PEPPER",
        "DATADOG_API_KEY",
    ):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("THEIRS", "kept")
    path = tmp_path / "seen"
    tell("import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))", str(path))
    seen = json.loads(path.read_text())
    assert "a secret" not in seen.values()
    assert (seen["THEIRS"], seen["PATH"]) == ("kept", os.environ["PATH"])


def test_one_that_fails_is_told_with_its_last_words_and_no_address():
    told = tell("import sys; sys.exit('cannot reach ann@customers.example')")
    assert told == Told(False, "exit 1 cannot reach [address]")


def test_one_that_does_not_read_is_no_trouble():
    assert tell("import os; os.close(0)").well


def test_one_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path):
    child = "import time; time.sleep(100)"
    program = (
        "import subprocess, sys, time, pathlib\n"
        f"p = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "pathlib.Path(sys.argv[1]).write_text(str(p.pid))\n"
        "time.sleep(1000)"
    )
    path = tmp_path / "pid"
    assert tell(program, str(path), patience=3) == Told(False, "killed after 3 s")
    eventually(lambda: not lives(int(path.read_text())))


def test_what_it_leaves_running_elsewhere_is_not_waited_for():
    child = "import time; time.sleep(30)"
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True)"
    assert tell(program) == Told(True, "exit 0")


def test_one_that_is_not_there_is_said():
    assert asyncio.run(Command(("no-such-program",)).tell(notice("opened"))).detail.startswith("not started: No such")
