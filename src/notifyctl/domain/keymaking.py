"""Making and revoking keys at a provider, as pure functions like all that is asked of it."""

from typing import NamedTuple, Protocol

from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.secret import Secret


class KeyInfo(NamedTuple):
    """A key as its provider lists it; `created` and `used` in epoch seconds, 0 = not told, or never."""

    id: str
    name: str = ""
    created: int = 0
    used: int = 0


class MadeKey(NamedTuple):
    """A new key: its values, in the order of the names of its provider's secrets."""

    id: str
    values: tuple[Secret, ...]


class KeyMaker(Protocol):
    """What a provider's interface for keys takes and answers. Reading gives None for a refusal."""

    def create_request(self, name: str, now: float) -> Request:
        """The call that makes a key that may only send; `name` has 50 characters at most."""

    def created(self, response: Response) -> MadeKey | None:
        """Read its answer: the only time that the provider tells the value."""

    def list_request(self, now: float) -> Request:
        """The call that lists the keys."""

    def listed(self, response: Response) -> tuple[KeyInfo, ...] | None:
        """Read its answer."""

    def more_request(self, response: Response, now: float) -> Request | None:
        """The call that lists those after an answer; None where it was the last one."""

    def use_request(self, identity: str, now: float) -> Request | None:
        """The call that tells when a key was used last; None where the list tells."""

    def used(self, response: Response) -> int | None:
        """Read its answer: epoch seconds, 0 = never."""

    def revoke_request(self, identity: str, now: float) -> Request:
        """The call after which a key works no more."""

    def revoked(self, response: Response) -> bool:
        """Read its answer: whether the key is gone; one that was gone before is."""
