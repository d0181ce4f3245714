"""What every stable code means: the texts of `notifyctl explain CODE`.

One entry a code, by category: MSG a message at the door, CFG configuration, CLI the command line, EMU
the emulator, RTY decisions
about messages. A test fails when the source uses a code that has no entry here.
"""

from notifyctl.domain.catalogue_changelog import CHANGELOG
from notifyctl.domain.catalogue_check import CHECKS
from notifyctl.domain.catalogue_cost import COST
from notifyctl.domain.catalogue_decisions import DECISIONS
from notifyctl.domain.catalogue_evidence import EVIDENCE
from notifyctl.domain.catalogue_incident import INCIDENT
from notifyctl.domain.catalogue_project import PROJECT
from notifyctl.domain.catalogue_report import REPORT
from notifyctl.domain.catalogue_runbook import RUNBOOK
from notifyctl.domain.catalogue_running import RUNNING
from notifyctl.domain.catalogue_secrets import SECRETS
from notifyctl.domain.catalogue_validation import VALIDATION
from notifyctl.domain.entry import Entry

MESSAGE = {
    "MSG-ID": Entry(
        "The id of a message is unusable",
        "The id names the business event for ever, so it must be 1 to 200 printable characters without space at its "
        "ends. Two jobs with the same id are the same message: it is sent once.",
        "Derive the id from the event, such as booking-confirm/8731, never from the time or at random.",
    ),
    "MSG-HEADER-INJECTION": Entry(
        "A line break or control character in a header field",
        "A line break in a subject, a name, an address or a header could add headers or recipients that nobody meant. "
        "The message is rejected and never sent.",
        "Strip control characters where the text enters your application; they are no part of any name or subject.",
    ),
    "MSG-UNICODE": Entry(
        "Text that is no valid Unicode",
        "The field holds NUL or half of a surrogate pair. Providers cut or refuse such text, each in its own way.",
        "Find where the text was cut in the middle of a character (JavaScript: slice on UTF-16 units), and cut there "
        "by whole characters.",
    ),
    "MSG-SIZE": Entry(
        "A field is longer than any provider takes",
        "The limit is the smallest one of the three providers, so that a message can always go to the next one.",
        "Shorten the field. Put large content on a page and link it; `notifyctl explain message` shows all limits.",
    ),
    "MSG-RECIPIENTS": Entry(
        "More than one recipient",
        "A message goes to exactly one address: only so can permission, proof and repetition be decided for a person.",
        "Enqueue one message for each recipient, each with its own id.",
    ),
    "MSG-ADDRESS": Entry(
        "No usable e-mail address",
        "The address has no local part, no full domain, or characters that need quoting, which providers treat "
        "differently.",
        "Correct the address at its source. It must be plain: local@domain.tld, without a display name.",
    ),
    "MSG-HEADER": Entry(
        "A custom header that cannot be given",
        "The name is given twice, or it is one that the engine or the provider sets (From, To, Subject, Message-ID).",
        "Use the fields of the message for those (to, subject, reply_to), and one value for each other header.",
    ),
    "MSG-METADATA": Entry(
        "Metadata that the providers cannot carry",
        "Keys are [A-Za-z0-9_-], at most 20 characters, and must not begin with nf_, which is ours.",
        "Rename the key.",
    ),
    "MSG-SHAPE": Entry(
        "The job data has the wrong shape",
        "The job's data is not version 1 of the format: a field is missing, unknown, or of another type than it "
        "should be. Attachments are not in version 1.",
        "Compare it with the schema: notifyctl explain message. Link a ticket instead of attaching it.",
    ),
    "MSG-DEADLINE": Entry(
        "The deadline is no time with a zone",
        "Without a zone the moment is ambiguous by hours.",
        "Write RFC 3339, such as 2026-11-24T09:00:00Z (JavaScript: date.toISOString()).",
    ),
    "MSG-TYPE": Entry(
        "A type that the registry does not know",
        "The type decides purpose, priority and deadline. Of an unknown type nobody knows whether the person may be "
        "written to, so the message is rejected and never sent.",
        'Correct the spelling, or register it: [types."gig.reminder"] with purpose, priority and deadline in the file '
        "of NOTIFYCTL_CONFIG; then restart the workers.",
    ),
    "MSG-BODY": Entry(
        "A message without a body",
        "It has neither html nor text.",
        "Give at least one of them; both are best, since some readers show text only.",
    ),
}

