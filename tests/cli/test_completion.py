"""Completion from the table: words and their help for three shells, and a real bash."""

import os
import shutil
import subprocess
import sys

import pytest

from terminal import notifyctl, surroundings


def complete(shell: str, line: str) -> list[str]:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    ask = {"_NOTIFYCTL_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    ran = notifyctl(**ask, **words, _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert (ran.code, ran.err) == (0, "")
    return ran.out.splitlines()


def test_bash_gets_words():
    assert complete("bash", "notifyctl st") == ["status"]
    assert complete("bash", "notifyctl queue ") == ["show", "unknown", "review", "failed", "retry"]
    assert complete("bash", "notifyctl worker ") == ["run", "list", "drain"]


def test_zsh_and_fish_get_the_help_too():
    assert complete("fish", "notifyctl st") == ["status\tTell whether mail is flowing, and what is in its way."]
    assert '"status":"Tell whether mail is flowing, and what is in its way."' in complete("zsh", "notifyctl st")[0]


def test_options_and_topics_are_completed():
    assert "--output" in complete("bash", "notifyctl status --out")
    assert complete("bash", "notifyctl explain MSG-TY") == ["MSG-TYPE"]
    assert complete("bash", "notifyctl probe po") == ["postmark"]
    assert "exit-codes" in complete("bash", "notifyctl explain exit")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_shown_for_three_shells(shell):
    assert f"_NOTIFYCTL_COMPLETE=complete_{shell}" in script(shell).out


def script(shell: str):
    """The script of a shell; the shell is named instead of found, since a test has none around it."""
    return notifyctl("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash on this machine")
def test_a_real_bash_completes(tmp_path):
    command = tmp_path / "notifyctl"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m notifyctl "$@"\n')
    command.chmod(0o755)
    story = f"""
    {script("bash").out}
    COMP_WORDS=(notifyctl worker l); COMP_CWORD=2
    _notifyctl_completion notifyctl l worker
    echo "${{COMPREPLY[@]}}"
    """
    environ = surroundings(PATH=f"{tmp_path}:{os.environ['PATH']}")
    done = subprocess.run(["bash", "--norc", "-c", story], capture_output=True, text=True, env=environ, check=True)
    assert done.stdout == "list\n"
