"""What the codes of incidents and of the review mean: INC and REV."""

from notifyctl.domain.entry import Entry

INCIDENT = {
    "INC-CAUSE": Entry(
        "Something is wrong now",
        "A provider gets no more mail, nobody takes mail, nobody works, mail waits too long or is in doubt, a sender "
        "is refused everywhere, or what a person laid over the route is about to end. The message says what the "
        "tool has done already.",
        "The hint of the finding says what you may need to do; often it is nothing. See notifyctl incident show.",
    ),
    "INC-NOT-FOUND": Entry(
        "No such incident",
        "The id is unknown, or none was named and none is open.",
        "notifyctl incident list shows the latest; notifyctl incident detect looks what is wrong now.",
    ),
    "INC-WHICH": Entry(
        "Several incidents are open",
        "None was named, so it is not clear which is meant. Guaranteed: nothing was changed; exit code 4.",
        "Name one: notifyctl incident list shows their ids. For another one beside them: notifyctl incident log --new.",
    ),
    "INC-HOLDS": Entry(
        "The cause of the incident still holds",
        "An incident that the tool watches ends by itself when its cause has been gone for two minutes. Ended by hand "
        "it would be opened again at once. Nothing was changed; exit code 4.",
        "To be reminded no more, take it over: notifyctl incident ack.",
    ),
    "INC-NOT-OVER": Entry(
        "The incident is not over",
        "It is looked back at after its end. Nothing was changed; exit code 4.",
        "Write what you know already: notifyctl incident note.",
    ),
    "INC-BUSY": Entry(
        "Others write at the same time",
        "Each time it was to be written, somebody else had just written. Whether it took effect is known after a look.",
        "Look with notifyctl incident show, then try again.",
    ),
    "INC-NO-NOTIFIER": Entry(
        "Nobody can be told",
        "Incidents are recorded, but no way to tell people is configured, so nobody hears of them.",
        "Set NOTIFYCTL_PAGERDUTY_KEY, NOTIFYCTL_WEBHOOK_URL with NOTIFYCTL_WEBHOOK_SECRET, or "
        "NOTIFYCTL_NOTIFY_COMMAND, and start the workers again.",
    ),
    "REV-NOT-FOUND": Entry(
        "Nothing waits for review under that name",
        "The name is no item of the review queue.",
        "notifyctl incident review lists the items.",
    ),
    "REV-NO-MAIL": Entry(
        "The item is no mail",
        "Only a mail in doubt can be sent again. Nothing was changed; exit code 4.",
        "Decide drop or ignore, with the reason.",
    ),
    "REV-RESEND": Entry(
        "A resend is decided elsewhere",
        "Incident review notes decisions; a resend must be carried out, too, which queue review does. Nothing changed; "
        "exit code 4.",
        "notifyctl queue review ID --decide resend --reason TEXT.",
    ),
    "REV-EXECUTED": Entry(
        "The decision was carried out",
        "A decision can be taken back until it was carried out: a resend when the mail was enqueued again, any other "
        "one for a day. Nothing was changed; exit code 4.",
        "Look at the mail itself: notifyctl message show ID.",
    ),
    "CLI-NEEDS-DECISION": Entry(
        "An item without a decision",
        "The item was named, and what should become of it was not. Nothing was changed; exit code 4.",
        "Add --decide with resend, delivered, drop or ignore; for an incident, --root with what was behind it.",
    ),
}
