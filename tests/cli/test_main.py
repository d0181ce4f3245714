"""One run of the command line: what it prints where, and the code it ends with."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from terminal import TRIAL, notifyctl, surroundings, trial

KEYS = ["schema", "ok", "outcome", "exit", "at", "actor", "data", "findings", "next"]


class TestTheDocument:
    @pytest.mark.parametrize(
        ("verb", "code", "outcome"),
        [("look", 3, "degraded"), ("calm", 0, "ok"), ("unreachable", 6, "unreachable"), ("move", 4, "refused")],
    )
    def test_is_one_and_has_nine_keys_whatever_happens(self, verb, code, outcome):
        ran = trial(verb, "-o", "json", NOTIFYCTL_ACTOR="ada")
        told = ran.document
        assert list(told) == KEYS
        assert (ran.code, told["exit"], told["outcome"], told["ok"]) == (code, code, outcome, code == 0)
        assert (told["schema"], told["actor"]) == (f"notifyctl.{verb}/1", "ada")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["at"])

    def test_names_a_nested_verb(self):
        assert trial("fleet", "run", "--json").document["schema"] == "notifyctl.fleet.run/1"

    def test_comes_on_usage_errors_too(self):
        for arguments in (
            ["nope", "--json"],
            ["-o", "json"],
            ["look", "--nope", "-ojson"],
            ["look", "--output=json", "x"],
        ):
            ran = trial(*arguments)
            assert (ran.code, ran.codes, ran.err) == (2, ["CLI-USAGE"], "")

    def test_carries_the_findings_and_what_to_do_next(self):
        told = trial("look", "-o", "json").document
        assert told["findings"] == [
            {
                "code": "CFG-VALUE",
                "severity": "warning",
                "subject": "provider/ses",
                "message": "is closed",
                "hint": "wait",
                "runbook": "",
            }
        ]
        assert told["next"] == ["notifyctl status"]

    def test_is_ascii_where_stdout_is_not_utf_8(self):
        ran = trial("look", "--json", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        assert (ran.code, ran.data) == (3, {"é": 1})


class TestTheFormat:
    def test_comes_from_the_environment_and_a_flag_wins(self):
        assert trial("calm", NOTIFYCTL_OUTPUT="json").document["ok"]
        assert trial("calm", "-o", "table", NOTIFYCTL_OUTPUT="json").out == "All is well.\n"

    def test_may_stand_before_the_verb(self):
        assert trial("-o", "json", "calm").document["ok"]

    def test_is_not_mistaken_for_the_value_of_another_option(self):
        assert trial("move", "--yes", "--reason", "--json").out == "Moved.\n"

    def test_unknown_in_the_environment_is_a_configuration_error(self):
        ran = trial("calm", NOTIFYCTL_OUTPUT="xml")
        assert (ran.code, ran.out) == (7, "")
        assert "NOTIFYCTL_OUTPUT" in ran.err

    def test_short_prints_the_first_line_and_what_is_wrong(self):
        assert trial("look", "-o", "short").out.splitlines()[:2] == [
            "One is closed.",
            "warning CFG-VALUE provider/ses: is closed",
        ]


class TestForAHuman:
    def test_data_goes_to_stdout_and_talk_to_stderr(self):
        ran = trial("look")
        assert "next: notifyctl status" in ran.err
        assert "next" not in ran.out

    def test_off_a_terminal_a_table_is_aligned_text_without_colour(self):
        assert "\nname    state\nresend  ready\n" in trial("look", FORCE_COLOR="1", TERM="dumb").out

    def test_control_characters_of_data_never_reach_the_terminal(self):
        assert "\x1b" not in trial("look").out

    def test_quiet_prints_only_what_was_done_or_is_wrong(self):
        assert trial("calm", "-q").out == ""
        assert trial("move", "-q", "--yes", "--reason", "x").out == "Moved.\n"
        assert trial("look", "-q").out.startswith("One is closed.")

    def test_an_error_says_what_where_and_what_to_do(self):
        ran = trial("unreachable")
        assert (ran.code, ran.out) == (6, "")
        assert ran.err.splitlines() == [
            "unreachable CFG-VALUE: no answer (127.0.0.1:1)",
            "  start it",
            "  more: notifyctl explain CFG-VALUE",
        ]

    def test_one_that_names_no_fix_gets_that_of_its_code(self):
        letter = ("--id", "1/a", "--type", "newsletter", "--subject", "x", "--text", "y", "--dry-run")
        ran = notifyctl("send", *letter, "--to", "Ann <ann@customers.example>", "-o", "json")
        assert ran.document["findings"][0]["hint"].startswith("Correct the address")

    def test_verbose_names_the_cause(self):
        assert "because: OSError" in trial("unreachable", "-v").err


class TestUsage:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            (["comands"], "'commands'"),
            (["statsu"], "'status'"),
            (["queue", "shwo"], "'queue show'"),
            (["unknown"], "'queue unknown'"),
        ],
    )
    def test_an_unknown_command_is_met_with_what_may_be_meant(self, typed, meant):
        ran = notifyctl(*typed)
        assert ran.code == 2
        assert f"Did you mean {meant}" in ran.err

    def test_an_unknown_option_too(self):
        ran = notifyctl("commands", "--jsn")
        assert (ran.code, "--json" in ran.err) == (2, True)

    def test_nothing_at_all_shows_the_help_and_is_an_error(self):
        ran = notifyctl()
        assert (ran.code, ran.out) == (2, "")
        assert "MAIL FLOW:" in ran.err

    def test_a_noun_alone_is_its_own_verb(self):
        assert trial("fleet").out == trial("fleet", "run").out == "fleet of 1\n"
        assert trial("fleet", "--number", "3").out == "fleet of 3\n"

    def test_help_says_which_verb_a_noun_means_alone(self):
        assert "until told to stop. (default)" in notifyctl("worker", "--help").out

    def test_help_imports_no_command(self):
        assert "Import a module that is not there." in trial("fleet", "--help").out

    @pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("30m", 1800), ("2h", 7200), ("7d", 604_800)])
    def test_durations(self, text, seconds):
        assert trial("hold", "--for", text, "--json").data == {"seconds": seconds}

    @pytest.mark.parametrize("text", ["", "soon", "-5m", "1.5h", "٣m"])
    def test_what_is_no_duration(self, text):
        assert trial("hold", "--for", text, "--json").code == 2


class TestAWatch:
    def test_off_a_terminal_prints_only_changes(self):
        ran = trial("count", "--watch")
        assert (ran.code, ran.out) == (0, "number 1\nnumber 2\nnumber 3\n")

    def test_is_one_document_in_json_and_one_a_look_in_json_lines(self):
        assert trial("count", "--watch", "-o", "json").data == {"number": 3}
        assert len(trial("count", "--watch", "-o", "jsonl").out.splitlines()) == 6


class TestProgress:
    def test_off_a_terminal_is_lines_on_stderr(self):
        ran = trial("work")
        assert ran.out == "Enqueued 100.\n"
        assert ran.err.splitlines()[-1] == "enqueue 100 of 100, 100 %: two refused"

    def test_is_silent_with_quiet(self):
        assert trial("work", "-q").err == ""


class TestABug:
    def test_ends_with_70_and_names_a_private_file(self, tmp_path):
        ran = trial("crash", "-o", "json", TMPDIR=str(tmp_path), NOTIFYCTL_TOKEN_KEY="correct-horse-battery")
        assert (ran.code, ran.codes, ran.err) == (70, ["CLI-BUG"], "")
        report = Path(ran.data["traceback"])
        assert report.parent == tmp_path
        assert report.stat().st_mode & 0o777 == 0o600
        text = report.read_text()
        assert "in crash" in text
        for secret in ("value-of-a-variable", "jane@", "correct-horse-battery"):
            assert secret not in text.replace('held = "value-of-a-variable"', "")

    def test_of_a_command_whose_module_cannot_be_imported_is_a_bug_of_that_command_alone(self, tmp_path):
        assert trial("fleet", "list", TMPDIR=str(tmp_path)).code == 70
        assert trial("fleet", "run", TMPDIR=str(tmp_path)).code == 0


class TestSignals:
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_end_with_a_code_and_one_document(self, number, code):
        line = [sys.executable, str(TRIAL), "wait", "-o", "json"]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(line, env=surroundings(), text=True, **pipes) as process:
            assert process.stderr.readline() == "waiting\n"
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (code, "")
        assert f'"exit": {code}' in out


class TestAReaderWhoLeaves:
    @pytest.mark.parametrize("verb", ["much", "--help"])
    def test_is_no_error(self, verb):
        reading, writing = os.pipe()
        os.close(reading)
        line = [sys.executable, str(TRIAL), verb]
        done = subprocess.run(line, stdout=writing, stderr=subprocess.PIPE, env=surroundings(), timeout=60, check=False)
        os.close(writing)
        assert (done.returncode, done.stderr) == (0, b"")

    def test_is_not_confused_with_a_connection_that_broke(self, tmp_path):
        assert trial("socket", TMPDIR=str(tmp_path)).code == 70
