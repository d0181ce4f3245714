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
CONFIG = "CONFIG"
INCIDENT = "INCIDENT"
COMPLIANCE = "COMPLIANCE"
COST = "COST"
SECRETS = "SECRETS"
DOCS = "DOCS"
GROUPS = (LOOK, RUN, MAIL_FLOW, CONFIG, "ROLLOUT", INCIDENT, COMPLIANCE, SECRETS, COST, DOCS)

_HERE = "notifyctl.cli.commands"
_MOVES = (MAIL_FLOW, True)
_KEPT = (SECRETS, True)
_AUDIT = (COMPLIANCE, True)

VERBS = (
    Verb("status", f"{_HERE}.status:status", "Tell whether mail is flowing, and what is in its way.", LOOK),
    Verb("message show", f"{_HERE}.message:show", "Tell everything that happened to one message.", LOOK),
    Verb("message find", f"{_HERE}.find:find", "Find messages by recipient, provider's id, type or time.", LOOK),
    Verb("history", f"{_HERE}.history:history", "List who moved the mail, when and why; newest first.", LOOK),
    Verb("explain", f"{_HERE}.explain:explain", "Tell what a code, a command or a word means, offline.", LOOK),
    Verb("doctor", f"{_HERE}.doctor:doctor", "List all findings: how often, when last, and where.", LOOK),
    Verb("commands", f"{_HERE}.commands:commands", "List all commands with what they change.", LOOK),
    Verb("demo", f"{_HERE}.demo:demo", "Watch a provider die with mail in flight, then count.", RUN),
    Verb("init", f"{_HERE}.init:init", "Write a sample project: configuration, notices, registers.", RUN, True),
    Verb("emulator", f"{_HERE}.emulator:emulator", "Serve local Resend, Postmark and SES with a mailbox.", RUN),
    Verb("worker run", f"{_HERE}.worker:run", "Send what is on the queues, until told to stop.", RUN, True, alone=True),
    Verb("worker list", f"{_HERE}.worker:list_", "List the workers that live, with what each does.", RUN),
    Verb("worker drain", f"{_HERE}.drain:drain", "Have workers end what they have in hand, and exit.", RUN, True),
    Verb("send", f"{_HERE}.send:send", "Enqueue one message, or a file of them.", RUN, True),
    Verb("bench", f"{_HERE}.bench:bench", "Send a load through the real engine, and measure it.", RUN, True),
    Verb("probe", f"{_HERE}.probe:probe", "Ask the providers whether they would take our mail.", MAIL_FLOW),
    Verb("failover", f"{_HERE}.failover:failover", "Move the mail away from a provider that fails, at once.", *_MOVES),
    Verb(
        "switchover", f"{_HERE}.failover:switchover", "Move the mail as planned, to a provider that is ready.", *_MOVES
    ),
    Verb("restore", f"{_HERE}.route:restore", "Take away all that people laid over the route.", *_MOVES),
    Verb("pause", f"{_HERE}.route:pause", "Stop the queue, a provider or automation for a while.", *_MOVES),
    Verb("resume", f"{_HERE}.route:resume", "End a pause of the queue, a provider or automation.", *_MOVES),
    Verb("provider list", f"{_HERE}.provider:list_", "List the providers: who gets the mail, who is out.", MAIL_FLOW),
    Verb("provider show", f"{_HERE}.provider:show", "Tell everything that is known of one provider.", MAIL_FLOW),
    Verb(
        "drill failover",
        f"{_HERE}.drill:failover",
        "Rehearse the failure of a provider; nothing is written.",
        MAIL_FLOW,
    ),
    Verb("queue show", f"{_HERE}.queue:show", "Show what each lane holds, and since when.", MAIL_FLOW),
    Verb("queue unknown", f"{_HERE}.queue:unknown", "List mails of which nobody knows if they are out.", MAIL_FLOW),
    Verb(
        "queue review",
        f"{_HERE}.queue_review:review",
        "List the mails that wait for a person, and decide.",
        MAIL_FLOW,
        True,
    ),
    Verb("queue failed", f"{_HERE}.failed:failed", "List failed jobs by state, with why and through whom.", MAIL_FLOW),
    Verb(
        "queue retry",
        f"{_HERE}.retry:retry",
        "Give failed mails another chance where surely none is out.",
        MAIL_FLOW,
        True,
    ),
    Verb(
        "message resend",
        f"{_HERE}.resend:resend",
        "Send an unknown or dead message again, as your decision.",
        MAIL_FLOW,
        True,
    ),
    Verb("config acl", f"{_HERE}.config:acl", "Print least-privilege users for your Redis.", CONFIG),
    Verb(
        "incident detect", f"{_HERE}.incident:detect", "Tell what is wrong now, from the state of everything.", INCIDENT
    ),
    Verb("incident list", f"{_HERE}.incident:list_", "List the latest incidents, and where each stands.", INCIDENT),
    Verb("incident show", f"{_HERE}.incident:show", "Tell everything about one incident.", INCIDENT),
    Verb(
        "incident log",
        f"{_HERE}.respond:log",
        "Write to the log of the open incident, or open one by hand.",
        INCIDENT,
        True,
    ),
    Verb("incident note", f"{_HERE}.respond:note", "Add a note to an incident, open or over.", INCIDENT, True),
    Verb("incident notify", f"{_HERE}.respond:notify", "Tell everybody of an incident, now and again.", INCIDENT, True),
    Verb("incident ack", f"{_HERE}.respond:ack", "Take an incident over: nobody is reminded any more.", INCIDENT, True),
    Verb("incident review", f"{_HERE}.review:review", "List what a person must decide, and decide it.", INCIDENT, True),
    Verb(
        "incident resolve", f"{_HERE}.respond:resolve", "End an incident that does not end by itself.", INCIDENT, True
    ),
    Verb("incident report", f"{_HERE}.incident:report", "Write the report of an incident as Markdown.", INCIDENT),
    Verb(
        "preflight",
        f"{_HERE}.preflight:preflight",
        "Check whether this installation is fit to be deployed.",
        COMPLIANCE,
    ),
    Verb(
        "validate", f"{_HERE}.validate:validate", "Tell whether a deployment meets the criteria of success.", COMPLIANCE
    ),
    Verb("audit monthly", f"{_HERE}.audit:monthly", "Review the providers: the months that are due.", *_AUDIT),
    Verb(
        "audit quarterly",
        f"{_HERE}.audit:quarterly",
        "Audit compliance: the quarters that are due.",
        *_AUDIT,
    ),
    Verb(
        "audit biannual",
        f"{_HERE}.audit:biannual",
        "Assess the infrastructure: the half-years that are due.",
        *_AUDIT,
    ),
    Verb(
        "audit verify",
        f"{_HERE}.audit:verify",
        "Make a report again from its evidence; name what differs.",
        COMPLIANCE,
    ),
    Verb("audit show", f"{_HERE}.audit:show", "Show a report of this machine, or list them all.", COMPLIANCE),
    Verb(
        "retention run",
        f"{_HERE}.retention:run",
        "Move what has ended from Redis to the monthly files.",
        COMPLIANCE,
        True,
    ),
    Verb(
        "drill staging",
        f"{_HERE}.drill:staging",
        "Send real messages to the providers' sink addresses.",
        COMPLIANCE,
        True,
    ),
    Verb("dpia new", f"{_HERE}.dpia:new", "Write a draft of the DPIA that knows what is configured.", COMPLIANCE, True),
    Verb("dpia check", f"{_HERE}.dpia:check", "Tell what is wrong with the DPIA, and what to sign.", COMPLIANCE),
    Verb("secrets init", f"{_HERE}.secrets:init", "Make the encrypted file of secrets, and a key to open it.", *_KEPT),
    Verb("secrets set", f"{_HERE}.secrets:set_", "Set a secret; its value comes by stdin or a hidden prompt.", *_KEPT),
    Verb(
        "secrets list",
        f"{_HERE}.secrets:list_",
        "List the secrets of the file and who can open it; no values.",
        SECRETS,
    ),
    Verb("secrets rotate", f"{_HERE}.rotate:rotate", "Give a provider a new key without a gap.", *_KEPT),
    Verb(
        "secrets rekey", f"{_HERE}.secrets:rekey", "Encrypt the file anew, for the recipients that are named.", *_KEPT
    ),
    Verb(
        "secrets check",
        f"{_HERE}.secrets:check",
        "Check the file of secrets: readers, modes, names, ages.",
        SECRETS,
    ),
    Verb("cost report", f"{_HERE}.cost:report", "Tell what the mail of a month costs, by provider.", COST),
    Verb("cost advise", f"{_HERE}.cost:advise", "Compare routes and plans; print what to change.", COST),
    Verb("runbook list", f"{_HERE}.runbook:list_", "List the runbooks, and the runs that are not over.", DOCS),
    Verb("runbook show", f"{_HERE}.runbook:show", "Show a runbook, with what was noted about it.", DOCS),
    Verb("runbook lint", f"{_HERE}.runbook:lint", "Check that runbooks name only commands that exist.", DOCS),
    Verb("runbook run", f"{_HERE}.runbook:run", "Walk through a runbook; ask before a step changes.", DOCS, True),
    Verb("runbook resume", f"{_HERE}.runbook:resume", "Go on with a run at the step that failed.", DOCS, True),
    Verb("runbook note", f"{_HERE}.runbook:note", "Note a finding about a runbook for its next run.", DOCS, True),
    Verb("changelog show", f"{_HERE}.changelog:show", "List deployments, and what was moved meanwhile.", DOCS),
    Verb("changelog add", f"{_HERE}.changelog:add", "Add a deployment to the changelog: when, who, why.", DOCS, True),
)

# Why a command that changes something is in no runbook; `runbook lint` wants one or the other.
OFF_BOOK = {
    "init": "begins a project, once",
    "drill staging": "proves before a deployment what preflight then reads",
    "dpia new": "begins an assessment, once",
    "send": "puts mail on a queue, and repairs nothing",
    "retention run": "workers do it daily; it repairs nothing",
    "runbook run": "walks through the books",
    "changelog add": "tells what was deployed, and repairs nothing",
    "secrets init": "makes what is not there, and repairs nothing",
}
