"""What the codes of audits mean: RPT, findings of a report and what its commands say."""

from notifyctl.domain.entry import Entry

REPORT = {
    "RPT-FAILURES": Entry(
        "More than 0.5 % of the mail failed",
        "Of what ended in the period, dead, expired, unknown and rejected mail is above the limit, and not by chance: "
        "the whole 95 % interval lies above it, with three failures at least. Wrong addresses are not counted.",
        "notifyctl queue failed lists them by state and reason; the report says on which days and through whom.",
    ),
    "RPT-BUDGET": Entry(
        "Less than 99.9 % was delivered",
        "The objective leaves one mail of a thousand to fail. More did, and not by chance.",
        "See what failed: notifyctl queue failed. Change nothing that can wait until the cause is gone.",
    ),
    "RPT-SLOW": Entry(
        "Mail took long",
        "From the claim to the acceptance mail took more than 500 ms on average, or through one provider a mail in "
        "twenty did.",
        "Compare processing latency and call time in the report: both long is the provider's time, else it is ours.",
    ),
    "RPT-UNKNOWN": Entry(
        "Mail of which nobody knows if it is out",
        "It ended as unknown in the period: a call may have left a copy, and no evidence was found.",
        "Decide on each: notifyctl incident review.",
    ),
    "RPT-TWICE": Entry(
        "Mail that was accepted more than once",
        "Two calls of one message were accepted that were no replays of each other, so a customer may have two mails.",
        "notifyctl message show tells the calls of a message, and whether a person or the engine made the second.",
    ),
    "RPT-ERRORS": Entry(
        "A provider failed many calls",
        "More than 5 % of the calls to it were faults, in doubt, or refused our account or sender, and not by chance. "
        "The mail went elsewhere; this is about the provider.",
        "Review its place in the route: notifyctl cost advise compares routes. Its errors by class are in the report.",
    ),
    "RPT-LIMITED": Entry(
        "A provider refused calls for their rate",
        "More than 1 % of the calls were answered with 429. A limit that is known is kept without that.",
        "notifyctl provider show tells the limit that we know; correct it, or have the provider raise it.",
    ),
    "RPT-QUOTA": Entry(
        "A quota is nearly used",
        "In a month of the period a provider took 80 % or more of what the account's plan takes before it stops, or on "
        "the busiest day of what it takes a day. The next larger burst, or a failover to it, does not fit.",
        "notifyctl cost advise compares plans by your traffic; Amazon raises a granted quota on request.",
    ),
    "RPT-INCIDENT": Entry(
        "An incident that nobody has looked back at",
        "It was opened in the period or before, and has not ended or was not reviewed.",
        "notifyctl incident review, with what was the root of it.",
    ),
    "RPT-ALTERED": Entry(
        "Messages are not in the archive as an earlier report signed them",
        "A report signs the messages that are still in Redis. Their lines came to the archive later, and differ, are "
        "there twice or not at all; or the signed file itself was changed. The longer report rests on them.",
        "notifyctl audit verify of the earlier report; compare with a backup, and find out who could write there.",
    ),
    "RPT-LATER": Entry(
        "Messages of an earlier report went on after it",
        "A later version of them is in the archive or in Redis, as after a retry or when evidence of an unknown one "
        "was found. The earlier report counted them as they were, this one as they ended.",
        "notifyctl message show tells who decided; a later version that nobody can explain was forged.",
    ),
    "RPT-KEY-AGE": Entry(
        "A key that is too old",
        "By the file of secrets it is used for longer than it may be: a provider's key 90 days, another secret 180. "
        "Keys leak without anybody noticing.",
        "Renew it at its provider, and make sure that the old one is dead.",
    ),
    "RPT-NOT-OVER": Entry(
        "The period is not over",
        "A report is of a whole period, since it is made once. Nothing was changed; exit code 4.",
        "Wait for its end; without --period the audit finds by itself what is due.",
    ),
    "RPT-NO-EVIDENCE": Entry(
        "The period was over before there was any evidence",
        "Neither the archive nor Redis goes back so far. A report of it would say nothing, and make every period since "
        "then due. Nothing was changed; exit code 4.",
        "Set NOTIFYCTL_EVIDENCE to where the archive is; without --period the audit finds by itself what is due.",
    ),
    "RPT-GONE": Entry(
        "A report of this host is gone",
        "Redis knows that this host has made it, and its folder has no report.json any more.",
        "Bring it back from a backup: it is made once. Find out who took it away, and treat it as an incident.",
    ),
    "RPT-NONE": Entry(
        "No such report here",
        "There is no report of that period below NOTIFYCTL_EVIDENCE. Another host may have it.",
        "notifyctl audit show lists the reports of this host.",
    ),
    "RPT-DIFFERS": Entry(
        "A report that its evidence does not lead to",
        "A file was changed after the report was made, or the report itself was; the finding names file and lines, or "
        "the figure with both values.",
        "Compare with a backup or a copy elsewhere, and find out who could write there. Treat it as an incident.",
    ),
}
