"""What the codes of costs mean: COST."""

from notifyctl.domain.entry import Entry

COST = {
    "COST-RESERVE": Entry(
        "A provider could not take over",
        "Each provider of the route must be able to carry the busiest day, and the first one the month, or there is no "
        "standby on the day on which one is needed. A plan that stops, a limit of a day, or the quota that Amazon has "
        "granted is smaller than that.",
        "See what keeps the reserve, and what it costs: notifyctl cost advise. Amazon raises a quota on request.",
    ),
    "COST-STOPS": Entry(
        "A plan does not take so many mails",
        "More mails were counted, or are expected, than the plan takes in a month, and it sells no more.",
        "Compare plans: notifyctl cost advise. If the account is on another one, name it: plan = \"...\" below "
        "[providers.resend] in the file of NOTIFYCTL_CONFIG.",
    ),
    "COST-TOO-FEW": Entry(
        "Too few days were counted to foretell a month",
        "A month is foretold from 7 whole days at least, since a week has its quiet days and its busy ones.",
        "Wait, or give the traffic that you expect: --volume 5300 --peak 2000.",
    ),
    "COST-NOTHING": Entry(
        "Nothing was counted in that month",
        "No call of that month that a provider accepted is on record. Either none was made, or it is no longer kept.",
        "Give the number of mails yourself: --volume.",
    ),
    "COST-EDIT": Entry(
        "A configuration file that cannot be changed line by line",
        "Advice is given as a difference of the configuration file. This one uses inline tables or dotted keys, which "
        "are not changed by machine.",
        "Write by hand what the message says.",
    ),
}  # fmt: skip
