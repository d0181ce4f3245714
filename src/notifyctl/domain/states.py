"""The states of a message in words, as `notifyctl explain states` prints them, in the order of a life."""

from typing import NamedTuple


class Told(NamedTuple):
    """`bullmq` is where BullMQ's own tools see the job, `final` whether the engine is done with the message."""

    name: str
    final: bool
    bullmq: str
    meaning: str


STATES = (
    Told("queued", False, "waiting", "enqueued, not claimed by a worker yet"),
    Told("attempting", False, "active", "a worker has it; a provider call may be under way"),
    Told("held", False, "delayed", "waits for a provider, a limit, or evidence"),
    Told("accepted", True, "completed", "a provider took it"),
    Told("delivered", True, "completed", "the recipient's server took it"),
    Told("bounced", True, "completed", "the recipient's server refused it"),
    Told("complained", True, "completed", "the recipient reported it as spam"),
    Told("rejected", True, "failed", "can never be sent as it is; the reason says why"),
    Told("suppressed", True, "completed", "the recipient is on a suppression list"),
    Told("no_consent", True, "completed", "this person must not be sent this type now"),
    Told("expired", True, "failed", "its deadline passed before it could be sent"),
    Told("unknown", True, "failed", "a copy may be out, and no evidence tells"),
    Told("dead", True, "failed", "all attempts failed, and surely no copy is out"),
    Told("cancelled", True, "completed", "taken back before it was sent"),
)
