"""The table of commands: one line each. A module is imported only when its command runs.

Adding a command = one function in `cli/commands/` and one line here. The function's parameters are the
options, the first line of its docstring equals the help here (60 characters at most), and it returns a
`Result`, or yields one for each look of a watch, or has printed its result itself and returns None.
Lines of a group stand together.
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
    Verb("status", f"{_HERE}.status:status", "Tell whether mail is flowing, and what is in its way.", LOOK),
    Verb("message show", f"{_HERE}.message:show", "Tell everything that happened to one message.", LOOK),
    Verb("explain", f"{_HERE}.explain:explain", "Tell what a code, a command or a word means, offline.", LOOK),
    Verb("commands", f"{_HERE}.commands:commands", "List all commands with what they change.", LOOK),
    Verb("demo", f"{_HERE}.demo:demo", "Watch a provider die with mail in flight, then count.", RUN),
    Verb("emulator", f"{_HERE}.emulator:emulator", "Serve local Resend, Postmark and SES with a mailbox.", RUN),
    Verb("worker run", f"{_HERE}.worker:run", "Send what is on the queues, until told to stop.", RUN, True, alone=True),
    Verb("worker list", f"{_HERE}.worker:list_", "List the workers that live, with what each does.", RUN),
    Verb("send", f"{_HERE}.send:send", "Enqueue one message, or a file of them.", RUN, True),
    Verb("probe", f"{_HERE}.probe:probe", "Ask the providers whether they would take our mail.", MAIL_FLOW),
    Verb("queue show", f"{_HERE}.queue:show", "Show what each lane holds, and since when.", MAIL_FLOW),
    Verb("queue unknown", f"{_HERE}.queue:unknown", "List mails of which nobody knows if they are out.", MAIL_FLOW),
)
