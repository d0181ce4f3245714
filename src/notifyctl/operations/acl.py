"""The users that Redis should know, for the keys of these settings."""

from collections.abc import Sequence

from notifyctl.domain.acl import User, users
from notifyctl.store.keys import lane_base, own_base


def least(prefix: str, queues: Sequence[str]) -> list[User]:
    """The users of a prefix (`bull`) and its queues."""
    return users(own_base(prefix), [lane_base(prefix, queue) for queue in queues])
