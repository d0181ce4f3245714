"""Light commands stay light: what they must not import, seen from a fresh interpreter."""

import json
import subprocess
import sys

import pytest

from notifyctl.cli.table import VERBS
from terminal import surroundings

HEAVY = {"pyrage", "rich", "httpx", "redis", "pydantic", "aiohttp", "asyncio", "msgspec", "hiredis", "ssl", "click"}
HEAVY |= {"sentry_sdk", "urllib3"}
PROBE = """
import json, sys
from notifyctl.__main__ import main
lines, loaded = json.loads(sys.argv[1]), []
for line in lines:
    sys.argv = ["notifyctl", *line]
    try:
        main()
    except SystemExit:
        pass
    loaded.append(sorted({name.partition(".")[0] for name in sys.modules}))
sys.stderr.write("\\n" + json.dumps(loaded))
"""
LIGHT = ["--version", "--help", "queue --help", "explain", "explain exit-codes", "explain MSG-TYPE", "explain message"]
LIGHT += ["explain send", "commands", "commands -o json", "comands", "explain --nope", "--show-completion bash"]


def probe(lines: list[list[str]], **environ: str) -> list[set[str]]:
    """What is loaded after each of some lines, which one fresh interpreter runs after another."""
    run = [sys.executable, "-c", PROBE, json.dumps(lines)]
    done = subprocess.run(run, capture_output=True, text=True, env=surroundings(**environ), timeout=60, check=True)
    return [set(names) for names in json.loads(done.stderr.splitlines()[-1])]


def loaded(*arguments: str, **environ: str) -> set[str]:
    return probe([list(arguments)], **environ)[0]


@pytest.fixture(scope="module")
def helped() -> dict[str, set[str]]:
    """What the help of each command loads that no help before it did."""
    after = probe([[*verb.name.split(), "--help"] for verb in VERBS])
    return {verb.name: now - before for verb, now, before in zip(VERBS, after, [set(), *after], strict=False)}


@pytest.mark.parametrize("line", LIGHT)
def test_a_light_command_loads_nothing_heavy(line):
    assert loaded(*line.split()) & HEAVY == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_loads_nothing_heavy(shell):
    assert loaded(**typed(shell, "notifyctl ")) & HEAVY == set()


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_help_of_a_command_loads_nothing_heavy(verb, helped):
    assert helped[verb.name] & HEAVY == set()


def test_the_version_loads_nothing_but_the_package():
    assert "typer" in loaded("--help")
    assert "typer" not in loaded("--version")


def typed(shell: str, line: str) -> dict[str, str]:
    """The environment in which a shell asks what could stand at the end of a line."""
    ask = {"_NOTIFYCTL_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    return {**ask, **words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
