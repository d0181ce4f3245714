"""The names of keys: BullMQ's, and our own beside them in the same slot.

BullMQ keeps everything of a queue under `{prefix}:{queue}:`. Our keys begin with `nf:`, so they can never be
mistaken for a job, and carry the prefix as hash tag: on a cluster with prefix `{bull}` they share its slot.
"""

import re

_NAMES_OF_BULLMQ = re.compile(
    r"wait|active|prioritized|pc|delayed|completed|failed|waiting-children|paused|meta"
    r"|id|marker|limiter|stalled|stalled-check|events|metrics|repeat"
)
_MARKED = re.compile(r":|^m/|^-?[0-9]+$")


def lane_base(prefix: str, queue: str) -> str:
    """The base of a queue's keys, with the colon: `bull:email-critical:`."""
    return f"{prefix}:{queue}:"


def own_base(prefix: str) -> str:
    """The base of our keys for a prefix, with the colon; `bull` and `{bull}` give the same."""
    opened = prefix.find("{")
    tagged = opened >= 0 and prefix.find("}", opened) > opened + 1
    return f"nf:{prefix if tagged else '{' + prefix + '}'}:"


def job_id(message_id: str) -> str:
    """A BullMQ job id for a message id: the same where BullMQ can keep it, else marked with `m/`.

    BullMQ refuses integers and most colons, and keeps jobs and queue keys under one base, so that a job
    named `meta` would overwrite the queue's own hash. No two message ids share a job id.
    """
    if not _MARKED.search(message_id) and not _NAMES_OF_BULLMQ.fullmatch(message_id):
        return message_id
    return "m/" + message_id.replace("%", "%25").replace(":", "%3A")
