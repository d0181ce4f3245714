"""The exit codes of every command: one table, printed by `notifyctl explain exit-codes`."""

from typing import NamedTuple


class Exit(NamedTuple):
    """`name` is the default `outcome` of the JSON document; `changed` says whether something may have been changed."""

    code: int
    name: str
    meaning: str
    changed: str


OK = 0
BAD = 1
USAGE = 2
DEGRADED = 3
REFUSED = 4
UNKNOWN = 5
UNREACHABLE = 6
MISCONFIGURED = 7
WAITING = 8
BUG = 70
INTERRUPTED = 130
TERMINATED = 143

EXITS = (
    Exit(OK, "ok", "healthy, done, or nothing to do", "as asked"),
    Exit(BAD, "bad", "looked, and the answer is no", "no"),
    Exit(USAGE, "usage", "the arguments cannot be understood", "no"),
    Exit(DEGRADED, "degraded", "works, but not as it should, or seen only in part", "no"),
    Exit(REFUSED, "refused", "a guard said no: no answer, no reason, not ready", "never"),
    Exit(UNKNOWN, "unknown", "sent, but the effect is not confirmed: look first", "perhaps"),
    Exit(UNREACHABLE, "unreachable", "Redis or a provider did not answer: try again", "no"),
    Exit(MISCONFIGURED, "misconfigured", "configuration or credentials are invalid", "no"),
    Exit(WAITING, "waiting", "stopped at a question for a human; resumable", "in part"),
    Exit(BUG, "bug", "unexpected error; a traceback file is named", "perhaps"),
    Exit(INTERRUPTED, "interrupted", "stopped by Ctrl-C", "in part"),
    Exit(TERMINATED, "terminated", "stopped by SIGTERM", "in part"),
)

NAMES = {entry.code: entry.name for entry in EXITS}
