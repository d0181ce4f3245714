"""The rotation of a provider's key without a gap: which step follows, and when the old key may be revoked.

    begun     a new key is asked for, at the provider's interface or of a person
    staged    NAME and NAME__next are both in the file; NAME is used
    probed    the provider knows the new one; nothing was sent for that
    promoted  NAME is the new one, NAME__old the old one; workers follow
    observed  nobody uses the old one any more
    revoked   the provider was told, or a person has done it
    dead      the provider refuses the old one; what is left is to record it

The step stands in the file of secrets and changes together with the values, in one write. So whoever is killed between
two steps goes on at the right one, and a call that may have been made is never taken for one that was not.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.keymaking import KeyInfo
from notifyctl.domain.provider import Health

BEFORE, AFTER = 60, 300  # seconds around the time at which a key was asked for in which it must have been made
_REFUSED = (400, 401, 403)  # a revoked key of Resend answers 400 to 403 by age of its interface


class Step(StrEnum):
    """What has been done for sure."""

    BEGUN = "begun"
    STAGED = "staged"
    PROBED = "probed"
    PROMOTED = "promoted"
    OBSERVED = "observed"
    REVOKED = "revoked"
    DEAD = "dead"


ORDER = tuple(Step)
DEEDS = {  # what follows each step, for people
    Step.BEGUN: "make a new key, and stage it",
    Step.STAGED: "probe it, without sending",
    Step.PROBED: "promote it: workers follow",
    Step.PROMOTED: "observe that nobody uses the old one",
    Step.OBSERVED: "revoke the old one",
    Step.REVOKED: "prove the old one dead",
    Step.DEAD: "record both fingerprints",
}


class Rotation(NamedTuple):
    """Where a rotation stands. `old` and `new` are fingerprints; `old_id` and `new_id` the names of the keys there;
    `known` those that it listed before; times in epoch seconds: `asked` is when a key was asked for,
    `followed` since when each look has found all living workers with the new key, 0 = the last look did not."""

    id: str
    provider: str
    step: Step
    began: int
    by: str
    reason: str
    old: str
    new: str = ""
    old_id: str = ""
    new_id: str = ""
    known: Sequence[str] = ()
    asked: int = 0
    promoted: int = 0
    followed: int = 0

    @property
    def label(self) -> str:
        """The name that the new key gets at the provider, by which it is known again; below 50 characters."""
        return f"notifyctl {self.id}"

    def done(self, step: Step) -> bool:
        """Whether that step is over."""
        return ORDER.index(self.step) >= ORDER.index(step)


class Left(NamedTuple):
    """A key that an aborted rotation has left alive: the name of that rotation, the provider's id of the key and its
    fingerprint, '' = not known, and since when, in epoch seconds."""

    rotation: str
    id: str
    fingerprint: str
    at: int

    @property
    def words(self) -> str:
        """The key, for people."""
        known = self.id or (f"fingerprint {self.fingerprint}" if self.fingerprint else "")
        return f"key {known}" if known else f"a key named notifyctl {self.rotation}, if it was made"


def left_by(rotation: Rotation, by_interface: bool, at: int) -> Left | None:
    """The key that an abort leaves alive; None where no key was made, or the new one is revoked.

    Policy: before the promotion no worker uses the new key, so it is revoked where the provider's interface has made
    it. One that was promoted lives until all workers have followed back, one that a person made until a person ends it.
    """
    made = bool(rotation.new or rotation.asked)
    typed = bool(rotation.new and not rotation.new_id)
    revoked = by_interface and not typed and not rotation.done(Step.PROMOTED)
    return Left(rotation.id, rotation.new_id, rotation.new, at) if made and not revoked else None


class User(NamedTuple):
    """A living worker, `host/pid`, and the fingerprint of the key that it uses; '' when it does not say. `pinned` is
    the variable of its environment that the key comes from, '' = it follows files."""

    name: str
    fingerprint: str
    pinned: str = ""


def write(rotation: Rotation) -> str:
    """One line of text."""
    return json.dumps(rotation._asdict())


def read(text: str) -> Rotation:
    """What `write` has written; raises `Misconfigured` for what somebody has changed."""
    try:
        told = json.loads(text)
        return Rotation(**{**told, "step": Step(told["step"])})
    except (ValueError, KeyError, TypeError):
        fix = "take out the line that begins with `# rotation`: age -d, an editor, age -e"
        raise Misconfigured("KEY-TEXT", "a rotation in the file of secrets cannot be read", "# rotation", fix) from None


def write_left(left: Left) -> str:
    """One line of text."""
    return json.dumps(left._asdict())


def read_left(text: str) -> Left:
    """What `write_left` has written; raises `Misconfigured` for what somebody has changed."""
    try:
        return Left(**json.loads(text))
    except (ValueError, TypeError):
        fix = "take out the line that begins with `# left`: age -d, an editor, age -e"
        raise Misconfigured("KEY-TEXT", "a key that was left cannot be read in the file", "# left", fix) from None


def orphans(rotation: Rotation, keys: Sequence[KeyInfo]) -> list[KeyInfo]:
    """The keys that this rotation has made and lost, since it was killed before it could write them down.

    Policy: a key that bears our label is ours. Where keys have no names it is one that was not listed before, was made
    within a minute before to five minutes after we asked, and was never used; any other one may be somebody else's.
    A list that does not tell the last use proves nothing: whoever revokes a key without a name asks for that first.
    """

    def ours(key: KeyInfo) -> bool:
        if key.id in (rotation.old_id, *rotation.known):
            return False
        if key.name:
            return key.name == rotation.label
        return not key.used and rotation.asked - BEFORE <= key.created <= rotation.asked + AFTER

    return [key for key in keys if rotation.asked and ours(key)]


def looked(rotation: Rotation, users: Sequence[User], now: int) -> Rotation:
    """The rotation after a look at the living workers: the first one that finds all with the new key starts the time
    in which calls with the old one end, and one that finds a straggler takes it back."""
    behind = any(user.fingerprint != rotation.new for user in users)
    return rotation._replace(followed=0 if behind else rotation.followed or now)


def in_use(rotation: Rotation, users: Sequence[User], used: int, now: int, horizon: float) -> str:
    """Why the old key may not be revoked yet, in words; '' when it may.

    Policy: each living worker says that it uses the new one; `horizon` seconds have passed since the first look that
    found it so, in which calls under way have ended and a worker that has lost its heartbeat is gone; and the
    provider, where it tells, saw no use of the old key (`used`, epoch seconds) after that. Then nothing of ours that
    lives uses it, nor anybody else. A worker that does not run is not seen: it needs the new file before it starts.
    """
    for user in sorted(users, key=lambda user: not user.pinned):
        if user.fingerprint != rotation.new:
            uses = "still uses the old key" if user.fingerprint == rotation.old else "does not use the new key"
            never = f", and never follows: {user.pinned} in its environment goes before the file" if user.pinned else ""
            return f"worker {user.name} {uses}{never}"
    end = (rotation.followed or now) + horizon
    if now < end:
        return f"calls with the old key may be under way for {end - now:.0f} s"
    return "the provider saw the old key used since, and not by our workers" if used > end else ""


def fixed(rotation: Rotation, users: Sequence[User]) -> list[User]:
    """The workers that will never use the new key: theirs comes from their environment, which nobody can change."""
    return [user for user in users if user.pinned and user.fingerprint != rotation.new]


def starting_anew(users: Sequence[User]) -> str:
    """What a person does about workers that will never follow; there is one at least."""
    named = "; ".join(f"notifyctl worker drain {user.name}" for user in users)
    return f"end it and start it without {users[0].pinned} in its environment: {named}"


def dead(health: Health) -> bool:
    """Whether a provider's answer to a probe proves that the key works no more: refused, and not merely restricted."""
    return health.state == "misconfigured" and health.data.get("http") in _REFUSED


def guidance(provider: str) -> Mapping[str, Sequence[str]]:
    """What a person does where the provider has no interface for keys, or we have no key for it."""
    where = {
        "postmark": "Postmark: Servers, your server, API Tokens",
        "resend": "Resend: API Keys",
        "ses": "AWS: IAM, Users, the user, Security credentials",
    }[provider]
    make = {"postmark": "Generate another token", "resend": "Create API Key, permission Sending access",
            "ses": "Create access key"}[provider]  # fmt: skip
    return {"make": (where, make), "revoke": (where, "delete the old one; the new one stays")}
