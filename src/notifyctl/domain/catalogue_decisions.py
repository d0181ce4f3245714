"""What the codes of decisions by persons mean: why a message is not retried, not sent again, or not found."""

from notifyctl.domain.entry import Entry

DECISIONS = {
    "RTY-UNKNOWN": Entry(
        "A retry of a mail that may be out",
        "A call for it had no clear outcome and no evidence was found, so a retry might be a second copy. A retry is "
        "only for mails of which surely no copy is out.",
        "Look it up at its provider. To take the risk: notifyctl message resend ID.",
    ),
    "RTY-OUT": Entry(
        "A retry of a mail that is out",
        "A provider took it. The same mail is never sent twice.",
        "notifyctl message show ID tells when and through whom. A new mail needs a new id.",
    ),
    "RTY-OPEN": Entry(
        "Nothing has ended",
        "The message is queued, being sent or held, so there is nothing to decide: perhaps somebody has just given it "
        "another chance.",
        "Nothing; notifyctl message show ID tells what it waits for.",
    ),
    "RTY-FINAL": Entry(
        "An end that is for good",
        "The provider refused the mail or its recipient for good, the recipient may not be written to, or it was "
        "cancelled. Sending the same again would end the same.",
        "Correct what the reason says, and enqueue it under a new id.",
    ),
    "RTY-ARCHIVED": Entry(
        "A retry of a mail that is archived",
        "It ended more than a month ago, and its attempts are in the file of that month. Such an end is for good.",
        "Enqueue the mail again under a new id, if it should still go out. notifyctl message show ID tells its story.",
    ),
    "RTY-BULK": Entry(
        "Bulk and marketing mail is never sent twice",
        "Of such mail there is at most one copy, whoever decides: one too many harms more than one too few.",
        "Look it up at its provider, and note what was found: notifyctl queue review ID --decide delivered, or drop.",
    ),
    "RTY-GONE": Entry(
        "The job is gone, and its text with it",
        "Texts are kept in the job alone. Failed jobs are kept for 40 days unless somebody removes them.",
        "Enqueue the mail again under a new id, if it should still go out.",
    ),
    "RTY-UNRECORDED": Entry(
        "A failed job without a record",
        "No worker of ours has a record of it. Another worker may have failed it after it sent the mail.",
        "Find out who failed it; if it was not sent, enqueue it again under a new id.",
    ),
    "RTY-OTHER-JOB": Entry(
        "The message is another job's",
        "Two jobs carry the same message id. This one ended alone, the other one is the message's.",
        "notifyctl message show ID tells of the other one. A second mail needs an id of its own.",
    ),
    "RTY-UNREADABLE": Entry(
        "The data of the job are no message",
        "It was rejected at the door, and would be again.",
        "Correct it where it is made, and enqueue it again; or register its type and retry.",
    ),
    "RTY-PERMISSION": Entry(
        "The person may not be written to",
        "Permission is asked at every attempt, and nobody's decision stands in for it.",
        "Nothing, until there is permission.",
    ),
    "RTY-EDITED": Entry(
        "The data were changed after an attempt",
        "An id names one text for ever: with another text nobody could say what was sent.",
        "Enqueue the new text under a new id.",
    ),
    "RTY-LATE": Entry(
        "The deadline has passed",
        "Each type has a deadline after which its mail is of no use. A person may set another one.",
        "If it should still go out, lengthen it: --deadline 2h.",
    ),
    "RTY-MOVED": Entry(
        "The message moved on",
        "Between the look and the decision something happened to it: evidence came, or somebody else decided. "
        "Guaranteed: nothing was changed; exit code 4.",
        "Look again: notifyctl message show ID.",
    ),
    "MSG-FOUND-IN-PART": Entry(
        "A search that has not seen everything",
        "It ended when it had found as many as were asked for, or had looked at as much as it may. What it did not see "
        "may hold more.",
        "Narrow it with --since or --type, or raise --limit or --most.",
    ),
    "WRK-NOT-FOUND": Entry(
        "No living worker has that name",
        "Workers are known by their heartbeats; one that ended is not listed any more.",
        "notifyctl worker list shows the names.",
    ),
    "WRK-NOT-DRAINED": Entry(
        "A worker has not ended in time",
        "It was asked to drain, and still lives. It hears that with its next heartbeat, and ends when what it has in "
        "hand is done, 20 seconds later at most; one that is stopped or hangs does not hear.",
        "Look again: notifyctl worker list. One that hangs may be killed: others take over what it held.",
    ),
}
