"""What light commands print, byte for byte, for humans and for machines: a change here is seen by users.

GOLDEN=write python3 noxfile.py tests -- tests/cli/test_golden.py      writes the files anew
"""

import os
import re
from pathlib import Path

import pytest

from terminal import notifyctl, trial

GOLDEN = Path(__file__).parent.parent / "golden" / "cli"
PAGES = {
    "help": (notifyctl, ["--help"]),
    "queue-help": (notifyctl, ["queue", "--help"]),
    "explain-code": (notifyctl, ["explain", "MSG-TYPE"]),
    "explain-exit-codes": (notifyctl, ["explain", "exit-codes"]),
    "explain-states": (notifyctl, ["explain", "states"]),
    "commands": (notifyctl, ["commands"]),
    "runbook-list": (notifyctl, ["runbook", "list"]),
    "runbook-lint": (notifyctl, ["runbook", "lint"]),
    "usage": (notifyctl, ["comands"]),
    "result": (trial, ["look"]),
    "refusal": (trial, ["move", "--reason", "x"]),
}
DOCUMENTS = [
    "explain-code",
    "explain-exit-codes",
    "explain-states",
    "commands",
    "runbook-list",
    "runbook-lint",
    "usage",
    "result",
    "refusal",
]


def compare(name: str, printed: str) -> None:
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(printed)
    assert printed == path.read_text()


@pytest.mark.parametrize("name", PAGES)
def test_for_a_human(name):
    run, arguments = PAGES[name]
    ran = run(*arguments)
    compare(f"{name}.txt", f"{ran.out}{'--- stderr' if ran.err else ''}\n{ran.err}--- exit {ran.code}\n")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_for_a_machine(name):
    run, arguments = PAGES[name]
    ran = run(*arguments, "-o", "json", NOTIFYCTL_ACTOR="ada")
    compare(f"{name}.json", re.sub(r'"at": "[^"]*"', '"at": "2026-11-24T09:00:00Z"', ran.out))
