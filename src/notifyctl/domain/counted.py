"""Findings that are counted where they come up: how grave each is, and what is said of it."""

from typing import NamedTuple

TOLD_FOR = 24 * 3_600_000  # ms for which a counted finding is told after it came up last


class Counted(NamedTuple):
    """`severity` is one of `finding.SEVERITIES`, `what` stands before the count, `hint` says what to do."""

    severity: str
    what: str
    hint: str


COUNTED = {
    "QUE-OBLITERATED": Counted(
        "critical", "a queue was obliterated", "enqueue its messages again; ids that ended are not sent twice"
    ),
    "QUE-VANISHED": Counted(
        "critical", "jobs vanished unsent: drained or cleaned", "enqueue them again: notifyctl explain QUE-VANISHED"
    ),
    "QUE-FOREIGN-WORKER": Counted(
        "critical",
        "another worker takes jobs from our queues, unrecorded",
        "stop it: notifyctl explain QUE-FOREIGN-WORKER",
    ),
    "QUE-PAUSE-MIXED": Counted(
        "critical", "a resume by BullMQ 5 would lose jobs", "resume with BullMQ 6: notifyctl explain QUE-PAUSE-MIXED"
    ),
    "QUE-ORPHAN": Counted(
        "critical", "jobs are in no list, so nobody takes them", "put them back: notifyctl explain QUE-ORPHAN"
    ),
    "QUE-REMOVED": Counted(
        "warning", "jobs were removed before they were sent", "if nobody meant that: notifyctl explain QUE-REMOVED"
    ),
    "QUE-EDITED": Counted(
        "warning", "jobs were changed after a call for their message", "send a new text under a new id"
    ),
    "QUE-GHOST": Counted(
        "warning", "ids in the queues had no job", "nothing: they were let go of, notifyctl explain QUE-GHOST"
    ),
    "QUE-LANE": Counted(
        "warning", "jobs came in a faster lane than their type has", "add them to the queue of their type's priority"
    ),
    "MSG-COPY-LATE": Counted(
        "warning", "archived messages had another copy", "see why: notifyctl explain MSG-COPY-LATE"
    ),
    "QUE-EVENTS-GAP": Counted(
        "info", "events were gone before they were read", "raise streams.events.maxLen of the queue"
    ),
    "RDS-CHANGED": Counted(
        "warning", "restarts and changes of role that the workers met", "see why: notifyctl explain RDS-CHANGED"
    ),
    "RDS-LOST-WRITES": Counted(
        "warning", "writes were lost, and made again by the workers", "see why: notifyctl explain RDS-LOST-WRITES"
    ),
    "RDS-UNSEEN": Counted("warning", "workers were not told who Redis is", "see why: notifyctl explain RDS-UNSEEN"),
    "WRK-JOURNAL": Counted("warning", "journals could not be read", "keep the files: notifyctl explain WRK-JOURNAL"),
}


def counted(code: str) -> Counted:
    """What is said of a code; those that are not listed are jobs of a kind that is not served."""
    return COUNTED.get(code) or Counted("warning", "jobs cannot be served", f"see why: notifyctl explain {code}")