CONFIGURATION = {
    "CFG-SENDER": Entry(
        "A sender that cannot be used",
        "The From address is not one plain mailbox with an optional name.",
        'Write "Name <local@your-domain>" in NOTIFYCTL_FROM or as `from` in the configuration.',
    ),
    "CFG-VALUE": Entry(
        "A value that cannot be used",
        "A setting has the wrong type, lies outside its range, or is none of the known words. Nothing was started.",
        "The message names the variable or the file and key, and what may stand there.",
    ),
    "CFG-UNKNOWN-KEY": Entry(
        "A key that does not exist",
        "The configuration names a key that nothing reads. It is refused, since a limit with a typo would be no limit.",
        "Correct the spelling; the message lists the known keys of that place.",
    ),
    "CFG-TOML": Entry(
        "A configuration file that is no TOML",
        "The file of NOTIFYCTL_CONFIG cannot be parsed, so nothing in it can hold.",
        "Correct the line that the message names.",
    ),
    "CFG-PRODUCTION": Entry(
        "Something that production does not allow",
        "NOTIFYCTL_MODE=production demands a Redis host, a sender, a provider's key and a pepper, and refuses what is "
        "only for development: the demo's pace, failpoints, plain HTTP to a provider.",
        "Set or unset the variable that the message names.",
    ),
}

COMMAND_LINE = {
    "CLI-USAGE": Entry(
        "Arguments that cannot be understood",
        "The command, an option or a value is unknown, or they contradict each other. Nothing was done; exit code 2.",
        "Add --help to the command, or list all commands: notifyctl commands.",
    ),
    "CLI-TOPIC": Entry(
        "Nothing to explain under that name",
        "The topic is no code, no command and none of the general topics.",
        "notifyctl explain lists the topics.",
    ),
    "CLI-NEEDS-YES": Entry(
        "A question that nobody could answer",
        "The command asks before it changes something, and there is no terminal, CI is set, or --no-input was given. "
        "Guaranteed: nothing was changed; exit code 4.",
        "Look at the plan with --dry-run, then add --yes.",
    ),
    "CLI-NEEDS-CONFIRM": Entry(
        "A dangerous change that nobody confirmed",
        "The change cannot be taken back, so the name of its object must be typed, and there was no terminal to type "
        "it at. Guaranteed: nothing was changed; exit code 4.",
        "Look at the plan with --dry-run, then add --confirm with the name that the message shows.",
    ),
    "CLI-NEEDS-REASON": Entry(
        "A change without a reason",
        "Every change is kept in the history with its reason, 1 to 500 characters. Nothing was changed; exit code 4.",
        'Add --reason "why, in one sentence".',
    ),
    "CLI-DECLINED": Entry(
        "The question was answered with no",
        "The answer was not yes, or another name was typed. Guaranteed: nothing was changed; exit code 4.",
        "Run it again when you are sure.",
    ),
    "CLI-INTERRUPTED": Entry(
        "Stopped before the end",
        "Ctrl-C (exit 130) or SIGTERM (exit 143) ended the command. What it had done by then stays done.",
        "Look at the state before repeating it.",
    ),
    "CLI-BUG": Entry(
        "An error in notifyctl itself",
        "Something happened that nobody foresaw; exit code 70. The traceback is in the file that the message names, "
        "without values of variables, secrets and addresses.",
        "Look at the state before repeating the command, and report the file.",
    ),
}

EMULATOR = {
    "EMU-START": Entry(
        "The emulator did not start",
        "The demo starts local providers as a process of its own, and that process ended before it listened.",
        "See why by starting it alone: notifyctl emulator --port-base 0.",
    ),
    "EMU-PORT": Entry(
        "A port of the emulator is taken",
        "The emulator listens on four ports of 127.0.0.1, --port-base and the three after it, and another process has "
        "one of them; often it is an emulator that still runs.",
        "Stop the other one, choose another --port-base, or let the system choose: --port-base 0.",
    ),
}

CODES = {
    **MESSAGE,
    **CONFIGURATION,
    **COMMAND_LINE,
    **EMULATOR,
    **RUNNING,
    **INCIDENT,
    **RUNBOOK,
    **REPORT,
    **DECISIONS,
    **EVIDENCE,
    **CHECKS,
    **COST,
    **CHANGELOG,
    **SECRETS,
    **PROJECT,
    **VALIDATION,
}
