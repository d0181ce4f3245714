"""Scripted faults: what goes wrong, for which requests, how often.

Each provider has a queue. The first fault in it that fits a request strikes; when it has struck `times`
times it leaves the queue. `cut_request` strikes while the body arrives, so it can only look at the path.
"""

import random
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from notifyctl.emulator.mailbox import Mail
from notifyctl.emulator.wire import Reply, Request

Action = Literal[
    "answer", "cut_request", "cut_response", "hang", "drip", "close", "truncated_gzip", "refuse"
]  # fmt: skip
Name = Literal["resend", "postmark", "ses"]
ACCOUNT_PATHS = ("/usage", "/v2/email/account")
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests: all that is given must fit; `path` is exact.

    Who names neither path nor method means mail: what an engine asks about its account by itself is left alone.
    """

    recipient: str = ""
    ref: str = ""
    path: str = ""
    method: str = ""

    def fits_head(self, request: Request) -> bool:
        """Whether path and method fit."""
        if not self.path and not self.method and request.method == "GET" and request.path in ACCOUNT_PATHS:
            return False
        return self.path in ("", request.path) and self.method in ("", request.method)

    def fits(self, request: Request, mails: Sequence[Mail]) -> bool:
        """Whether the whole request fits."""
        return (
            self.fits_head(request)
            and (not self.recipient or any(_is_to(mail, self.recipient) for mail in mails))
            and (not self.ref or any(self.ref == mail.ref for mail in mails))
        )


def _is_to(mail: Mail, recipient: str) -> bool:
    return recipient.lower() in (address.lower() for address in mail.recipients)


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One scripted fault; docs/emulator.md explains each field.

    `status` and `body` replace the provider's own answer (`body` a string: raw; anything else: JSON).
    `accept`: whether the provider takes the message first; None = yes exactly if its own answer is meant.
    """

    provider: Name
    action: Action = "answer"
    times: Annotated[int, msgspec.Meta(ge=-1)] = 1
    match: Match = Match()
    probability: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    headers: dict[str, str] = {}
    body: Any = None
    delay_s: Seconds = 0
    accept: bool | None = None
    after_bytes: Annotated[int, msgspec.Meta(ge=0)] = 0
    interval_s: Seconds = 1.0
    id: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.times == 0:
            raise ValueError("times is -1 (until deleted) or at least 1")
        if self.action == "cut_request" and (self.accept or self.match.recipient or self.match.ref):
            raise ValueError("cut_request strikes before the body is known: match by path or method, accept nothing")

    @property
    def scripted(self) -> bool:
        """Whether the answer is the fault's, not the provider's."""
        return self.status is not None or self.body is not None

    @property
    def accepts(self) -> bool:
        """Whether the provider handles the request before the fault strikes."""
        return self.accept if self.accept is not None else not self.scripted and self.action != "close"

    def reply(self, failure: Reply) -> Reply:
        """The scripted answer; `failure` is the provider's usual words for this status."""
        if self.body is None:
            return Reply(failure.status, failure.body, {**failure.headers, **self.headers})
        status = self.status or 200
        if isinstance(self.body, str):
            return Reply(status, self.body.encode(), {"Content-Type": "text/html; charset=utf-8", **self.headers})
        return Reply.json(status, self.body, self.headers)


class Faults:
    """The queues of all providers. `seed` makes faults with a probability repeatable."""

    def __init__(self, seed: int = 0) -> None:
        self.queue: list[Fault] = []
        self._random = random.Random(seed)
        self._last = 0

    def add(self, fault: Fault) -> Fault:
        """Append a fault and number it."""
        self._last += 1
        fault.id, fault.hits = self._last, 0
        self.queue.append(fault)
        return fault

    def remove(self, provider: str = "", id: int = 0) -> int:
        """Remove the faults of a provider, one by id, or all; the number removed."""
        before = len(self.queue)
        self.queue = [
            fault
            for fault in self.queue
            if (provider and fault.provider != provider) or (id and fault.id != id)
        ]  # fmt: skip
        return before - len(self.queue)

    def early(self, provider: str, head: Request) -> Fault | None:
        """The fault that strikes while the body of this request arrives, if any."""
        for fault in self.queue:
            fits = fault.provider == provider and fault.action == "cut_request" and fault.match.fits_head(head)
            if fits and self._strikes(fault):
                return fault
        return None

    def late(self, provider: str, request: Request, mails: Sequence[Mail]) -> Fault | None:
        """The fault that strikes now that the whole request is known, if any."""
        for fault in self.queue:
            fits = fault.provider == provider and fault.action != "cut_request" and fault.match.fits(request, mails)
            if fits and self._strikes(fault):
                return fault
        return None

    def _strikes(self, fault: Fault) -> bool:
        if fault.probability < 1 and self._random.random() >= fault.probability:
            return False
        fault.hits += 1
        if fault.hits == fault.times:
            self.queue.remove(fault)
        return True
