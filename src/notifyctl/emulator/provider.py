"""What each emulated provider is to the site that serves it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from notifyctl.emulator.mailbox import Mail
from notifyctl.emulator.wire import Reply, Request


class Provider(Protocol):
    """Rules and formats of one provider; knows nothing of faults and sockets."""

    @property
    def name(self) -> str: ...

    @property
    def routes(self) -> Mapping[str, object]:
        """The patterns (`POST /emails`) that it serves."""

    def mails(self, request: Request) -> Sequence[Mail]:
        """The e-mails in a request, read leniently; empty when there are none or they cannot be read."""

    def answer(self, request: Request) -> Reply:
        """Check the request as the provider does, keep what it accepts, and say so."""

    def failure(self, status: int) -> Reply:
        """The provider's usual words for an error of this status, for faults that give no body."""

    def hold(self, request: Request) -> None:
        """This request has been read, its answer will be late."""

    def release(self, request: Request) -> None:
        """The late answer of this request has been given."""


class NoHold:
    """For providers that do not care whether an earlier request is still unanswered."""

    def hold(self, request: Request) -> None:
        """Nothing to remember."""

    def release(self, request: Request) -> None:
        """Nothing to forget."""


def text(value: object) -> str:
    """A string, or the empty one for anything else."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, object]:
    """A JSON object, or the empty one for anything else."""
    return value if isinstance(value, dict) else {}


def strings(value: object) -> dict[str, str]:
    """The string entries of a JSON object."""
    return {name: entry for name, entry in mapping(value).items() if isinstance(entry, str)}


def pairs(value: object, name: str, entry: str) -> dict[str, str]:
    """A list of `{name: .., entry: ..}` objects as a mapping; what does not fit is left out."""
    items = [mapping(item) for item in value] if isinstance(value, list) else []
    return {text(item[name]): text(item.get(entry)) for item in items if name in item}
