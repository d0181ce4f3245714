"""The table of commands: one line each. A module is imported only when its command runs.

Adding a command = one function in `cli/commands/` and one line here. The function's parameters are the
options, the first line of its docstring equals the help here, and it returns a `Result`.
"""

from typing import NamedTuple


class Verb(NamedTuple):
    """One command.

    `name` is one word or a noun and a verb (`queue show`); `target` is `module:function`. `mutating`
    commands may change something. A verb with `alone` set is what its noun means alone (`worker`).
    """

    name: str
    target: str
    help: str
    group: str
    mutating: bool = False
    alone: bool = False


LOOK = "LOOK"
RUN = "RUN"
MAIL_FLOW = "MAIL FLOW"
GROUPS = (LOOK, RUN, MAIL_FLOW, "CONFIG", "ROLLOUT", "INCIDENT", "COMPLIANCE", "SECRETS", "COST", "DOCS")

_HERE = "notifyctl.cli.commands"

VERBS = (
    Verb("explain", f"{_HERE}.explain:explain", "Tell what a code, a command or a word means, offline.", LOOK),
    Verb("commands", f"{_HERE}.commands:commands", "List all commands with what they change.", LOOK),
)
