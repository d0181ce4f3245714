"""An evening at the venue: three lanes, workers of ours, a producer on Node, and a person at Bull Board.

Judged from outside: by the mailboxes, by the keys of BullMQ, and by what is on record of each message.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from redis import Redis

from interop.board import Board, Refused
from interop.mail import address, mail
from interop.parties import Emulator, Node, until

TYPES = {
    "email-critical": "booking.confirmation",
    "email-standard": "booking.reminder",
    "email-bulk": "event.cancelled",
}
LANES = CRITICAL, STANDARD, BULK = tuple(TYPES)
# Breakers have tests of their own: here each message meets the fault that is meant for it.
CONFIG = 'pace = "demo"\n[limits]\nin_flight = 4\n[breaker]\nfaults = 1_000_000\ncalls = 1_000_000\n'
LISTS = ("wait", "active", "paused", "delayed", "prioritized", "completed", "failed")  # the first three are lists
UNFINISHED = LISTS[:5]
LOST = ("", "queued", "attempting", "held", "cancelled")  # states in which a message is not sent
OWN = "nf:{bull}:"
OF_QUEUES = ("QUE-", "MSG-")  # codes of findings about queues and messages; `status` looks at providers, too
A_WHILE = 60_000  # ms since the jobs say that they were added: Bull Board cleans what is older than 5 seconds
FAR = 3_600_000  # ms: a delay that no test lives to see


@dataclass(frozen=True)
class Mail:
    """One message, and the job that was added for it."""

    id: str
    lane: str
    job: str

    @property
    def key(self) -> str:
        return f"bull:{self.lane}:{self.job}"


def names(lane: str, name: str, count: int) -> list[str]:
    """The ids of so many messages."""
    return [f"{name}/{lane.removeprefix('email-')}/{at}" for at in range(count)]


class Scene:
    """Everybody at the queues; `sent` are the messages so far."""

    def __init__(
        self,
        node: Node,
        board: Board,
        emulator: Emulator,
        redis: Redis,
        start: Callable[..., Any],
        ask: Callable[..., Any],
    ) -> None:
        self.node, self.board, self.emulator, self.redis = node, board, emulator, redis
        self._start, self._ask = start, ask
        self.sent: list[Mail] = []

    @contextmanager
    def working(self, workers: int = 1) -> Iterator[None]:
        """Workers of ours; they end, and must end well, with the block."""
        with ExitStack() as all_of_them:
            for _ in range(workers):
                all_of_them.enter_context(self._start(CONFIG))
            until("a first audit, which notes what there is", lambda: all(self._passes()))
            yield

    def add(
        self, lane: str, name: str, count: int = 1, fields: dict[str, Any] | None = None, **opts: Any
    ) -> list[Mail]:
        """So many messages, by Node; a job is named after its message unless `opts` say otherwise."""
        ids, then = names(lane, name, count), int(time.time() * 1000) - A_WHILE
        jobs = []
        for message in ids:
            data = mail(message, **{"type": TYPES[lane], **(fields or {})})
            given = {"jobId": message, "timestamp": then, **opts}
            jobs.append({"name": "mail", "data": data, "opts": {k: v for k, v in given.items() if v is not None}})
        added = self.node.addBulk(queue=lane, jobs=jobs)
        mails = [Mail(message, lane, job) for message, job in zip(ids, added, strict=True)]
        self.sent += [one for one in mails if one not in self.sent]
        return mails

    def everywhere(self, name: str, count: int, **opts: Any) -> list[Mail]:
        """So many in each lane."""
        return [mail for lane in LANES for mail in self.add(lane, name, count, **opts)]

    def pressed(self, button: Callable[[str, str], None], *what: str) -> bool:
        """Press a button that may come too late, for a job that has just moved on; whether it was in time."""
        try:
            button(*what)
        except Refused:
            return False
        return True

    # -- what the providers do

    def slow(self, seconds: float = 1.0) -> None:
        """Let every call take so long, so that a backlog stays while somebody presses a button."""
        self.emulator.fault(delay_s=seconds, times=-1)

    def strike_names(self, lane: str, name: str, count: int, **fault: object) -> None:
        """Have the provider misbehave with these messages, which `add` will add."""
        for message in names(lane, name, count):
            self.emulator.fault(**fault, match={"recipient": address(message)})

    def heal(self) -> None:
        """All providers are well again."""
        self.emulator.control("DELETE", "/faults")

    def requests(self) -> int:
        """How many requests the providers have read so far."""
        seen: dict[str, dict[str, int]] = self.emulator.control("GET", "/requests/counts")["refs"]
        return sum(sum(doors.values()) for doors in seen.values())

    def copies(self, mails: Iterable[Mail]) -> list[int]:
        """How many copies of each are in the mailboxes."""
        counts = self.emulator.copies()
        return [counts.get(address(one.id), 0) for one in mails]

    # -- what is where

    def state(self, one: Mail) -> str:
        """What is on record of a message."""
        return self.redis.hget(f"{OWN}msg:{one.id}", "state") or ""

    def places(self) -> dict[tuple[str, str], list[str]]:
        """(lane, job) -> the lists of BullMQ that name it."""
        held = [(lane, name) for lane in LANES for name in LISTS]
        with self.redis.pipeline(transaction=True) as pipe:
            for lane, name in held:
                (pipe.lrange if name in LISTS[:3] else pipe.zrange)(f"bull:{lane}:{name}", 0, -1)
            found: dict[tuple[str, str], list[str]] = {}
            for (lane, name), jobs in zip(held, pipe.execute(), strict=True):
                for job in jobs:
                    found.setdefault((lane, job), []).append(name)
        return found

    def are_in(self, mails: Iterable[Mail], place: str) -> bool:
        """Whether the jobs of these are there, and nowhere else."""
        places = self.places()
        return all(places.get((one.lane, one.job)) == [place] for one in mails)

    def unfinished(self) -> set[Mail]:
        """The messages whose job somebody will still take."""
        places = self.places()
        return {one for one in self.sent if set(places.get((one.lane, one.job), ())) & set(UNFINISHED)}

    def await_place(self, mails: list[Mail], place: str) -> None:
        """Return when the jobs of these are there, and only there."""
        until(f"{mails[0].id} and more in {place}", lambda: self.are_in(mails, place))

    def await_quiet(self, left: Iterable[Mail] = ()) -> None:
        """Return when every job has ended or is gone, but for those that are meant to be left."""
        until("the end of everything", lambda: self.unfinished() <= set(left))

    def judge(self, left: Iterable[Mail] = ()) -> set[str]:
        """Wait for the end of everything; the messages that are lost: not sent, and taken from the queue by somebody.

        Fails when a message was sent twice, or when what is on record of it and the mailboxes differ.
        """
        self.await_quiet(left)
        until("the ends of calls", lambda: not self.redis.zcard(f"{OWN}inflight"))
        copies = dict(zip(self.sent, self.copies(self.sent), strict=True))
        assert not {one.id: number for one, number in copies.items() if number > 1}, "sent twice"
        states = {one: self.state(one) for one in self.sent}
        wrong = {
            one.id: (states[one], number)
            for one, number in copies.items()
            if (states[one] == "accepted") != (number == 1) and states[one] != "unknown"
        }
        assert not wrong, "record and mailbox differ"
        return {one.id for one in self.sent if states[one] in LOST} - {one.id for one in self.unfinished()}

    def noticed(self, *expected: str, **counts: int) -> None:
        """Fail unless these findings, and no others, are told; those that count, so often, as `QUE_REMOVED=2`.

        A finding comes with an audit of the queues, and the audit after it would bring a false one.
        """
        codes = {name.replace("_", "-"): count for name, count in counts.items() if count}
        until(f"{codes}", lambda: all(self.counted().get(code, 0) >= count for code, count in codes.items()))
        self.await_audit()
        assert self.counted() == codes, f"expected {codes}, counted {self.counted()}"
        told = self._ask("doctor")
        assert {check["code"]: check["count"] for check in told["data"]["checks"] if check["count"]} == codes
        assert {one["code"] for one in told["findings"]} == {*codes, *expected}, told["findings"]
        grave = {one["code"] for one in told["findings"] if one["severity"] != "info"}
        shown = {one["code"] for one in self._ask("status")["findings"] if one["code"].startswith(OF_QUEUES)}
        assert shown == grave, f"status shows {shown}, doctor {grave}"

    def await_audit(self) -> None:
        """Return when a pass of the audit that began after this call has looked at every lane."""
        before = self._passes()
        until("an audit", lambda: all(now > was + 1 for now, was in zip(self._passes(), before, strict=True)))

    def _passes(self) -> list[int]:
        return [int(self.redis.hget(f"{OWN}audit:bull:{lane}:", "pass") or 0) for lane in LANES]

    def counted(self) -> dict[str, int]:
        """How often each finding was counted."""
        return {code: int(count) for code, count in self.redis.hgetall(f"{OWN}findings").items()}
