"""What the codes of runbooks mean: RBK."""

from notifyctl.domain.entry import Entry

RUNBOOK = {
    "RBK-UNKNOWN": Entry(
        "There is no such runbook, or no such run",
        "The name is none of the books that come with notifyctl, and no markdown file that can be read; or no run of "
        "that name is recorded on this machine.",
        "List the books and the runs that are not over: notifyctl runbook list.",
    ),
    "RBK-FORM": Entry(
        "A runbook lacks something",
        "A book says when it is opened and what it needs. Each of its steps has one command, what one should see, and "
        "what to do if not; a step that changes something also has a command to look with after an interruption.",
        "Correct the book at the line that the message names; notifyctl runbook show provider-down is an example.",
    ),
    "RBK-COMMAND": Entry(
        "A runbook names a command that does not exist",
        "The parser of the command line does not take it: the verb or a flag is unknown, or an argument is missing. At "
        "3 a.m. it would end with exit code 2.",
        "Correct the book, or the command that it relies on.",
    ),
    "RBK-UNCOVERED": Entry(
        "A command that changes something is in no runbook",
        "Whatever can be changed in an incident should have been thought through before. Where a book would make no "
        "sense, a reason stands in the table of commands.",
        "Put the command into a book, or give the reason in OFF_BOOK of cli/table.py.",
    ),
    "RBK-STEP": Entry(
        "A step of a runbook did not end as it should",
        "The exit code of its command is none of those that the book expects, so the run stopped there. The steps "
        "before it are done; it and those after it are not.",
        "Do what the book says under `If not`; then notifyctl runbook resume goes on at this step. With --skip it goes "
        "on behind it.",
    ),
    "RBK-DOUBT": Entry(
        "Nobody knows whether a step took effect",
        "Its command changes something and was under way when the run ended, or was cut off. It is not repeated "
        "without being asked for, since some things must not happen twice.",
        "Look with the command of the book. Then go on with notifyctl runbook resume --again, or behind the step with "
        "--skip.",
    ),
    "RBK-WAITING": Entry(
        "A runbook waits for a human",
        "The run came to a question that was answered with no, or that nobody could answer here. What it did so far is "
        "recorded, and it can go on; exit code 8.",
        "notifyctl runbook resume goes on at that step, with --skip after it. --set NAME=VALUE gives what is missing.",
    ),
    "RBK-BUSY": Entry(
        "The run is under way in another process",
        "A run has one walker at a time. When a run was killed, the command of its last step may still be running; "
        "nobody goes on before that has ended. Nothing was changed.",
        "Wait for it, or find it: ps -ef | grep notifyctl.",
    ),
    "RBK-RECORD": Entry(
        "The record of a run cannot be written",
        "Each step is recorded on disk before it begins. What cannot be recorded is not done, since nobody could go on "
        "after a crash.",
        "Set NOTIFYCTL_HOME to a directory that this user can write, or make room on its disk.",
    ),
}
