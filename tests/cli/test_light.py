"""Light commands stay light: what they must not import, seen from a fresh interpreter."""

import json
import subprocess
import sys

import pytest

from notifyctl.cli.table import VERBS
from terminal import surroundings

HEAVY = {"rich", "httpx", "redis", "pydantic", "aiohttp", "asyncio", "msgspec", "hiredis", "ssl", "click"}
PROBE = """
import json, sys
from notifyctl.__main__ import main
sys.argv = ["notifyctl", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
sys.stderr.write("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
LIGHT = ["--version", "--help", "queue --help", "explain", "explain exit-codes", "explain MSG-TYPE", "explain message"]
LIGHT += ["explain send", "commands", "commands -o json", "comands", "explain --nope", "--show-completion bash"]


def loaded(*arguments: str, **environ: str) -> set[str]:
    line = [sys.executable, "-c", PROBE, *arguments]
    done = subprocess.run(line, capture_output=True, text=True, env=surroundings(**environ), timeout=60, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("line", LIGHT)
def test_a_light_command_loads_nothing_heavy(line):
    assert loaded(*line.split()) & HEAVY == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_loads_nothing_heavy(shell):
    assert loaded(**typed(shell, "notifyctl ")) & HEAVY == set()


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_help_of_a_command_loads_nothing_heavy(verb):
    assert loaded(*verb.name.split(), "--help") & HEAVY == set()


def test_the_version_loads_nothing_but_the_package():
    assert "typer" in loaded("--help")
    assert "typer" not in loaded("--version")


def typed(shell: str, line: str) -> dict[str, str]:
    """The environment in which a shell asks what could stand at the end of a line."""
    ask = {"_NOTIFYCTL_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    return {**ask, **words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
