"""Send: put messages on the queue as a Node producer would, each checked at the door first.

The rules are those of the worker. What is refused here would be rejected there, only later and out of sight.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, Protocol

from notifyctl.domain.errors import InvalidMessage, Unreachable
from notifyctl.domain.permission import refusal
from notifyctl.domain.progress import Listener, Step, silent
from notifyctl.domain.revision import MessageType
from notifyctl.domain.routing import lane_of
from notifyctl.store import jobdata
from notifyctl.store.attempts import Attempts
from notifyctl.store.queue import Addition, Queue

BATCH = 200  # messages
BATCH_BYTES = 4_000_000  # one script call should not hold the server for long
KEPT = 1000  # refusals, and ids of a kind
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Door:
    """Checks data version 1 and finds its lane. `delay` in ms and BullMQ's `priority` are the same for all."""

    types: Mapping[str, MessageType]
    lanes: int
    delay: int = 0
    priority: int = 0

    def admit(self, data: bytes) -> Addition:
        """The job for a message; raises `InvalidMessage`."""
        whole = jobdata.versioned(data)
        message = jobdata.read(whole, self.types)
        lane = lane_of(self.types[message.type].priority, self.lanes)
        return Addition(lane, message.id, message.type, whole, self.delay, self.priority)

    def foreseen(self, message_type: str) -> str:
        """Why a message of that type will not be sent, as permission stands now; '' when it may be."""
        return refusal(self.types[message_type]) or ""


class Earlier(NamedTuple):
    """What an id stood for before: `other` content on the queue, and the state that a worker has brought it to, ''
    when none has."""

    other: bool
    state: str


async def add(queue: Queue, attempts: Attempts, batch: Sequence[Addition]) -> list[tuple[bool, Earlier]]:
    """Whether each job was added, and what its id stood for before. Raises `Unreachable`."""
    names = [one.message_id for one in batch]
    records = await attempts.read_all(names)  # before: a worker may be faster than whoever looks afterwards
    added = await queue.enqueue(batch)
    bodies = iter(await queue.bodies([one for one, new in zip(batch, added, strict=True) if not new]))
    found = []
    for one, new, record in zip(batch, added, records, strict=True):
        body = None if new else next(bodies)
        other = body is not None and not jobdata.same(body, one.data)
        found.append((new, Earlier(other, record.state.value if record.version else "")))
    return found


class Refusal(NamedTuple):
    """A line that is no message: its number from 1, and what is wrong with it."""

    line: int
    code: str
    where: str
    what: str
    fix: str


@dataclass(slots=True)
class Ids:
    """How many lines, and the first thousand of their ids."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def note(self, name: str) -> None:
        """Count one more line."""
        self.count += 1
        if len(self.first) < KEPT and name not in self.first:
            self.first.append(name)


@dataclass(slots=True)
class Tally:
    """What became of a file: `good` lines passed the door, `foreseen` of them will not be sent, as permission stands;
    the first thousand refusals are kept.

    Ids that were used before: of the duplicates those with `other` content, and of the added those whose mail is
    `known` from an earlier job.
    """

    lines: int = 0
    good: int = 0
    added: int = 0
    duplicates: int = 0
    refused: int = 0
    foreseen: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    other: Ids = field(default_factory=Ids)
    known: Ids = field(default_factory=Ids)

    def refuse(self, line: int, error: InvalidMessage) -> None:
        """Note a refused line."""
        self.refused += 1
        if len(self.refusals) < KEPT:
            self.refusals.append(Refusal(line, error.code, error.where, error.what, error.fix))

    def enter(self, name: str, added: bool, earlier: Earlier) -> None:
        """Count what became of a good line."""
        self.added += added
        self.duplicates += not added
        if earlier.other:
            self.other.note(name)
        elif added and earlier.state:
            self.known.note(name)


class Rejects(Protocol):
    """Where refused lines go, unchanged."""

    def take(self, line: bytes) -> None:
        """Keep a line."""


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank with its number from 1; of an endless line only the first bytes are kept."""
    number = 0
    while line := file.readline(jobdata.MAX_DATA + 2):
        number += 1
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(65_536)
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if text.strip():
            yield number, text.rstrip(b"\r\n")


def count_lines(file: BinaryIO) -> int:
    """The number of line ends of a file, which is left at its beginning."""
    ends = 0
    while block := file.read(1 << 20):
        ends += block.count(b"\n")
    file.seek(0)
    return ends


def admitted(file: BinaryIO, door: Door, tally: Tally, rejects: Rejects) -> Iterator[list[Addition]]:
    """Batches of what passes the door, never more than one in memory; the rest goes to the tally and the rejects."""
    batch: list[Addition] = []
    size = 0
    for number, line in lines(file):
        tally.lines += 1
        try:
            addition = door.admit(line)
        except InvalidMessage as error:
            tally.refuse(number, error)
            rejects.take(line)
            continue
        batch.append(addition)
        tally.foreseen += bool(door.foreseen(addition.name))
        size += len(line)
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch


def check(
    batches: Iterable[list[Addition]], tally: Tally, listener: Listener = silent, total: int | None = None
) -> None:
    """Only count what passes the door."""
    for batch in batches:
        tally.good += len(batch)
        listener(_step("check", tally, total))


async def enqueue(
    queue: Queue, attempts: Attempts, batches: Iterable[list[Addition]], tally: Tally, listener: Listener = silent,
    total: int | None = None,
) -> None:  # fmt: skip
    """Enqueue batch after batch. Raises `Unreachable`; the same call again adds what is missing, and nothing twice."""
    for batch in batches:
        tally.good += len(batch)
        await _enqueue(queue, attempts, batch, tally)
        listener(_step("enqueue", tally, total))


async def _enqueue(queue: Queue, attempts: Attempts, batch: list[Addition], tally: Tally) -> None:
    if not batch:
        return
    try:
        for one, (added, earlier) in zip(batch, await add(queue, attempts, batch), strict=True):
            tally.enter(one.message_id, added, earlier)
    except Unreachable as error:
        what = f"{error.what}; {tally.added:,} were added before"
        fix = f"{error.fix}. Then run the same command again: what is on the queue is not added twice"
        raise Unreachable(error.code, what, error.where, fix) from error


def _step(what: str, tally: Tally, total: int | None) -> Step:
    done = tally.lines if total is None else min(tally.lines, total)
    return Step(what, done, total, f"{tally.refused:,} refused" if tally.refused else "")


def message(fields: Mapping[str, object]) -> bytes:
    """Data version 1 from plain fields; None is left out. Raises `InvalidMessage` for text that is no Unicode."""
    try:
        return jobdata.write(dict(fields))
    except UnicodeEncodeError:
        raise InvalidMessage("MSG-UNICODE", "an argument is not valid UTF-8") from None
